//! Output through the debug probe; a real board does not exit.
//!
//! The control block is set up here and not by `rtt_init!`, which panics when it is reached twice.
#![allow(unsafe_code)]

use core::mem::MaybeUninit;

use rtt_target::rtt::{RttChannel, RttHeader};
use rtt_target::{ChannelMode, UpChannel};

/// Bytes that wait for the probe.
const BUFFER_SIZE: usize = 1024;

/// What the probe looks for in RAM: one channel up, none down.
#[repr(C)]
struct ControlBlock {
    header: RttHeader,
    up: RttChannel,
}

// SAFETY: the probe finds the block by this name, which nothing else in the image has.
#[unsafe(export_name = "_SEGGER_RTT")]
static mut CONTROL_BLOCK: MaybeUninit<ControlBlock> = MaybeUninit::zeroed();
static mut BUFFER: [u8; BUFFER_SIZE] = [0; BUFFER_SIZE];

/// Up channel 0; silent where it does not exist.
pub(in crate::image) struct Channel(Option<UpChannel>);

impl Channel {
    /// Sets the control block up; to be called once, before anything is written.
    pub(super) fn open() -> Self {
        // SAFETY: zeros are a valid block. `main` alone calls this, once, so no one else refers to the two
        // statics. The header comes last: the probe reads no channel before it sees the header's name.
        unsafe {
            let block = (&raw mut CONTROL_BLOCK).cast::<ControlBlock>();
            let name = c"Terminal".as_ptr().cast();
            (*block).up.init(name, ChannelMode::BlockIfFull, &raw mut BUFFER);
            (*block).header.init(1, 0);
        }
        Self::reopen()
    }

    /// The channel, if it was set up.
    pub(super) fn reopen() -> Self {
        // SAFETY: the block is valid from the start. The caller is `main`, once, or a fault handler, after
        // which the interrupted writer never runs again.
        Self(unsafe { UpChannel::conjure(0) })
    }

    /// Writes all of it, waiting for the probe to read.
    #[inline(never)]
    pub(super) fn write(&mut self, bytes: &[u8]) {
        if let Some(channel) = &mut self.0 {
            channel.write(bytes);
        }
    }
}

/// Sleeps for ever; the last line of the report holds the verdict.
pub(in crate::image) fn finish(_passed: bool) -> ! {
    loop {
        cortex_m::asm::wfi();
    }
}
