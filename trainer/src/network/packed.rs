use burn::tensor::backend::Backend;
use burn::tensor::{Int, Tensor, TensorData};

/// Sequences of several lengths, packed without padding, as PyTorch's `pack_padded_sequence` has them.
///
/// The rows are sorted by length, the longest first; the tokens of the first step of all rows come first,
/// then those of the second step of all rows that have one, and so on.
#[derive(Debug, Clone)]
pub struct Packed {
    /// All tokens, `[total_steps]`.
    tokens: Vec<u32>,
    /// How many rows take part in each step: never more than in the step before.
    batch_sizes: Vec<usize>,
    /// Where each step's tokens start.
    offsets: Vec<usize>,
    /// `positions[row]`: the place of a row among the sorted ones.
    positions: Vec<usize>,
    /// `lengths[row]`.
    lengths: Vec<usize>,
}

impl Packed {
    /// Packs rows of tokens; a row may be empty.
    pub fn new<Tokens: AsRef<[u32]>>(rows: &[Tokens]) -> Self {
        let lengths: Vec<usize> = rows.iter().map(|row| row.as_ref().len()).collect();
        let mut sorted: Vec<usize> = (0..rows.len()).collect();
        sorted.sort_by_key(|row| std::cmp::Reverse(lengths[*row]));
        let mut positions = vec![0; rows.len()];
        for (position, row) in sorted.iter().enumerate() {
            positions[*row] = position;
        }
        let steps = lengths.iter().copied().max().unwrap_or(0);
        let mut packed = Self { tokens: Vec::new(), batch_sizes: Vec::new(), offsets: Vec::new(), positions, lengths };
        for step in 0..steps {
            packed.offsets.push(packed.tokens.len());
            packed.tokens.extend(sorted.iter().map_while(|row| rows[*row].as_ref().get(step)));
            packed.batch_sizes.push(packed.tokens.len() - packed.offsets[step]);
        }
        packed
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.lengths.len()
    }

    /// Number of tokens in all rows.
    pub fn total_steps(&self) -> usize {
        self.tokens.len()
    }

    /// Steps of the longest row.
    pub fn steps(&self) -> usize {
        self.batch_sizes.len()
    }

    /// The packed values of each step, as a range.
    pub fn step_ranges(&self) -> impl Iterator<Item = std::ops::Range<usize>> + '_ {
        self.offsets.iter().zip(&self.batch_sizes).map(|(start, size)| *start..start + size)
    }

    /// All tokens, `[total_steps]`.
    pub fn tokens<B: Backend>(&self, device: &B::Device) -> Tensor<B, 1, Int> {
        indices(self.tokens.iter().map(|token| *token as usize), self.tokens.len(), device)
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
            length if step < length => self.offsets[step] + self.positions[row],
            _ => padding,
        };
        let sources = (0..self.rows()).flat_map(|row| (0..steps).map(move |step| source(row, step)));
        let sources = indices(sources, self.rows() * steps, &device);
        Tensor::cat(vec![values, extra], 0).select(0, sources).reshape([self.rows(), steps, size])
    }

    /// The last step's value of each row, `[rows, size]`, in the rows' own order; zeros without a step.
    pub fn last<B: Backend>(&self, values: Tensor<B, 2>) -> Tensor<B, 2> {
        let (device, size) = (values.device(), values.dims()[1]);
        let source = |row: usize| match self.lengths[row].checked_sub(1) {
            None => self.total_steps(),
            Some(last) => self.offsets[last] + self.positions[row],
        };
        let sources = indices((0..self.rows()).map(source), self.rows(), &device);
        Tensor::cat(vec![values, Tensor::zeros([1, size], &device)], 0).select(0, sources)
    }

    /// Rows of sorted values, `[rows, size]`, in the rows' own order.
    pub fn unsort<B: Backend>(&self, values: Tensor<B, 2>) -> Tensor<B, 2> {
        let positions = indices(self.positions.iter().copied(), self.rows(), &values.device());
        values.select(0, positions)
    }
}

fn indices<B: Backend>(values: impl Iterator<Item = usize>, count: usize, device: &B::Device) -> Tensor<B, 1, Int> {
    let values: Vec<i64> = values.map(|value| value as i64).collect();
    Tensor::from_data(TensorData::new(values, [count]), device)
}
