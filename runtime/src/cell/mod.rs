//! One step of a recurrent cell: the gates of one unit after the other, in integers and in float.
//!
//! Every cell reads `x` and `h` as the weights take them in and writes the states alone, so that no unit sees the new
//! hidden state of another. Under one-hot tokens `x` has no columns; the token's weights are added instead.

pub(crate) mod gru;
pub(crate) mod lstm;
pub(crate) mod rnn;
#[cfg(test)]
mod tests;
