//! Initial values from a seeded generator, the same on every device.

use burn::tensor::backend::Backend;
use burn::tensor::{Shape, Tensor, TensorData};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// Values from U(-bound, bound).
pub(super) fn uniform<B: Backend, const D: usize>(
    dimensions: [usize; D],
    bound: f32,
    rng: &mut ChaCha8Rng,
    device: &B::Device,
) -> Tensor<B, D> {
    from_values(dimensions, || rng.random_range(-bound..=bound), device)
}

/// Values from N(0, `deviation`^2), by Box and Muller (1958).
pub(super) fn normal<B: Backend, const D: usize>(
    dimensions: [usize; D],
    deviation: f32,
    rng: &mut ChaCha8Rng,
    device: &B::Device,
) -> Tensor<B, D> {
    from_values(dimensions, || deviation * normal_value(rng), device)
}

/// A value from N(0, 1).
pub(crate) fn normal_value(rng: &mut ChaCha8Rng) -> f32 {
    let radius = (-2.0 * (1.0 - rng.random::<f32>()).ln()).sqrt();
    radius * (std::f32::consts::TAU * rng.random::<f32>()).cos()
}

/// `blocks` square matrices of `size` rows, one above the other, each with orthonormal rows: a product with one of
/// them keeps a vector's length, so that what a network remembers neither fades nor grows at the start.
///
/// # Source
/// Saxe, McClelland and Ganguli (2013); rows from N(0, 1), made orthonormal one after another (Gram and Schmidt).
pub(super) fn orthogonal<B: Backend>(
    blocks: usize,
    size: usize,
    rng: &mut ChaCha8Rng,
    device: &B::Device,
) -> Tensor<B, 2> {
    let mut values = Vec::with_capacity(blocks * size * size);
    for _ in 0..blocks {
        let mut rows: Vec<Vec<f64>> = Vec::with_capacity(size);
        while rows.len() < size {
            let mut row: Vec<f64> = (0..size).map(|_| f64::from(normal_value(rng))).collect();
            // Twice, since the first pass leaves rounding errors.
            for other in rows.iter().chain(&rows) {
                let share: f64 = row.iter().zip(other).map(|(a, b)| a * b).sum();
                row.iter_mut().zip(other).for_each(|(value, other)| *value -= share * other);
            }
            let length = row.iter().map(|value| value * value).sum::<f64>().sqrt();
            // A row that lies in the span of the others is drawn again.
            if length > 1e-6 {
                rows.push(row.iter().map(|value| value / length).collect());
            }
        }
        values.extend(rows.into_iter().flatten().map(|value| value as f32));
    }
    Tensor::from_data(TensorData::new(values, [blocks * size, size]), device)
}

/// One value throughout.
pub(super) fn constant<B: Backend, const D: usize>(
    dimensions: [usize; D],
    value: f32,
    device: &B::Device,
) -> Tensor<B, D> {
    Tensor::full(dimensions, value, device)
}

pub(super) fn from_values<B: Backend, const D: usize>(
    dimensions: [usize; D],
    value: impl FnMut() -> f32,
    device: &B::Device,
) -> Tensor<B, D> {
    let shape = Shape::from(dimensions);
    let values: Vec<f32> = std::iter::repeat_with(value).take(shape.num_elements()).collect();
    Tensor::from_data(TensorData::new(values, shape), device)
}
