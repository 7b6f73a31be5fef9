use runtime::{LayerState, Model};

use crate::inference::HostClassifier;

/// How much larger a cell state may be on new rows than on those measured.
const HEADROOM: f32 = 1.25;

/// The largest magnitude of each layer's cell state while an f32 `model` reads rows of tokens.
///
/// # Errors
/// As [`HostClassifier::new`].
pub fn measure_cell_ranges<'t>(
    model: &Model<'_>,
    layers: usize,
    rows: impl Iterator<Item = &'t [u32]>,
) -> Result<Vec<f32>, runtime::Error> {
    let mut classifier = HostClassifier::new(model)?;
    let mut ranges = vec![0.0_f32; layers];
    for row in rows {
        classifier.reset();
        for token in row {
            classifier.push_token(*token);
            for (layer, range) in ranges.iter_mut().enumerate() {
                if let Some(LayerState::Float { cell, .. }) = classifier.layer_state(layer) {
                    *range = cell.iter().fold(*range, |largest, value| value.abs().max(largest));
                }
            }
        }
    }
    Ok(ranges)
}

/// The most fraction bits with which an `i16` holds `range` and a quarter more.
pub fn cell_fraction_bits(range: f32) -> u8 {
    let largest = range * HEADROOM;
    (0..=15).rev().find(|bits| largest <= f32::from(i16::MAX) / f32::from(1_u16 << bits)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fraction_bits_hold_the_range_with_headroom() {
        assert_eq!(
            [0.0, 0.79, 0.81, 1.59, 6.0, 6.5, 10.8, 30_000.0, f32::MAX].map(cell_fraction_bits),
            [15, 15, 14, 14, 12, 11, 11, 0, 0]
        );
    }
}
