//! The same program without the runtime: it reads its input, twice.

use core::hint::black_box;

use super::inputs;

/// `None` never.
#[inline(never)]
pub(super) fn run() -> Option<()> {
    black_box(read());
    black_box(read());
    black_box(Some(()))
}

fn read() -> usize {
    let mut read = 0;
    #[cfg(feature = "text")]
    for piece in inputs::texts() {
        read += black_box(piece).len();
    }
    #[cfg(feature = "frames")]
    for frame in inputs::frames().iter().flatten() {
        read += black_box(frame).len();
    }
    read
}
