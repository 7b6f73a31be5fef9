//! The embedding in training: a batch reads and changes the vectors of its own tokens alone.

use burn::grad_clipping::GradientClipping;
use burn::module::{Param, ParamId};
use burn::tensor::backend::AutodiffBackend;
use burn::tensor::ops::FloatTensor;
use burn::tensor::{Tensor, TensorData};
use serde::{Deserialize, Serialize};

use crate::operations::rows::{AdamStep, AdamTable, BETA_1, BETA_2, Missed, TableRows};
use crate::operations::values;
use crate::operations::{NetworkBackend, unwrap, wrap};

/// Adam over the vectors of the tokens that occur, with the result of Adam over all of them.
///
/// Where a token does not occur its gradient is 0, but the moments fade and the vector still moves by them. That
/// is caught up with when the token occurs again: after `k` steps without a gradient from step `s` on,
/// ```text
/// m_(s+k) = beta_1^k m_s        v_(s+k) = beta_2^k v_s
/// w_(s+k) = w_s - (sum over j = s+1 .. s+k of  a_j r^(j-s))  m_s / (sqrt(v_s) + e_s)
/// a_j = rate_j sqrt(1 - beta_2^j) / (1 - beta_1^j)    e_j = epsilon sqrt(1 - beta_2^j)    r = beta_1 / sqrt(beta_2)
/// ```
/// The only difference from dense Adam, besides rounding, is that `e` is taken to fade from `s` on as `sqrt(v)` does.
///
/// # Shapes and units
/// Vectors and moments `[tokens, embedding_size]`.
///
/// # Source
/// Kingma and Ba, Adam (2015); the sum is geometric but for the rates.
pub(super) struct EmbeddingTable<B: NetworkBackend> {
    id: ParamId,
    frozen: bool,
    table: AdamTable<B>,
    /// The steps that each row has been through.
    current: Vec<u32>,
    /// Steps of the optimizer so far.
    steps: u32,
    movement: Movement,
}

/// What a checkpoint keeps of an [`EmbeddingTable`].
#[derive(Serialize, Deserialize)]
pub(super) struct EmbeddingRecord {
    vectors: Vec<f32>,
    first: Vec<f32>,
    second: Vec<f32>,
    current: Vec<u32>,
    steps: u32,
}

impl<B: NetworkBackend> EmbeddingTable<B> {
    /// A table that begins with an embedding; `rates` are those of all steps that there will be.
    pub(super) fn new<A: AutodiffBackend<InnerBackend = B>>(
        embedding: Param<Tensor<A, 2>>,
        rates: impl DoubleEndedIterator<Item = f64> + ExactSizeIterator,
    ) -> Self {
        let frozen = !embedding.is_require_grad();
        let (id, vectors, _) = embedding.consume();
        let vectors = vectors.inner();
        let zeros = || unwrap(Tensor::<B, 2>::zeros(vectors.shape(), &vectors.device()));
        let current = vec![0; vectors.dims()[0]];
        let table = AdamTable { first: zeros(), second: zeros(), vectors: unwrap(vectors) };
        Self { id, frozen, table, current, steps: 0, movement: Movement::new(rates) }
    }

    /// Some tokens' rows, as they go on up to the last step; the tokens are ascending.
    pub(super) fn rows(&self, tokens: Vec<u32>) -> TableRows {
        let missed =
            tokens.iter().map(|token| self.movement.missed(self.current[*token as usize], self.steps)).collect();
        TableRows { tokens, missed }
    }

    /// Their vectors as a parameter of the network that computes the batch.
    pub(super) fn parameter_of<A: AutodiffBackend<InnerBackend = B>>(&self, rows: &TableRows) -> Param<Tensor<A, 2>> {
        let vectors = Tensor::from_inner(wrap::<B, 2>(B::table_rows(&self.table, rows)));
        Param::initialized(self.id, vectors.set_require_grad(!self.frozen))
    }

    /// One step with the gradient of those vectors, clipped to a norm.
    pub(super) fn step(
        mut self,
        rows: &TableRows,
        gradient: Option<Tensor<B, 2>>,
        clipping: &GradientClipping,
        rate: f64,
    ) -> Self {
        self.steps += 1;
        if let Some(gradient) = gradient.filter(|_| !self.frozen) {
            let gradient = unwrap(clipping.clip_gradient(gradient));
            self.table = B::change_rows(self.table, rows, Some((AdamStep::new(rate, self.steps), gradient)));
            rows.tokens.iter().for_each(|token| self.current[*token as usize] = self.steps);
        }
        self
    }

    /// Brings all rows up to the last step.
    pub(super) fn settled(mut self) -> Self {
        let behind = (0_u32..).zip(&self.current).filter(|(_, current)| **current < self.steps);
        let rows = self.rows(behind.map(|(token, _)| token).collect());
        if !rows.tokens.is_empty() {
            self.table = B::change_rows(self.table, &rows, None);
            self.current.fill(self.steps);
        }
        self
    }

    /// The vectors as the network has them.
    pub(super) fn parameter(&self) -> Param<Tensor<B, 2>> {
        Param::initialized(self.id, wrap(self.table.vectors.clone()))
    }

    pub(super) fn record(&self) -> EmbeddingRecord {
        let values = |table: &FloatTensor<B>| values(wrap::<B, 2>(table.clone()));
        EmbeddingRecord {
            vectors: values(&self.table.vectors),
            first: values(&self.table.first),
            second: values(&self.table.second),
            current: self.current.clone(),
            steps: self.steps,
        }
    }

    /// The table as it was recorded; nothing if the record is of another one.
    pub(super) fn restored(self, record: EmbeddingRecord) -> Option<Self> {
        let now = wrap::<B, 2>(self.table.vectors);
        let (shape, device) = (now.dims(), now.device());
        let count: usize = shape.iter().product();
        let restored = |values: Vec<f32>| {
            let fits = values.len() == count;
            fits.then(|| unwrap(Tensor::<B, 2>::from_data(TensorData::new(values, shape), &device)))
        };
        let EmbeddingRecord { vectors, first, second, current, steps } = record;
        let fits = current.len() == shape[0] && current.iter().all(|current| *current <= steps);
        (fits && self.movement.covers(steps)).then_some(())?;
        let table = AdamTable { vectors: restored(vectors)?, first: restored(first)?, second: restored(second)? };
        Some(Self { table, current, steps, ..self })
    }
}

/// How far a vector goes on without a gradient, in units of `m / (sqrt(v) + e)`.
struct Movement {
    /// `ahead[s]`: the sum over all steps `j` after `s` of `a_j r^(j-s)`.
    ahead: Vec<f64>,
}

impl Movement {
    fn new(rates: impl DoubleEndedIterator<Item = f64> + ExactSizeIterator) -> Self {
        let mut ahead = vec![0.0; rates.len() + 1];
        for (step, rate) in rates.enumerate().rev() {
            ahead[step] = Self::ratio() * (AdamStep::exact_size(rate, step as u32 + 1) + ahead[step + 1]);
        }
        Self { ahead }
    }

    fn ratio() -> f64 {
        BETA_1 / BETA_2.sqrt()
    }

    fn covers(&self, steps: u32) -> bool {
        (steps as usize) < self.ahead.len()
    }

    /// How a row that has been through `current` steps goes on up to `steps`.
    fn missed(&self, current: u32, steps: u32) -> Missed {
        let missed = (steps - current) as i32;
        let beyond = Self::ratio().powi(missed) * self.ahead[steps as usize];
        Missed {
            moved: (self.ahead[current as usize] - beyond) as f32,
            epsilon: AdamStep::new(0.0, current.max(1)).epsilon,
            first: BETA_1.powi(missed) as f32,
            second: BETA_2.powi(missed) as f32,
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::backend::Autodiff;
    use burn::grad_clipping::GradientClippingConfig;
    use burn::optim::{GradientsParams, Optimizer};
    use burn::tensor::backend::Backend;
    use burn_ndarray::NdArray;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;
    use crate::training::adam;

    const TOKENS: usize = 40;
    const SIZE: usize = 3;
    const STEPS: usize = 600;

    #[derive(burn::module::Module, Debug)]
    struct Dense<B: Backend> {
        vectors: Param<Tensor<B, 2>>,
    }

    #[test]
    fn it_goes_where_dense_adam_goes() {
        for (sizes, most) in [(4, 2e-5), (7, 1e-3)] {
            let [way, error] = way_and_error(sizes);
            assert!(way > 0.5 && error < most, "{error} of {way}, gradients down to 1e-{}", sizes - 1);
        }
    }

    /// The longest way of a value under dense Adam, and the largest difference at its end: rare tokens and frequent
    /// ones, gradients of sizes from 1 down to 10^-(sizes - 1), and a rate that rises and falls.
    fn way_and_error(sizes: i32) -> [f32; 2] {
        type Host = NdArray<f32>;
        let device = Default::default();
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let rates: Vec<f64> = (0..STEPS).map(|step| 0.01 * (step.min(STEPS - step) as f64 / 300.0 + 0.01)).collect();
        let start: Vec<f32> = (0..TOKENS * SIZE).map(|_| rng.random_range(-1.0..1.0)).collect();
        let tensor =
            |values: &[f32]| Tensor::<Host, 2>::from_data(TensorData::new(values.to_vec(), [TOKENS, SIZE]), &device);
        let parameter = || Param::from_tensor(Tensor::<Autodiff<Host>, 2>::from_inner(tensor(&start)));
        let clipping = GradientClippingConfig::Norm(0.5);
        let mut dense = Dense { vectors: parameter() };
        let mut optimizer = adam::config(0.5).init::<Autodiff<Host>, Dense<Autodiff<Host>>>();
        let mut table = EmbeddingTable::<Host>::new(parameter(), rates.iter().copied());
        for rate in rates {
            let tokens: Vec<u32> =
                (0..TOKENS as u32).filter(|token| rng.random_bool(1.0 / f64::from(token * token + 1))).collect();
            let gradient: Vec<f32> = tokens
                .iter()
                .flat_map(|token| [10_f32.powi(-(*token as i32 % sizes)); SIZE])
                .map(|size| size * rng.random_range(-1.0..1.5))
                .collect();
            let mut whole = vec![0.0; TOKENS * SIZE];
            for (token, gradient) in tokens.iter().zip(gradient.chunks(SIZE)) {
                whole[*token as usize * SIZE..][..SIZE].copy_from_slice(gradient);
            }
            let mut gradients = GradientsParams::new();
            gradients.register::<Host, 2>(dense.vectors.id, tensor(&whole));
            dense = optimizer.step(rate, dense, gradients);
            let shape = [tokens.len(), SIZE];
            let rows = table.rows(tokens);
            let gradient = Tensor::from_data(TensorData::new(gradient, shape), &device);
            table = table.step(&rows, Some(gradient), &clipping.init(), rate);
        }
        let (dense, lazy) = (values(dense.vectors.val()), values(table.settled().parameter().val()));
        let way = dense.iter().zip(&start).map(|(end, start)| (end - start).abs()).fold(0.0, f32::max);
        let error = dense.iter().zip(&lazy).map(|(dense, lazy)| (dense - lazy).abs()).fold(0.0, f32::max);
        [way, error]
    }
}
