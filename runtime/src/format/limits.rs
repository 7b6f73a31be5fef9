//! The largest numbers that a model file may have.

/// Recurrent layers.
pub const MAX_LAYERS: usize = 4;
/// Heads.
pub const MAX_HEADS: usize = 1;
/// Input or hidden size of a layer: accumulators of an int8 row of twice as many columns fit into 31 bits.
pub const MAX_SIZE: usize = 16_384;
/// Steps of a model that keeps its steps.
pub const MAX_KEPT_STEPS: usize = 65_535;
/// Steps of padding: each costs as much as a step whenever an answer is asked for.
pub const MAX_PADDING: usize = 1_024;
/// Frames from one step to the next.
pub const MAX_FRAME_STRIDE: usize = 1_024;
/// Bytes of a string in a table: its length is one ASCII character.
pub const MAX_STRING_BYTES: usize = 127;
/// Buckets of hashed words.
pub const MAX_BUCKETS: usize = 1 << 24;
/// Words of a table of fingerprints.
pub const MAX_FINGERPRINTS: usize = 1 << 24;
/// Bits of a remainder in a table of fingerprints.
pub const MAX_REMAINDER_BITS: u8 = 24;
/// Rows of an embedding from which words are composed.
pub const MAX_COMPOSED_ROWS: usize = 1 << 15;
/// The left shift of an accumulator, and the fraction bits of a state.
pub const MAX_SHIFT: usize = 15;
/// The scale of a frame's channel, see [`crate::numeric::normalize`].
pub const MAX_CHANNEL_SCALE: usize = 16_383;
/// The right shift of a channel's number before it is scaled.
pub const MAX_CHANNEL_PRE_SHIFT: usize = 31;
/// The right shift of a channel's number after it is scaled.
pub const MAX_CHANNEL_SHIFT: usize = 30;
