use crate::error::{Error, saturated};
use crate::model::{AnyNetwork, Model};
use crate::network::LayerState;
#[cfg(feature = "float")]
use crate::numeric::softmax_float;
use crate::numeric::{Probability, argmax, softmax_fixed};
use crate::text::WordTokenizer;

/// Classifies one sequence at a time with a [`Model`], step by step.
///
/// `CAPACITY` is the number of 32-bit words of state: [`crate::required_capacity`] of the model file.
pub struct Classifier<'c, 'm, const CAPACITY: usize> {
    model: &'c Model<'m>,
    tokenizer: WordTokenizer,
    steps: u32,
    state: [u32; CAPACITY],
}

/// The answer for the sequence so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prediction<'m> {
    /// Number of the class with the largest logit, the first of equal ones.
    pub class: usize,
    /// Its name.
    pub label: &'m str,
    /// Its softmax probability.
    pub probability: Probability,
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

impl<'c, 'm, const CAPACITY: usize> Classifier<'c, 'm, CAPACITY> {
    /// A classifier at the start of a sequence.
    ///
    /// # Errors
    /// [`Error::CapacityTooSmall`].
    ///
    /// # Panics
    /// Never.
    pub fn new(model: &'c Model<'m>) -> Result<Self, Error> {
        let required = model.required_words();
        if CAPACITY < required {
            return Err(Error::CapacityTooSmall { required: saturated(required), available: saturated(CAPACITY) });
        }
        Ok(Self { model, tokenizer: WordTokenizer::new(), steps: 0, state: [0; CAPACITY] })
    }

    /// Takes in more text: one step for every word that has ended. See [`WordTokenizer`].
    ///
    /// # Panics
    /// Never.
    pub fn push_text(&mut self, text: &str) {
        self.push_bytes(text.as_bytes());
    }

    /// Takes in more text as bytes, cut anywhere, as a serial line delivers it.
    ///
    /// # Panics
    /// Never.
    pub fn push_bytes(&mut self, bytes: &[u8]) {
        let Self { model, tokenizer, steps, state } = self;
        tokenizer.push(bytes, |word| step(model, state, steps, model.vocabulary.token(word)));
    }

    /// One step with a token. One that the model does not have is an unknown word.
    ///
    /// # Panics
    /// Never.
    pub fn push_token(&mut self, token: u32) {
        step(self.model, &mut self.state, &mut self.steps, token);
    }

    /// The answer for what was pushed since the last reset. A word that has begun ends here; more may be
    /// pushed afterwards.
    ///
    /// # Panics
    /// Never.
    pub fn predict(&mut self) -> Prediction<'m> {
        let Self { model, tokenizer, steps, state } = self;
        tokenizer.finish(|word| step(model, state, steps, model.vocabulary.token(word)));
        let (class, probability) = match self.logits() {
            Logits::Fixed(logits) => {
                let class = argmax(logits);
                (class, softmax_fixed(logits, class))
            }
            #[cfg(feature = "float")]
            Logits::Float(logits) => {
                let class = argmax(logits);
                (class, softmax_float(logits, class))
            }
            #[cfg(not(feature = "float"))]
            Logits::Float(_) => (0, Probability::default()),
        };
        Prediction { class, label: self.model.label(class).unwrap_or_default(), probability }
    }

    /// The logits after the steps so far.
    ///
    /// # Panics
    /// Never.
    pub fn logits(&mut self) -> Logits<'_> {
        let (state, steps) = (&mut self.state, self.steps);
        match &self.model.network {
            AnyNetwork::Int8(network) => Logits::Fixed(network.logits(state, steps)),
            #[cfg(feature = "float")]
            AnyNetwork::Half(network) => Logits::Float(network.logits(state, steps)),
            #[cfg(feature = "float")]
            AnyNetwork::Single(network) => Logits::Float(network.logits(state, steps)),
        }
    }

    /// What a layer remembers; `None` if there is no such layer.
    ///
    /// # Panics
    /// Never.
    pub fn layer_state(&mut self, layer: usize) -> Option<LayerState<'_>> {
        let state = &mut self.state;
        match &self.model.network {
            AnyNetwork::Int8(network) => network.layer(state, layer).map(|(weights, buffers)| LayerState::Int8 {
                hidden: buffers.hidden,
                cell: buffers.cell,
                cell_fraction_bits: weights.matrix.scales.cell_fraction_bits,
            }),
            #[cfg(feature = "float")]
            AnyNetwork::Half(network) => network
                .layer(state, layer)
                .map(|(_, buffers)| LayerState::Float { hidden: buffers.hidden, cell: buffers.cell }),
            #[cfg(feature = "float")]
            AnyNetwork::Single(network) => network
                .layer(state, layer)
                .map(|(_, buffers)| LayerState::Float { hidden: buffers.hidden, cell: buffers.cell }),
        }
    }

    /// Steps since the last reset. Once a model's largest number is reached, further input is ignored.
    pub fn steps(&self) -> u32 {
        self.steps
    }

    /// Forgets the sequence, and a word that has begun.
    ///
    /// # Panics
    /// Never.
    pub fn reset(&mut self) {
        self.tokenizer.reset();
        self.steps = 0;
        self.state.fill(0);
    }
}

fn step(model: &Model<'_>, state: &mut [u32], steps: &mut u32, token: u32) {
    if *steps >= model.max_steps {
        return;
    }
    let token = model.known_token(token);
    let first = *steps == 0;
    match &model.network {
        AnyNetwork::Int8(network) => network.step(state, token, first),
        #[cfg(feature = "float")]
        AnyNetwork::Half(network) => network.step(state, token, first),
        #[cfg(feature = "float")]
        AnyNetwork::Single(network) => network.step(state, token, first),
    }
    *steps = steps.saturating_add(1);
}
