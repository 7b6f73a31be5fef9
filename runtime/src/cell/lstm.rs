//! Long short-term memory, as PyTorch defines it:
//!
//! ```text
//! [i; f; g; o] = W x + U h + b           W: [4 * hidden_size, input_size]; U: [4 * hidden_size, hidden_size]
//! c' = sigmoid(f) c + sigmoid(i) tanh(g)
//! h' = sigmoid(o) tanh(c')
//! ```

use crate::kernels::{self, IntegerWeights, StepVectors};
#[cfg(feature = "float")]
use crate::kernels::{FloatWeight, Weights};
use crate::numeric::{self, Requantization};

/// One step in integers: `c` and `h` become the next ones.
///
/// # Shapes and units
/// `vectors`: `x`, `[input_size]`, and `h` as the product takes it in, `[hidden_size]`; `c` and `h` `[hidden_size]`.
/// Pre-activations Q3.12, gates Q0.15, `c` with the measured fraction bits, `h` Q0.15.
pub(crate) fn step_int8(
    weights: &IntegerWeights<'_>,
    scales: &Requantization<'_>,
    vectors: StepVectors<'_>,
    c: &mut [i16],
    h: &mut [i16],
) {
    if weights.step_lstm(scales, &vectors, c, h, update) {
        return;
    }
    let fraction_bits = scales.state_fraction_bits;
    if let Some(units) = weights.half_words_of_4_gates(scales, vectors.wide) {
        units.update(c, h, |gates, c, h| update(gates, fraction_bits, c, h));
    } else if IntegerWeights::HAVE_ROWS {
        let mut rows = weights.rows_of_4_gates(&vectors);
        for (unit, (c, h)) in c.iter_mut().zip(h).enumerate() {
            update(weights.of_4_gates(scales, &mut rows, unit), fraction_bits, c, h);
        }
    }
}

/// The next states of a unit.
#[inline(always)]
fn update([input, forget, candidate, output]: [i16; 4], fraction_bits: u8, c: &mut i16, h: &mut i16) {
    *c = numeric::cell_update(
        kernels::sigmoid(forget),
        *c,
        kernels::sigmoid(input),
        kernels::tanh(candidate),
        fraction_bits,
    );
    let cell_tanh = kernels::tanh(numeric::pre_activation_of_cell(*c, fraction_bits));
    *h = numeric::hidden(kernels::sigmoid(output), cell_tanh);
}

/// One step in `f32`: `c` and `h` become the next ones. Shapes as [`step_int8`].
#[cfg(feature = "float")]
pub(crate) fn step_float<Weight: FloatWeight>(
    weights: &Weights<'_, Weight, Weight>,
    bias: &[f32],
    inputs: &[f32],
    recurrent: &[f32],
    c: &mut [f32],
    h: &mut [f32],
) {
    let units = weights.hidden_size;
    let parts = [weights.input.gates::<_, 4>(units, inputs), weights.recurrent.gates::<_, 4>(units, recurrent)];
    for (unit, (c, h)) in c.iter_mut().zip(h).enumerate() {
        let rows = weights.row_indices::<4>(unit);
        let mut sums = kernels::dot_4_float(&parts, unit);
        kernels::add_one_hot(&mut sums, &rows, weights.one_hot);
        kernels::add_bias(&mut sums, &rows, bias);
        let [input, forget, candidate, output] = sums;
        *c = numeric::sigmoid_float(forget) * *c + numeric::sigmoid_float(input) * libm::tanhf(candidate);
        *h = numeric::sigmoid_float(output) * libm::tanhf(*c);
    }
}
