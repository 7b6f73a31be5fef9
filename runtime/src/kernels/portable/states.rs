//! The next states of a group of units, one unit after the other.

use super::Group;
use crate::numeric;

/// `update` of the pre-activations i, f, g, o of units.
#[inline(always)]
pub(super) fn update_lstm(
    group: &Group<4>,
    fraction_bits: u8,
    c: &mut [i16],
    h: &mut [i16],
    update: impl Fn([i16; 4], u8, &mut i16, &mut i16),
) {
    let [input, forget, candidate, output] = group;
    let results = input.iter().zip(forget).zip(candidate).zip(output);
    for ((c, h), (((input, forget), candidate), output)) in c.iter_mut().zip(h).zip(results) {
        update([*input, *forget, *candidate, *output], fraction_bits, c, h);
    }
}

/// `update` of the pre-activations r, z, n of `x` and n of `h` of units.
#[inline(always)]
pub(super) fn update_gru(group: &Group<4>, h: &mut [i16], update: impl Fn([i16; 4], &mut i16)) {
    let [reset, update_gate, new_x, new_h] = group;
    let results = reset.iter().zip(update_gate).zip(new_x).zip(new_h);
    for (h, (((reset, update_gate), new_x), new_h)) in h.iter_mut().zip(results) {
        update([*reset, *update_gate, *new_x, *new_h], h);
    }
}

/// [`numeric::tanh`] of each value.
#[inline(always)]
pub(super) fn tanh(values: &mut [i16]) {
    for value in values {
        *value = numeric::tanh(*value);
    }
}

/// [`numeric::rectify`] of each value.
#[inline(always)]
pub(super) fn rectify(values: &mut [i16]) {
    for value in values {
        *value = numeric::rectify(*value);
    }
}
