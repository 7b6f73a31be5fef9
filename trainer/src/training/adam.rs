//! Adam's settings, the same for all weights.

use burn::grad_clipping::GradientClippingConfig;
use burn::optim::AdamConfig;

use crate::operations::rows::{BETA_1, BETA_2, EPSILON};

/// Adam that clips each tensor's gradient to a norm.
pub(super) fn config(clipping: f32) -> AdamConfig {
    AdamConfig::new()
        .with_beta_1(BETA_1 as f32)
        .with_beta_2(BETA_2 as f32)
        .with_epsilon(EPSILON as f32)
        .with_grad_clipping(Some(GradientClippingConfig::Norm(clipping)))
}
