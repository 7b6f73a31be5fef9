//! What the layers of a model file do step by step: states, gates, and what is at the end of its format.

mod gates;
mod states;
mod steps;

pub use states::{State, StepContent, states, step_contents};
pub(crate) use states::{last_states, push};
pub use steps::{Quantity, StepTrace, trace};
