//! The input, in two pieces, hidden from the optimizer.

use core::hint::black_box;

#[cfg(not(any(feature = "text", feature = "frames")))]
compile_error!("choose what the program pushes: the feature `text`, `frames` or both");

/// The end of the first piece is inside a word, with a character of two bytes.
#[cfg(feature = "text")]
static TEXTS: [&str; 2] = ["Word07 the \u{C9}t\u{E9}", "word WORD42, please: word59"];

/// Four frames of six channels in each piece.
#[cfg(feature = "frames")]
static FRAMES: [[[i32; 6]; 4]; 2] = [
    [[1, -2, 3, -4, 5, -6], [90, 80, 70, 60, 50, 40], [-100, 100, -100, 100, -100, 100], [0, 0, 7, 0, 0, 7]],
    [[11, 22, 33, 44, 55, 66], [-9, -8, -7, -6, -5, -4], [127, -127, 127, -127, 1, 0], [64, 32, 16, 8, 4, 2]],
];

/// The pieces of the text.
#[cfg(feature = "text")]
pub(super) fn texts() -> &'static [&'static str] {
    black_box(&TEXTS)
}

/// The pieces of the frames.
#[cfg(feature = "frames")]
pub(super) fn frames() -> &'static [[[i32; 6]; 4]] {
    black_box(&FRAMES)
}
