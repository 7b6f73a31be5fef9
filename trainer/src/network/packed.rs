use std::ops::Range;
use std::sync::Arc;

use burn::tensor::backend::Backend;
use burn::tensor::{Int, Tensor, TensorData};
use runtime::text::{PADDING_TOKEN, composed_rows, composed_token};

use crate::operations::recurrence::Lookup;

/// One row of a batch.
#[derive(Debug, Clone, PartialEq)]
pub enum Sequence {
    /// Tokens, one a step.
    Tokens(Vec<u32>),
    /// Normalized frames, `[steps, channels]`.
    Frames {
        /// Values of a frame.
        channels: usize,
        /// All values, frame after frame.
        values: Vec<f32>,
    },
}

impl Sequence {
    /// The same with padding tokens up to `length` steps; frames stay as they are.
    pub fn padded(mut self, length: usize) -> Self {
        if let Self::Tokens(tokens) = &mut self {
            tokens.resize(tokens.len().max(length), PADDING_TOKEN);
        }
        self
    }

    /// Its tokens; none of frames.
    pub fn tokens(&self) -> &[u32] {
        match self {
            Self::Tokens(tokens) => tokens,
            Self::Frames { .. } => &[],
        }
    }

    /// Number of steps.
    pub fn steps(&self) -> usize {
        match self {
            Self::Tokens(tokens) => tokens.len(),
            Self::Frames { channels, values } => values.len() / (*channels).max(1),
        }
    }
}

/// Sequences of several lengths, packed without padding, as PyTorch's `pack_padded_sequence` has them.
///
/// The rows are sorted by length, the longest first; the values of the first step of all rows come first,
/// then those of the second step of all rows that have one, and so on.
#[derive(Debug, Clone)]
pub struct Packed {
    /// All tokens, or all frames: what `steps` and `positions` speak of.
    content: Content,
    /// The distinct rows of the embedding that tokens are, or are composed of, ascending.
    vocabulary: Vec<u32>,
    /// The places in `vocabulary` of both rows of each composed token.
    composed: Vec<[u32; 2]>,
    /// The packed values of each step.
    steps: Arc<[Range<usize>]>,
    /// `positions[row]`: the place of a row among the sorted ones.
    positions: Vec<usize>,
    /// `lengths[row]`.
    lengths: Vec<usize>,
}

/// What packed rows hold.
#[derive(Debug, Clone)]
enum Content {
    /// Tokens, each as its place among the distinct rows, composed ones after them.
    Tokens(Arc<Lookup>),
    /// Normalized frames, `[total_steps, channels]`.
    Frames { channels: usize, values: Vec<f32> },
}

impl Packed {
    /// Packs rows of one kind; a row may be empty. Rows of another kind than the first are left empty.
    pub fn new(rows: &[Sequence]) -> Self {
        let lengths: Vec<usize> = rows.iter().map(Sequence::steps).collect();
        let mut sorted: Vec<usize> = (0..rows.len()).collect();
        sorted.sort_by_key(|row| std::cmp::Reverse(lengths[*row]));
        let mut positions = vec![0; rows.len()];
        for (position, row) in sorted.iter().enumerate() {
            positions[*row] = position;
        }
        let longest = lengths.iter().copied().max().unwrap_or(0);
        let mut start = 0;
        let steps = (0..longest).map(|step| {
            let active = sorted.partition_point(|row| lengths[*row] > step);
            start += active;
            start - active..start
        });
        let steps: Arc<[Range<usize>]> = steps.collect();
        let places = steps
            .iter()
            .enumerate()
            .flat_map(|(step, range)| sorted[..range.len()].iter().map(move |row| (&rows[*row], step)));
        let (mut vocabulary, mut composed) = (Vec::new(), Vec::new());
        let content = match rows.first() {
            Some(Sequence::Frames { channels, .. }) => {
                let channels = *channels;
                let mut values = Vec::with_capacity(start * channels);
                for (row, step) in places {
                    match row {
                        Sequence::Frames { values: frames, .. } => {
                            values.extend_from_slice(&frames[step * channels..][..channels]);
                        }
                        Sequence::Tokens(_) => values.resize(values.len() + channels, 0.0),
                    }
                }
                Content::Frames { channels, values }
            }
            _ => {
                let tokens: Vec<u32> = places.map(|(row, step)| row.tokens().get(step).copied().unwrap_or(0)).collect();
                let distinct = sorted_once(tokens.iter().copied());
                let composed_tokens = &distinct[distinct.partition_point(|token| composed_rows(*token).is_none())..];
                vocabulary =
                    sorted_once(distinct.iter().flat_map(|token| composed_rows(*token).unwrap_or([*token; 2])));
                let row_place = |row: u32| place(&vocabulary, row);
                composed = composed_tokens
                    .iter()
                    .filter_map(|token| composed_rows(*token))
                    .map(|rows| rows.map(row_place))
                    .collect();
                let token_place = |token: &u32| match composed_rows(*token) {
                    Some(_) => vocabulary.len() as u32 + place(composed_tokens, *token),
                    None => row_place(*token),
                };
                let places = tokens.iter().map(token_place).collect();
                Content::Tokens(Arc::new(Lookup::new(places, vocabulary.len() + composed.len())))
            }
        };
        Self { content, vocabulary, composed, steps, positions, lengths }
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.lengths.len()
    }

    /// Steps of all rows together.
    pub fn total_steps(&self) -> usize {
        self.steps.last().map_or(0, |range| range.end)
    }

    /// Steps of the longest row.
    pub fn steps(&self) -> usize {
        self.steps.len()
    }

    /// The row of each packed step.
    pub fn step_rows(&self) -> Vec<usize> {
        let mut rows = vec![0; self.rows()];
        for (row, position) in self.positions.iter().enumerate() {
            rows[*position] = row;
        }
        self.steps.iter().flat_map(|range| &rows[..range.len()]).copied().collect()
    }

    /// The packed values of each step.
    pub(super) fn step_ranges(&self) -> Arc<[Range<usize>]> {
        Arc::clone(&self.steps)
    }

    /// The distinct rows of the embedding, ascending, which [`Self::lookup`] counts by before it counts
    /// [`Self::composed`] tokens; none of frames.
    pub fn vocabulary(&self) -> &[u32] {
        &self.vocabulary
    }

    /// [`Self::vocabulary`], left empty: the network's embedding then has one vector for each of those tokens.
    pub fn take_vocabulary(&mut self) -> Vec<u32> {
        std::mem::take(&mut self.vocabulary)
    }

    /// The first, or the second, row of each composed token, as places in [`Self::vocabulary`].
    pub(super) fn composed(&self, part: usize) -> impl ExactSizeIterator<Item = u32> {
        self.composed.iter().map(move |rows| rows[part])
    }

    /// The same rows, [`Self::vocabulary`] being one that has more tokens, ascending.
    pub(crate) fn widen_vocabulary(&mut self, vocabulary: &[u32]) {
        if let Content::Tokens(lookup) = &mut self.content {
            let rows = self.vocabulary.iter().map(|row| place(vocabulary, *row));
            let composed = (0..self.composed.len()).map(|number| (vocabulary.len() + number) as u32);
            let places: Vec<u32> = rows.chain(composed).collect();
            self.composed.iter_mut().flatten().for_each(|row| *row = places[*row as usize]);
            let rows = lookup.rows().iter().map(|row| places[*row as usize]).collect();
            *lookup = Arc::new(Lookup::new(rows, vocabulary.len() + self.composed.len()));
            self.vocabulary = vocabulary.to_vec();
        }
    }

    /// Which distinct token each step has; none of frames.
    pub(super) fn lookup(&self) -> Option<Arc<Lookup>> {
        match &self.content {
            Content::Tokens(lookup) => Some(Arc::clone(lookup)),
            Content::Frames { .. } => None,
        }
    }

    /// All tokens, `[total_steps]`; none of frames.
    pub fn tokens<B: Backend>(&self, device: &B::Device) -> Tensor<B, 1, Int> {
        let composed = self.composed.iter().map(|rows| composed_token(rows.map(|row| self.vocabulary[row as usize])));
        let distinct: Vec<u32> = self.vocabulary.iter().copied().chain(composed).collect();
        let places = self.lookup().map_or(Vec::new(), |lookup| lookup.rows().to_vec());
        let tokens = places.iter().map(|place| distinct.get(*place as usize).map_or(0, |token| *token as usize));
        indices(tokens, places.len(), device)
    }

    /// All frames, `[total_steps, channels]`; none of tokens.
    pub fn frames<B: Backend>(&self, device: &B::Device) -> Option<Tensor<B, 2>> {
        match &self.content {
            Content::Tokens(_) => None,
            Content::Frames { channels, values } => {
                Some(Tensor::from_data(TensorData::new(values.clone(), [self.total_steps(), *channels]), device))
            }
        }
    }

    /// The length of each row, `[rows, 1]`, at least 1.
    pub fn lengths<B: Backend>(&self, device: &B::Device) -> Tensor<B, 2> {
        let lengths: Vec<f32> = self.lengths.iter().map(|length| *length as f32).collect();
        Tensor::<B, 1>::from_floats(lengths.as_slice(), device).clamp_min(1.0).reshape([self.rows(), 1])
    }

    /// Unpacks `values` `[total_steps, size]` into `[rows, steps, size]`, in the rows' own order; what lies
    /// beyond a row's end is `padding`, but zeros all along in a row without a step.
    pub fn unpack<B: Backend>(&self, values: Tensor<B, 2>, padding: f32) -> Tensor<B, 3> {
        let (device, size) = (values.device(), values.dims()[1]);
        let steps = self.steps().max(1);
        let extra = Tensor::cat(vec![Tensor::zeros([1, size], &device), Tensor::full([1, size], padding, &device)], 0);
        let (zeros, padding) = (self.total_steps(), self.total_steps() + 1);
        let source = |row: usize, step: usize| match self.lengths[row] {
            0 => zeros,
            length if step < length => self.steps[step].start + self.positions[row],
            _ => padding,
        };
        let sources = (0..self.rows()).flat_map(|row| (0..steps).map(move |step| source(row, step)));
        let sources = indices(sources, self.rows() * steps, &device);
        Tensor::cat(vec![values, extra], 0).select(0, sources).reshape([self.rows(), steps, size])
    }

    /// The other way around than [`Self::unpack`]: values of the steps of rows, `[rows, steps, size]`, in packed
    /// order.
    pub fn pack<B: Backend>(&self, values: Tensor<B, 3>) -> Tensor<B, 2> {
        let [rows, steps, size] = values.dims();
        let places = self.step_rows().into_iter().zip(self.step_numbers_from_0()).map(|(row, step)| row * steps + step);
        let places = indices(places, self.total_steps(), &values.device());
        values.reshape([rows * steps, size]).select(0, places)
    }

    /// The number of each packed step, from 1: `[total_steps, 1]`.
    pub fn step_numbers<B: Backend>(&self, device: &B::Device) -> Tensor<B, 2> {
        let numbers: Vec<f32> = self.step_numbers_from_0().map(|step| (step + 1) as f32).collect();
        Tensor::from_data(TensorData::new(numbers, [self.total_steps(), 1]), device)
    }

    fn step_numbers_from_0(&self) -> impl Iterator<Item = usize> + '_ {
        self.steps.iter().enumerate().flat_map(|(step, range)| range.clone().map(move |_| step))
    }

    /// The last step's value of each row, `[rows, size]`, in the rows' own order; zeros without a step.
    pub fn last<B: Backend>(&self, values: Tensor<B, 2>) -> Tensor<B, 2> {
        self.step_of_each(values, |length| length.checked_sub(1))
    }

    /// The first step's value of each row, which is what the reverse direction ends with.
    pub fn first<B: Backend>(&self, values: Tensor<B, 2>) -> Tensor<B, 2> {
        self.step_of_each(values, |length| (length > 0).then_some(0))
    }

    fn step_of_each<B: Backend>(&self, values: Tensor<B, 2>, step: impl Fn(usize) -> Option<usize>) -> Tensor<B, 2> {
        let (device, size) = (values.device(), values.dims()[1]);
        let source = |row: usize| match step(self.lengths[row]) {
            None => self.total_steps(),
            Some(step) => self.steps[step].start + self.positions[row],
        };
        let sources = indices((0..self.rows()).map(source), self.rows(), &device);
        let values = if self.lengths.contains(&0) {
            Tensor::cat(vec![values, Tensor::zeros([1, size], &device)], 0)
        } else {
            values
        };
        values.select(0, sources)
    }
}

/// Numbers in ascending order, each once.
fn sorted_once(numbers: impl Iterator<Item = u32>) -> Vec<u32> {
    let mut numbers: Vec<u32> = numbers.collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}

/// The place of a number among ascending ones.
fn place(ascending: &[u32], number: u32) -> u32 {
    ascending.partition_point(|other| *other < number) as u32
}

fn indices<B: Backend>(values: impl Iterator<Item = usize>, count: usize, device: &B::Device) -> Tensor<B, 1, Int> {
    let values: Vec<i64> = values.map(|value| value as i64).collect();
    Tensor::from_data(TensorData::new(values, [count]), device)
}
