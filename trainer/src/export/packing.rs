//! Model files with their weights in another order.

use std::path::Path;

use runtime::StoredDirection;
use runtime::format::{HalfWords, Packing, Precision};

use super::{Assembly, Behind, ModelFile, TensorArea};
use crate::error::Error;

/// The same model with its weights in the order of `packing`, and the same logits. Weights of 4 bits and floats have one order
/// alone.
///
/// # Errors
/// [`Error::Model`] if `file` is refused, or has a matrix too long for the packing ([`runtime::Field::HalfWordRange`]).
/// [`Error::Run`] for a file that the trainer has not written: with extension records, a signature or another alignment.
pub fn repack(file: &ModelFile, path: &Path, packing: Packing) -> Result<ModelFile, Error> {
    let (parts, _) = file.parts(path)?;
    let model = file.parse(path)?;
    let header = parts.header;
    let has_one_order = !model.stored_directions().any(|direction| direction.has_whole_bytes());
    if header.precision != Precision::Int8 || header.packing == packing || has_one_order {
        return Ok(file.clone());
    }
    let is_extended = header.extensions_length > 0 || header.signature_length > 0;
    if is_extended || usize::from(header.alignment) != super::tensors::ALIGNMENT {
        let problem =
            "has extension records, a signature or an alignment that the trainer does not write: export it again";
        return Err(Error::Run { path: path.into(), problem: problem.into() });
    }
    let device_part = file.bytes().get(..header.device_length as usize).unwrap_or_default();
    let mut tensors = TensorArea::default();
    let mut place = header.tensors_offset();
    for direction in model.stored_directions() {
        let of_direction = direction.range(file.bytes());
        tensors.add(device_part.get(place + padding(place)..of_direction.start).unwrap_or_default());
        add(&mut tensors, &direction, packing);
        place = of_direction.end;
    }
    tensors.add(device_part.get(place + padding(place)..).unwrap_or_default());
    let assembly = Assembly {
        precision: header.precision,
        packing,
        model_version: header.model_version,
        part_one: &parts.part_one,
        tensors: &tensors.bytes,
        behind: parts.part_two.map_or(Behind::Nothing(&header), Behind::PartTwo),
    };
    assembly.file().map_err(|error| match error {
        Error::Export(source) => Error::Model { path: path.into(), source },
        other => other,
    })
}

/// Bytes from a place to the next tensor.
fn padding(place: usize) -> usize {
    place.wrapping_neg() % super::tensors::ALIGNMENT
}

/// Adds the weights, biases and multipliers of a direction.
fn add(tensors: &mut TensorArea, direction: &StoredDirection<'_>, packing: Packing) {
    let StoredDirection { cell, input_size, hidden_size, .. } = *direction;
    let results = cell.results() * hidden_size;
    let is_packed = packing == Packing::HalfWords && direction.has_whole_bytes();
    if is_packed {
        let shape = HalfWords { cell, input_size, hidden_size };
        let mut words = vec![[0; 4]; shape.words()];
        let input = |row, column| direction.input_weight(row, column);
        shape.pack(input, |row, column| direction.recurrent_weight(row, column), &mut words);
        tensors.add(&words);
    } else if direction.has_whole_bytes() {
        let places = |columns| {
            (0..cell.gates() * hidden_size).flat_map(move |row| (0..columns).map(move |column| (row, column)))
        };
        let input = places(input_size).map(|(row, column)| direction.input_weight(row, column));
        let recurrent = places(hidden_size).map(|(row, column)| direction.recurrent_weight(row, column));
        tensors.add(&input.collect::<Vec<i8>>());
        tensors.add(&recurrent.collect::<Vec<i8>>());
    } else {
        let [input, recurrent] = direction.bytes();
        tensors.add(input);
        tensors.add(recurrent);
    }
    // Packed, the results of a unit lie one after another.
    let order = |place: usize| match is_packed {
        true => place % cell.results() * hidden_size + place / cell.results(),
        false => place,
    };
    tensors.add(&(0..results).map(|place| direction.bias(order(place))).collect::<Vec<i32>>());
    tensors.add(&(0..results).map(|place| direction.multiplier(order(place))).collect::<Vec<i16>>());
}
