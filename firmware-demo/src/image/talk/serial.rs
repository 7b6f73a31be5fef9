//! The serial line: UART 0 of Arm's MPS2 boards, and the queue between its interrupt and the main loop.
//!
//! # Source
//! Arm Cortex-M System Design Kit Technical Reference Manual (DDI 0479), 4.3: the APB UART; application note AN386, its address
//! and interrupts.
#![allow(unsafe_code)]

use core::cell::RefCell;
use core::ptr;
use core::sync::atomic::{AtomicBool, Ordering};

use cortex_m::interrupt::{InterruptNumber, Mutex, free};
use cortex_m::peripheral::NVIC;
use heapless::spsc::{Consumer, Producer, Queue};

/// Places of the queue, one of which stays empty.
///
/// A pass of the main loop takes one byte. The longest pass ends a word and a line: it computes a step, a prediction, and for the
/// word that has begun a step on a copy, and sends an answer. A step of the largest network in tests/board/budgets.toml (LSTM, 128
/// inputs, 128 units) takes 135,000 instructions; at 25 MHz and at most two cycles an instruction, two of them take 22 ms,
/// in which 250 bytes come at 115,200 baud. While an answer is sent, as many bytes come as it has: some 180. Their sum is below 511.
///
/// A bidirectional model computes all steps in an answer, and `/steps on` sends more than it gets: then the sender has to wait
/// for answers. A sender that can wait loses nothing in any case: a byte that has no place stays in the UART. From one that
/// cannot, bytes are lost, which the UART's overrun bit tells.
const QUEUE_SIZE: usize = 512;

const BASE: usize = 0x4000_4000;
const DATA: usize = BASE;
const STATE: usize = BASE + 4;
const CONTROL: usize = BASE + 8;
const INTERRUPTS: usize = BASE + 12;
const BAUD_DIVIDER: usize = BASE + 16;

const STATE_SENDER_FULL: u32 = 1;
const STATE_RECEIVED: u32 = 1 << 1;
const STATE_OVERRUN: u32 = 1 << 3;
const CONTROL_SENDER: u32 = 1;
const CONTROL_RECEIVER: u32 = 1 << 1;
const CONTROL_RECEIVER_INTERRUPT: u32 = 1 << 3;
const INTERRUPT_RECEIVED: u32 = 1 << 1;
/// 25 MHz / 115,200.
const DIVIDER: u32 = 217;

/// The interrupt of a byte that was received.
#[derive(Clone, Copy)]
struct Received;

// SAFETY: application note AN386, table 3-7: UART 0's receiver has interrupt 0.
unsafe impl InterruptNumber for Received {
    fn number(self) -> u16 {
        0
    }
}

/// The interrupt's end of the queue.
static PRODUCER: Mutex<RefCell<Option<Producer<'static, u8>>>> = Mutex::new(RefCell::new(None));
/// Whether a byte waits in the UART, with its interrupt switched off, because the queue had no place.
static IS_WAITING: AtomicBool = AtomicBool::new(false);

fn read(register: usize) -> u32 {
    // SAFETY: one of the registers above.
    unsafe { ptr::read_volatile(ptr::with_exposed_provenance(register)) }
}

fn write(register: usize, value: u32) {
    // SAFETY: one of the registers above.
    unsafe { ptr::write_volatile(ptr::with_exposed_provenance_mut(register), value) }
}

/// Switches the sender on.
pub(in crate::image) fn open_sender() {
    write(BAUD_DIVIDER, DIVIDER);
    write(CONTROL, CONTROL_SENDER);
}

/// Sends a byte, after it waited for the one before.
pub(in crate::image) fn send(byte: u8) {
    while read(STATE) & STATE_SENDER_FULL != 0 {}
    write(DATA, byte.into());
}

/// The main loop's end of the serial line.
pub(super) struct Receiver(Consumer<'static, u8>);

impl Receiver {
    /// Switches the receiver and its interrupt on; `None` a second time.
    pub(super) fn open() -> Option<Self> {
        let queue = cortex_m::singleton!(: Queue<u8, QUEUE_SIZE> = Queue::new())?;
        let (producer, consumer) = queue.split();
        free(|section| PRODUCER.borrow(section).try_borrow_mut().ok().map(|mut place| *place = Some(producer)))?;
        write(CONTROL, CONTROL_SENDER | CONTROL_RECEIVER | CONTROL_RECEIVER_INTERRUPT);
        // SAFETY: no critical section relies on this interrupt's being masked.
        unsafe { NVIC::unmask(Received) };
        Some(Self(consumer))
    }

    /// The next byte; sleeps until there is one.
    pub(super) fn next(&mut self) -> u8 {
        loop {
            if let Some(byte) = self.0.dequeue() {
                if IS_WAITING.load(Ordering::Relaxed) {
                    free(|_| receive());
                }
                return byte;
            }
            // A byte that comes after this look wakes the core, though its interrupt runs only behind `free`.
            free(|_| {
                if !self.0.ready() {
                    cortex_m::asm::wfi();
                }
            });
        }
    }

    /// Whether bytes were lost since the last time.
    pub(super) fn has_lost(&self) -> bool {
        let has_lost = read(STATE) & STATE_OVERRUN != 0;
        write(STATE, STATE_OVERRUN);
        has_lost
    }
}

/// Whether an interrupt is that of a byte received.
pub(in crate::image) fn is_received(interrupt: i16) -> bool {
    interrupt == Received.number() as i16
}

/// Moves a byte from the UART to the queue. That is all that the interrupt does: a step takes too long for it.
pub(in crate::image) fn receive() {
    write(INTERRUPTS, INTERRUPT_RECEIVED);
    free(|section| {
        let Ok(mut producer) = PRODUCER.borrow(section).try_borrow_mut() else { return };
        let Some(producer) = producer.as_mut() else { return };
        while read(STATE) & STATE_RECEIVED != 0 && producer.ready() {
            // There is a place.
            let _queued = producer.enqueue(read(DATA) as u8);
        }
        let is_waiting = read(STATE) & STATE_RECEIVED != 0;
        IS_WAITING.store(is_waiting, Ordering::Relaxed);
        let interrupt = if is_waiting { 0 } else { CONTROL_RECEIVER_INTERRUPT };
        write(CONTROL, CONTROL_SENDER | CONTROL_RECEIVER | interrupt);
    });
}
