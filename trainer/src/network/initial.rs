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
    let value = || {
        let radius = (-2.0 * (1.0 - rng.random::<f32>()).ln()).sqrt();
        deviation * radius * (std::f32::consts::TAU * rng.random::<f32>()).cos()
    };
    from_values(dimensions, value, device)
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
