use half::f16;

use super::state::LayerBuffers;
use super::weights::{Arithmetic, Matrix, precision_mismatch};
use crate::cell::{LstmWeights, step_float};
use crate::error::{Error, Field, invalid};
use crate::format::{Int8Scales, Precision, Tensors};
use crate::kernels;

/// `f32` weights.
pub(crate) enum Single {}
/// `f16` weights, `f32` arithmetic.
pub(crate) enum Half {}

macro_rules! float_arithmetic {
    ($precision:ident, $code:ident, $weight:ty, $to_f32:expr, $dot_4:path, $dot:path) => {
        impl Arithmetic for $precision {
            type Weight = $weight;
            type Bias = f32;
            type Scales<'m> = ();
            type Value = f32;
            type Hidden = f32;
            type Cell = f32;
            type Sum = f32;

            fn parse_scales<'m>(_: &Tensors<'m>, scales: Option<&Int8Scales>, _: usize) -> Result<(), Error> {
                match scales {
                    None => Ok(()),
                    Some(_) => Err(precision_mismatch(Precision::$code as usize, Precision::Int8 as usize)),
                }
            }

            fn check_weights(weights: &[$weight], row: usize) -> Result<(), Error> {
                let finite = weights.iter().all(|weight| weight.is_finite());
                if finite { Ok(()) } else { Err(invalid(Field::WeightRange, 0, row)) }
            }

            fn check_row(matrix: &Matrix<'_, Self>, row: usize, _: u32) -> Result<(), Error> {
                Self::check_weights(matrix.row(row), row)?;
                let finite = matrix.bias.get(row).is_some_and(|bias| bias.is_finite());
                if finite { Ok(()) } else { Err(invalid(Field::WeightRange, 0, row)) }
            }

            fn embed(weight: $weight) -> f32 {
                $to_f32(weight)
            }

            fn narrow(hidden: f32) -> f32 {
                hidden
            }

            fn step(weights: &LstmWeights<'_, Self>, buffers: &mut LayerBuffers<'_, Self>) {
                step_float(weights, buffers, $dot_4);
            }

            fn gather_sum(sum: &mut f32, value: f32) {
                *sum += value;
            }

            fn gather_largest(largest: &mut f32, value: f32, first: bool) {
                *largest = if first { value } else { value.max(*largest) };
            }

            fn largest(gathered: f32) -> f32 {
                gathered
            }

            fn mean(sum: f32, steps: u32) -> f32 {
                sum / steps as f32
            }

            fn logit(head: &Matrix<'_, Self>, class: usize, pooled: &[f32]) -> f32 {
                $dot(head.row(class), pooled) + head.bias.get(class).copied().unwrap_or(0.0)
            }
        }
    };
}
float_arithmetic!(Single, F32, f32, core::convert::identity, kernels::dot_4_f32, kernels::dot_f32);
float_arithmetic!(Half, F16, f16, kernels::widen, kernels::dot_4_f16, kernels::dot_f16);
