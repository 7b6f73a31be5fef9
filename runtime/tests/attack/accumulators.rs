//! The largest sum that an accumulator can reach.

use super::refusal::{invalid, refusal};
use crate::common::{CELLS, HIDDEN_SIZE, LayerSpec, Parts, Spec, VectorSpec, WeightSpec, both_directions};
use runtime::Field;
use runtime::format::{Cell, Pooling, Precision};

fn one(cell: Cell) -> Spec {
    Spec::new(Precision::Int8, &[LayerSpec::forward(cell, 4, 100)], Pooling::Last)
}

/// What a token adds counts in the bound of an accumulator, but not in the part of a GRU that it is not added to.
#[test]
fn a_one_hot_weight_counts_in_the_bound_of_its_accumulator() {
    for (row, result) in [(0, 0), (9, 9), (3, 12 + 3)] {
        let spec = Spec { vectors: VectorSpec::OneHot, ..one(Cell::Gru) };
        let mut parts = Parts::of(&spec);
        let magnitude = |weight: &u8| u32::from((*weight as i8).unsigned_abs());
        let weights = parts.tensor("0.forward.recurrent").bytes.clone();
        let columns = |row: usize| weights[row * 4..][..4].iter().map(magnitude).sum::<u32>();
        let entries = &parts.tensor("0.forward.one_hot").bytes;
        let largest = (0..8).map(|token| magnitude(&entries[token * 12 + row])).max().unwrap();
        // Row 9 is a unit's n: its input part has no hidden columns, its hidden part no token.
        let sum = match result {
            0 => 127 * (columns(0) + largest),
            9 => 127 * largest,
            _ => 127 * columns(11),
        };
        let limit = (i32::MAX as u32) >> 2;
        for excess in [0, 1] {
            let bias = (limit - sum + excess) as i32;
            parts.poke("0.forward.bias", result, &bias.to_le_bytes());
            let expected =
                if excess == 0 { None } else { invalid(Field::AccumulatorRange, limit as usize, limit as usize + 1) };
            assert_eq!(refusal(&parts), expected, "result {result}");
        }
    }
}

/// The bound counts the weights of the input and of the hidden state, and those of either where a GRU keeps them apart.
#[test]
fn an_accumulator_may_reach_its_limit_and_no_more() {
    for (cell, layer) in
        CELLS.into_iter().flat_map(|cell| ["0.forward", "0.reverse", "1.reverse"].map(|layer| (cell, layer)))
    {
        let mut parts = Parts::of(&both_directions(cell, Precision::Int8));
        let name = |tensor: &str| format!("{layer}.{tensor}");
        let weights = ["input", "recurrent"].map(|tensor| parts.tensor(&name(tensor)).bytes.clone());
        // The sum of the magnitudes in a row of each.
        let sums = |row: usize| {
            let rows = cell.gates() * HIDDEN_SIZE;
            let sum = |bytes: &Vec<u8>| {
                let columns = bytes.len() / rows;
                bytes[row * columns..][..columns]
                    .iter()
                    .map(|weight| u32::from((*weight as i8).unsigned_abs()))
                    .sum::<u32>()
            };
            weights.each_ref().map(sum)
        };
        for result in 0..cell.results() * HIDDEN_SIZE {
            let sum = match (cell, result / HIDDEN_SIZE) {
                (Cell::Gru, 2) => sums(result)[0],
                (Cell::Gru, 3) => sums(result - HIDDEN_SIZE)[1],
                _ => sums(result).iter().sum(),
            };
            assert!(sum > 0);
            let limit = (i32::MAX as u32) >> 2;
            for (excess, sign) in [(0, 1), (1, 1), (0, -1), (1, -1)] {
                let bias = sign * (limit - 127 * sum + excess) as i32;
                parts.poke(&name("bias"), result, &bias.to_le_bytes());
                let expected = invalid(Field::AccumulatorRange, limit as usize, limit as usize + 1);
                assert_eq!(refusal(&parts), expected.filter(|_| excess > 0), "{cell:?} {layer} {result}");
            }
            parts.poke(&name("bias"), result, &[0; 4]);
        }
    }
}

/// The bound of an accumulator counts each of the two weights of a byte.
#[test]
fn an_accumulator_of_weights_in_4_bits_may_reach_its_limit() {
    let spec = Spec { weights: WeightSpec::Nibbles, ..one(Cell::Lstm) };
    let mut parts = Parts::of(&spec);
    let mut row = parts.tensor("0.forward.input").bytes[3 * 3..][..3].to_vec();
    row.extend(&parts.tensor("0.forward.recurrent").bytes[3 * 2..][..2]);
    let magnitude = |half: u8| i32::from(if half < 8 { half } else { 16 - half });
    let sum: i32 = row.iter().map(|byte| magnitude(byte & 15) + magnitude(byte >> 4)).sum();
    assert!(sum > 12);
    let limit = i32::MAX >> 2;
    for excess in [0, 1] {
        parts.poke("0.forward.bias", 3, &(limit - 127 * sum + excess).to_le_bytes());
        let refused = invalid(Field::AccumulatorRange, limit as usize, limit as usize + 1);
        assert_eq!(refusal(&parts), if excess == 0 { None } else { refused });
    }
}
