//! The embedding in training: a batch reads and changes the vectors of its own tokens alone.

use burn::grad_clipping::GradientClipping;
use burn::module::{Param, ParamId};
use burn::tensor::backend::{AutodiffBackend, Backend};
use burn::tensor::{IndexingUpdateOp, Int, Tensor, TensorData};
use serde::{Deserialize, Serialize};

use super::adam::{BETA_1, BETA_2, EPSILON};
use crate::network::values;

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
pub(super) struct EmbeddingTable<B: Backend> {
    id: ParamId,
    frozen: bool,
    vectors: Tensor<B, 2>,
    first: Tensor<B, 2>,
    second: Tensor<B, 2>,
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

/// Vectors and moments of some tokens, as they are before the next step.
pub(super) struct Rows<B: Backend> {
    tokens: Vec<u32>,
    indices: Tensor<B, 1, Int>,
    /// As the table has them.
    stored: Moments<B>,
    caught_up: Moments<B>,
}

#[derive(Clone)]
struct Moments<B: Backend> {
    vectors: Tensor<B, 2>,
    first: Tensor<B, 2>,
    second: Tensor<B, 2>,
}

impl<B: Backend> EmbeddingTable<B> {
    /// A table that begins with an embedding; `rates` are those of all steps that there will be.
    pub(super) fn new<A: AutodiffBackend<InnerBackend = B>>(
        embedding: Param<Tensor<A, 2>>,
        rates: impl DoubleEndedIterator<Item = f64> + ExactSizeIterator,
    ) -> Self {
        let frozen = !embedding.is_require_grad();
        let (id, vectors, _) = embedding.consume();
        let vectors = vectors.inner();
        let zeros = Tensor::zeros(vectors.shape(), &vectors.device());
        let current = vec![0; vectors.dims()[0]];
        Self {
            id,
            frozen,
            first: zeros.clone(),
            second: zeros,
            vectors,
            current,
            steps: 0,
            movement: Movement::new(rates),
        }
    }

    /// Reads the rows of some tokens, each once.
    pub(super) fn rows(&self, tokens: Vec<u32>) -> Rows<B> {
        let device = self.vectors.device();
        let indices: Vec<i64> = tokens.iter().map(|token| i64::from(*token)).collect();
        let indices = Tensor::from_data(TensorData::new(indices, [tokens.len()]), &device);
        let select = |table: &Tensor<B, 2>| table.clone().select(0, indices.clone());
        let stored =
            Moments { vectors: select(&self.vectors), first: select(&self.first), second: select(&self.second) };
        let current = tokens.iter().map(|token| self.current[*token as usize]);
        let caught_up = self.movement.catch_up(stored.clone(), current, self.steps);
        Rows { tokens, indices, stored, caught_up }
    }

    /// One step with the gradient of those rows, clipped to a norm.
    pub(super) fn step(
        mut self,
        rows: Rows<B>,
        gradient: Option<Tensor<B, 2>>,
        clipping: &GradientClipping,
        rate: f64,
    ) -> Self {
        self.steps += 1;
        let Some(gradient) = gradient.filter(|_| !self.frozen) else { return self };
        let gradient = clipping.clip_gradient(gradient);
        let Moments { vectors, first, second } = rows.caught_up;
        let first = first * BETA_1 + gradient.clone() * (1.0 - BETA_1);
        let second = second * BETA_2 + gradient.square() * (1.0 - BETA_2);
        let (size, epsilon) = step_size(rate, self.steps);
        let vectors = vectors - first.clone() / (second.clone().sqrt() + epsilon) * size;
        let change = |table: Tensor<B, 2>, new: Tensor<B, 2>, old: Tensor<B, 2>| {
            table.select_assign(0, rows.indices.clone(), new - old, IndexingUpdateOp::Add)
        };
        self.vectors = change(self.vectors, vectors, rows.stored.vectors);
        self.first = change(self.first, first, rows.stored.first);
        self.second = change(self.second, second, rows.stored.second);
        rows.tokens.iter().for_each(|token| self.current[*token as usize] = self.steps);
        self
    }

    /// Catches up with all rows.
    pub(super) fn settled(self) -> Self {
        let stored = Moments { vectors: self.vectors, first: self.first, second: self.second };
        let Moments { vectors, first, second } =
            self.movement.catch_up(stored, self.current.iter().copied(), self.steps);
        let current = vec![self.steps; self.current.len()];
        Self { vectors, first, second, current, ..self }
    }

    /// The vectors as the network has them.
    pub(super) fn parameter(&self) -> Param<Tensor<B, 2>> {
        Param::initialized(self.id, self.vectors.clone())
    }

    pub(super) fn record(&self) -> EmbeddingRecord {
        EmbeddingRecord {
            vectors: values(self.vectors.clone()),
            first: values(self.first.clone()),
            second: values(self.second.clone()),
            current: self.current.clone(),
            steps: self.steps,
        }
    }

    /// The table as it was recorded; nothing if the record is of another one.
    pub(super) fn restored(self, record: EmbeddingRecord) -> Option<Self> {
        let (shape, device) = (self.vectors.dims(), self.vectors.device());
        let count: usize = shape.iter().product();
        let tensor = |values: Vec<f32>| {
            (values.len() == count).then(|| Tensor::from_data(TensorData::new(values, shape), &device))
        };
        let EmbeddingRecord { vectors, first, second, current, steps } = record;
        let fits = current.len() == shape[0] && current.iter().all(|current| *current <= steps);
        (fits && self.movement.covers(steps)).then_some(())?;
        Some(Self { vectors: tensor(vectors)?, first: tensor(first)?, second: tensor(second)?, current, steps, ..self })
    }
}

impl<B: Backend> Rows<B> {
    /// The vectors as a parameter of the network that computes the batch; their place is their token's number.
    pub(super) fn parameter<A: AutodiffBackend<InnerBackend = B>>(
        &self,
        table: &EmbeddingTable<B>,
    ) -> Param<Tensor<A, 2>> {
        let vectors = Tensor::from_inner(self.caught_up.vectors.clone());
        Param::initialized(table.id, vectors.set_require_grad(!table.frozen))
    }
}

/// `a_j` and `epsilon sqrt(1 - beta_2^j)` of step `j`, from 1.
fn step_size(rate: f64, step: u32) -> (f64, f64) {
    let correction = (1.0 - BETA_2.powi(step as i32)).sqrt();
    (rate * correction / (1.0 - BETA_1.powi(step as i32)), EPSILON * correction)
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
            ahead[step] = Self::ratio() * (step_size(rate, step as u32 + 1).0 + ahead[step + 1]);
        }
        Self { ahead }
    }

    fn ratio() -> f64 {
        BETA_1 / BETA_2.sqrt()
    }

    fn covers(&self, steps: u32) -> bool {
        (steps as usize) < self.ahead.len()
    }

    /// Rows that have been through `current` steps as they are after `steps`.
    fn catch_up<B: Backend>(
        &self,
        stored: Moments<B>,
        current: impl ExactSizeIterator<Item = u32>,
        steps: u32,
    ) -> Moments<B> {
        let (device, rows) = (stored.vectors.device(), current.len());
        let [mut moved, mut first, mut second, mut epsilon] = [(); 4].map(|()| Vec::with_capacity(rows));
        for current in current {
            let missed = (steps - current) as i32;
            let beyond = Self::ratio().powi(missed) * self.ahead[steps as usize];
            moved.push((self.ahead[current as usize] - beyond) as f32);
            first.push(BETA_1.powi(missed) as f32);
            second.push(BETA_2.powi(missed) as f32);
            epsilon.push(step_size(0.0, current.max(1)).1 as f32);
        }
        let column = |values: Vec<f32>| Tensor::<B, 2>::from_data(TensorData::new(values, [rows, 1]), &device);
        let change = stored.first.clone() / (stored.second.clone().sqrt() + column(epsilon)) * column(moved);
        Moments {
            vectors: stored.vectors - change,
            first: stored.first * column(first),
            second: stored.second * column(second),
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::backend::Autodiff;
    use burn::grad_clipping::GradientClippingConfig;
    use burn::optim::{GradientsParams, Optimizer};
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
            table = table.step(rows, Some(gradient), &clipping.init(), rate);
        }
        let (dense, lazy) = (values(dense.vectors.val()), values(table.settled().vectors));
        let way = dense.iter().zip(&start).map(|(end, start)| (end - start).abs()).fold(0.0, f32::max);
        let error = dense.iter().zip(&lazy).map(|(dense, lazy)| (dense - lazy).abs()).fold(0.0, f32::max);
        [way, error]
    }
}
