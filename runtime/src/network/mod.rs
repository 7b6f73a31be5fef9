//! Layers, pooling and head, generic over how numbers are stored and multiplied.

mod arithmetic;
mod buffered;
mod direction;
#[cfg(feature = "float")]
pub(crate) mod float;
#[cfg(feature = "float")]
mod gates;
mod head;
mod input;
pub(crate) mod int8;
#[allow(clippy::module_inception, reason = "the network itself, beside its parts")]
mod network;
mod pooling;
mod results;
mod rows;
mod state;
mod streaming;
mod window;

pub(crate) use direction::Direction;
#[cfg(feature = "float")]
pub(crate) use float::{FloatArithmetic, Half, Single};
#[cfg(feature = "float")]
pub use gates::{DirectionInput, DirectionStep, ProductInputs};
pub(crate) use input::Step;
pub(crate) use int8::Int8;
pub(crate) use network::{Network, Taken};
#[cfg(test)]
pub(crate) use results::Results;
#[cfg(test)]
pub(crate) use rows::Rows;
pub(crate) use state::LayerBuffers;
#[cfg(test)]
pub(crate) use state::Shape;
pub use state::{LayerState, StepState};
pub(crate) use window::Gathering;

/// Writes values one after another, as far as both reach.
fn fill<T>(target: &mut [T], values: impl Iterator<Item = T>) {
    for (target, value) in target.iter_mut().zip(values) {
        *target = value;
    }
}
