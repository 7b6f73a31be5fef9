//! Adam's constants, the same for all weights.

use burn::grad_clipping::GradientClippingConfig;
use burn::optim::AdamConfig;

pub(super) const BETA_1: f64 = 0.9;
pub(super) const BETA_2: f64 = 0.999;
pub(super) const EPSILON: f64 = 1e-8;

/// Adam that clips each tensor's gradient to a norm.
pub(super) fn config(clipping: f32) -> AdamConfig {
    AdamConfig::new()
        .with_beta_1(BETA_1 as f32)
        .with_beta_2(BETA_2 as f32)
        .with_epsilon(EPSILON as f32)
        .with_grad_clipping(Some(GradientClippingConfig::Norm(clipping)))
}
