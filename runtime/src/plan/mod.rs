//! A parsed model: checked views of a file's bytes, and how much a classifier needs.
//!
//! Parsing is one constant function, so that a model which is part of a firmware can be checked while compiling.

mod bounds;
mod capacity;
mod direction;
mod half_words;
mod head;
mod input;
mod matrix;
mod model;
mod parsing;
mod stored;
mod text;
mod verified;

pub(crate) use capacity::{cell_size, recurrent_size, vector_words, words};
#[cfg(feature = "float")]
pub(crate) use direction::ResultRow;
pub(crate) use direction::{Direction, Results};
pub(crate) use head::Head;
pub(crate) use input::{FrameInput, StepInput};
pub(crate) use matrix::{Matrix, NumberFormat};
pub use model::{InputKind, Model, Work};
pub use stored::StoredDirection;
pub use verified::Verified;
