//! Adam on the rows of a table that a batch has touched.

pub(super) mod host;
pub(super) mod tensors;
pub(super) mod trial;

use burn::tensor::backend::Backend;
use burn::tensor::ops::FloatTensor;

/// Share of the first moment that a step keeps.
pub const BETA_1: f64 = 0.9;
/// Share of the second moment that a step keeps.
pub const BETA_2: f64 = 0.999;
/// What keeps Adam from dividing by zero.
pub const EPSILON: f64 = 1e-8;

/// Vectors with Adam's moments, `[tokens, size]` each.
#[derive(Debug, Clone)]
pub struct AdamTable<B: Backend> {
    /// The vectors.
    pub vectors: FloatTensor<B>,
    /// The moving mean of their gradients.
    pub first: FloatTensor<B>,
    /// The moving mean of their gradients' squares.
    pub second: FloatTensor<B>,
}

/// Some rows of a table, and how they went on since they were last changed, without a gradient.
#[derive(Debug, Clone)]
pub struct TableRows {
    /// The rows' numbers, ascending.
    pub tokens: Vec<u32>,
    /// How each went on.
    pub missed: Vec<Missed>,
}

/// `w -= moved m / (sqrt(v) + epsilon)`, `m *= first`, `v *= second`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Missed {
    /// How far the vector moved.
    pub moved: f32,
    /// What that is taken with.
    pub epsilon: f32,
    /// What is left of the first moment.
    pub first: f32,
    /// What is left of the second moment.
    pub second: f32,
}

/// `w -= size m / (sqrt(v) + epsilon)`: Adam's step with its corrections of the moments.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdamStep {
    /// The rate, `sqrt(1 - BETA_2^j) / (1 - BETA_1^j)` of it.
    pub size: f32,
    /// `EPSILON sqrt(1 - BETA_2^j)`.
    pub epsilon: f32,
}

impl AdamStep {
    /// Step `j`, from 1.
    pub fn new(rate: f64, step: u32) -> Self {
        let correction = Self::correction(step);
        Self { size: Self::exact_size(rate, step) as f32, epsilon: (EPSILON * correction) as f32 }
    }

    /// [`AdamStep::size`] before it is rounded.
    pub fn exact_size(rate: f64, step: u32) -> f64 {
        rate * Self::correction(step) / (1.0 - BETA_1.powi(step as i32))
    }

    fn correction(step: u32) -> f64 {
        (1.0 - BETA_2.powi(step as i32)).sqrt()
    }
}

#[cfg(test)]
mod tests;
