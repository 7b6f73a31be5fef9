use bytemuck::Pod;
use heapless::Vec;

use super::state::{LayerBuffers, Shape, Words, layer_words, words_for};
use crate::cell::LstmWeights;
use crate::error::{Error, Field, expect, expect_within, invalid, saturated};
use crate::format::{
    Cell, DirectionWeights, Element, Embedding, Int8Scales, Layer, MAX_LAYERS, Manifest, Packing, Pooling, Tensor,
    Tensors,
};

/// Largest input or hidden size: accumulators of an int8 row of twice as many columns fit into 31 bits.
const MAX_SIZE: usize = 16_384;
/// Most steps of a model with mean pooling: the sum of so many hidden states fits into an accumulator.
const MAX_MEAN_STEPS: usize = 65_535;
/// Largest magnitude of an int8 model's input or hidden state in a product.
const LARGEST_VALUE: u32 = 127;
/// Largest magnitude of an int8 model's pooled value.
const LARGEST_HIDDEN: u32 = 32_767;

/// How the numbers of a model are stored, added and multiplied: one implementation a precision.
pub(crate) trait Arithmetic: Sized {
    /// A stored weight.
    type Weight: Element;
    /// A stored bias.
    type Bias: Element;
    /// What turns accumulators into numbers again.
    type Scales<'m>: Copy;
    /// A value of the vector `[x; h]` that the weights are multiplied with.
    type Value: Pod;
    /// A value of a hidden state as computed, and of the pooled vector.
    type Hidden: Pod;
    /// A value of a cell state.
    type Cell: Pod;
    /// A value gathered over steps, and a logit.
    type Sum: Pod;

    /// Borrows the scales of a matrix of `rows` rows; `None` where float has none.
    fn parse_scales<'m>(
        tensors: &Tensors<'m>,
        scales: Option<&Int8Scales>,
        rows: usize,
    ) -> Result<Self::Scales<'m>, Error>;

    /// Checks the weights of a row: finite, or in [-127, 127].
    fn check_weights(weights: &[Self::Weight], row: usize) -> Result<(), Error>;
    /// Checks a row's weights and bias, and that its accumulator can not overflow.
    fn check_row(matrix: &Matrix<'_, Self>, row: usize, largest_input: u32) -> Result<(), Error>;

    /// One value of an embedding, as stored, as an input.
    fn embed(weight: Self::Weight) -> Self::Value;
    /// A hidden state as a product takes it in.
    fn narrow(hidden: Self::Hidden) -> Self::Value;
    /// One step: from `[x; h]` and `c` to the next `c` and `h`.
    fn step(weights: &LstmWeights<'_, Self>, buffers: &mut LayerBuffers<'_, Self>);
    /// Gathers one step's value.
    fn gather_sum(sum: &mut Self::Sum, value: Self::Hidden);
    /// Gathers one step's value; `first`: nothing has been gathered yet.
    fn gather_largest(largest: &mut Self::Sum, value: Self::Hidden, first: bool);
    /// The largest value gathered.
    fn largest(gathered: Self::Sum) -> Self::Hidden;
    /// The mean of a sum over `steps` steps, at least one.
    fn mean(sum: Self::Sum, steps: u32) -> Self::Hidden;
    /// One logit.
    fn logit(head: &Matrix<'_, Self>, class: usize, pooled: &[Self::Hidden]) -> Self::Sum;
}

/// A weight matrix with a bias, and for int8 a scale, for each row.
pub(crate) struct Matrix<'m, A: Arithmetic> {
    pub(crate) weights: &'m [A::Weight],
    pub(crate) bias: &'m [A::Bias],
    pub(crate) scales: A::Scales<'m>,
    pub(crate) columns: usize,
}

impl<'m, A: Arithmetic> Matrix<'m, A> {
    fn parse(
        tensors: &Tensors<'m>,
        [rows, columns]: [usize; 2],
        [weights, bias]: [&Tensor; 2],
        scales: Option<&Int8Scales>,
    ) -> Result<Self, Error> {
        let elements = rows.checked_mul(columns).ok_or(invalid(Field::TensorLength, usize::MAX, rows))?;
        Ok(Self {
            weights: tensors.view(weights, elements)?,
            bias: tensors.view(bias, rows)?,
            scales: A::parse_scales(tensors, scales, rows)?,
            columns,
        })
    }

    /// The weights of a row; none for a row that does not exist.
    pub(crate) fn row(&self, row: usize) -> &'m [A::Weight] {
        let start = row.wrapping_mul(self.columns);
        self.weights.get(start..start.wrapping_add(self.columns)).unwrap_or_default()
    }

    fn check(&self, largest_input: u32) -> Result<(), Error> {
        (0..self.bias.len()).try_for_each(|row| A::check_row(self, row, largest_input))
    }
}

/// From the pooled vector to the logits.
pub(crate) type HeadWeights<'m, A> = Matrix<'m, A>;

/// A whole network, its weights borrowed from a file.
pub(crate) struct Network<'m, A: Arithmetic> {
    embedding: &'m [A::Weight],
    embedding_size: usize,
    layers: Vec<LstmWeights<'m, A>, MAX_LAYERS>,
    pooling: Pooling,
    head: HeadWeights<'m, A>,
}

impl<'m, A: Arithmetic> Network<'m, A> {
    /// Borrows and checks all weights of a model of `tokens` tokens and `classes` classes.
    pub(crate) fn parse(
        tensors: &Tensors<'m>,
        manifest: &Manifest<'_>,
        embedding: &Embedding,
        tokens: usize,
        classes: usize,
    ) -> Result<Self, Error> {
        let Manifest { layers, pooling, head, max_steps, .. } = manifest;
        let (pooling, max_steps) = (*pooling, *max_steps);
        let embedding_size = embedding.size as usize;
        expect_within(Field::InputSize, 1, MAX_SIZE, embedding_size)?;
        if pooling == Pooling::Mean {
            expect_within(Field::MaxSteps, 1, MAX_MEAN_STEPS, max_steps as usize)?;
        }
        let elements = tokens.checked_mul(embedding_size).ok_or(invalid(Field::EmbeddingRows, usize::MAX, tokens))?;
        let embedding: &[A::Weight] = tensors.view(&embedding.weights, elements)?;
        A::check_weights(embedding, 0)?;
        expect_within(Field::LayerCount, 1, MAX_LAYERS, layers.len())?;
        let mut parsed = Vec::new();
        let mut input_size = embedding_size;
        for layer in layers {
            expect(Field::InputSize, input_size, layer.input_size as usize)?;
            input_size = layer.hidden_size as usize;
            parsed
                .push(parse_layer(tensors, layer)?)
                .map_err(|_| invalid(Field::LayerCount, MAX_LAYERS, layers.len()))?;
        }
        let tensor = [&head.weights, &head.bias];
        let head = Matrix::parse(tensors, [classes, input_size], tensor, head.scales.as_ref())?;
        head.check(LARGEST_HIDDEN)?;
        Ok(Self { embedding, embedding_size, layers: parsed, pooling, head })
    }

    /// 32-bit words that a classifier needs: layers, gathered values, pooled vector, logits.
    pub(crate) fn required_words(&self) -> usize {
        self.layers.iter().map(|layer| layer_words::<A>(layer.shape)).sum::<usize>()
            + words_for::<A::Sum>(self.gathered_size())
            + words_for::<A::Hidden>(self.pooled_size())
            + words_for::<A::Sum>(self.classes())
    }

    /// One step with `token`'s vector as input; `first`: of the sequence.
    pub(crate) fn step(&self, words: &mut [u32], token: u32, first: bool) {
        let mut words = Words(words);
        let start = (token as usize).wrapping_mul(self.embedding_size);
        let vector = self.embedding.get(start..start.wrapping_add(self.embedding_size)).unwrap_or_default();
        let mut hidden: &[A::Hidden] = &[];
        for (number, layer) in self.layers.iter().enumerate() {
            let mut buffers = words.take_layer::<A>(layer.shape);
            if number == 0 {
                fill(buffers.inputs, vector.iter().map(|weight| A::embed(*weight)));
            } else {
                fill(buffers.inputs, hidden.iter().map(|value| A::narrow(*value)));
            }
            A::step(layer, &mut buffers);
            hidden = buffers.hidden;
            let next = buffers.inputs.get_mut(layer.shape.hidden_start()..).unwrap_or_default();
            fill(next, hidden.iter().map(|value| A::narrow(*value)));
        }
        let gathered = words.take::<A::Sum>(self.gathered_size()).iter_mut().zip(hidden);
        match self.pooling {
            Pooling::Last => {}
            Pooling::Mean => gathered.for_each(|(sum, value)| A::gather_sum(sum, *value)),
            Pooling::Max => gathered.for_each(|(sum, value)| A::gather_largest(sum, *value, first)),
        }
    }

    /// Computes the logits after `steps` steps and lends them.
    pub(crate) fn logits<'w>(&self, words: &'w mut [u32], steps: u32) -> &'w [A::Sum] {
        let mut words = Words(words);
        let mut hidden: &[A::Hidden] = &[];
        for layer in &self.layers {
            hidden = words.take_layer::<A>(layer.shape).hidden;
        }
        let gathered: &[A::Sum] = words.take(self.gathered_size());
        let pooled = words.take::<A::Hidden>(self.pooled_size());
        match self.pooling {
            Pooling::Last => fill(pooled, hidden.iter().copied()),
            Pooling::Max => fill(pooled, gathered.iter().map(|largest| A::largest(*largest))),
            Pooling::Mean => fill(pooled, gathered.iter().map(|sum| A::mean(*sum, steps.max(1)))),
        }
        let logits = words.take::<A::Sum>(self.classes());
        fill(logits, (0..self.classes()).map(|class| A::logit(&self.head, class, pooled)));
        logits
    }

    /// The buffers of a layer and its weights.
    pub(crate) fn layer<'w>(
        &self,
        words: &'w mut [u32],
        number: usize,
    ) -> Option<(&LstmWeights<'m, A>, LayerBuffers<'w, A>)> {
        let mut words = Words(words);
        for layer in self.layers.get(..number)? {
            words.take_layer::<A>(layer.shape);
        }
        let layer = self.layers.get(number)?;
        Some((layer, words.take_layer::<A>(layer.shape)))
    }

    fn classes(&self) -> usize {
        self.head.bias.len()
    }

    fn pooled_size(&self) -> usize {
        self.head.columns
    }

    fn gathered_size(&self) -> usize {
        if self.pooling == Pooling::Last { 0 } else { self.pooled_size() }
    }
}

fn parse_layer<'m, A: Arithmetic>(tensors: &Tensors<'m>, layer: &Layer) -> Result<LstmWeights<'m, A>, Error> {
    let shape = Shape { input_size: layer.input_size as usize, hidden_size: layer.hidden_size as usize };
    expect_within(Field::HiddenSize, 1, MAX_SIZE, shape.hidden_size)?;
    let Cell::Lstm = layer.cell;
    let DirectionWeights { packing: Packing::RowMajor, weights, bias, scales } = &layer.forward;
    if layer.reverse.is_some() {
        return Err(Error::Invalid { field: Field::Direction, expected: 1, found: 2 });
    }
    let dimensions = [4 * shape.hidden_size, shape.columns()];
    let matrix = Matrix::parse(tensors, dimensions, [weights, bias], scales.as_ref())?;
    matrix.check(LARGEST_VALUE)?;
    Ok(LstmWeights { matrix, shape })
}

/// The error of an int8 model's fields in a float model, or the reverse.
pub(crate) fn precision_mismatch(expected: usize, found: usize) -> Error {
    Error::Invalid { field: Field::Precision, expected: saturated(expected), found: saturated(found) }
}

fn fill<T>(target: &mut [T], values: impl Iterator<Item = T>) {
    for (target, value) in target.iter_mut().zip(values) {
        *target = value;
    }
}
