use crate::numeric::Probability;

/// The answer for the sequence so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prediction<'m> {
    /// Number of the class with the largest logit, the first of equal ones.
    pub class: usize,
    /// Its name.
    pub label: &'m str,
    /// Its softmax probability, of logits times the model's inverse temperature.
    pub probability: Probability,
    /// Whether the probability reaches the class's threshold; every answer does in a model without one.
    pub accepted: bool,
}

/// The logits, one a class.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Logits<'a> {
    /// Of an int8 model: Q15.16.
    Fixed(&'a [i32]),
    /// Of an `f32` or `f16` model.
    Float(&'a [f32]),
}

impl Logits<'_> {
    /// Number of classes.
    pub fn len(&self) -> usize {
        match self {
            Self::Fixed(logits) => logits.len(),
            Self::Float(logits) => logits.len(),
        }
    }

    /// Whether there is no class.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The logit of a class as a float.
    pub fn get(&self, class: usize) -> Option<f32> {
        match self {
            Self::Fixed(logits) => logits.get(class).map(|logit| *logit as f32 / 65536.0),
            Self::Float(logits) => logits.get(class).copied(),
        }
    }

    /// The logit of a class as its 32 bits: an `i32` or an `f32`.
    pub fn bits(&self, class: usize) -> Option<u32> {
        match self {
            Self::Fixed(logits) => logits.get(class).map(|logit| *logit as u32),
            Self::Float(logits) => logits.get(class).map(|logit| logit.to_bits()),
        }
    }
}
