use std::fmt;
use std::path::Path;

use runtime::format::{Input, Layer, Text, Vectors};
use serde::Serialize;

use super::flash::{Flash, FlashPart, directions, width};
use super::inspection::{cell_name, input_size, input_stage};
use crate::error::Error;
use crate::export::ModelFile;

/// The layers of a network with their sizes in a model file, as a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NetworkSummary {
    /// What the columns of bytes are about: `int8`.
    pub precision: String,
    /// The layers in the order of a sequence's way, and what belongs to none of them.
    pub layers: Vec<LayerSummary>,
    /// Numbers that training changes, of all layers.
    pub parameters: usize,
    /// Bytes of a model file that a device needs.
    pub bytes: usize,
    /// Bytes of a classifier's state.
    pub state_bytes: usize,
}

/// A row of a [`NetworkSummary`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LayerSummary {
    /// Its name: `embedding`, `layer 1`, `head`; or what else has bytes in the file.
    pub name: String,
    /// What it makes of what: `gru 32 -> 64`.
    pub shape: String,
    /// Numbers that training changes: `gates hidden_size (input_size + hidden_size)` weights of a direction of a layer, and a
    /// bias for each of its results.
    pub parameters: usize,
    /// Its bytes in the model file.
    pub bytes: usize,
}

impl NetworkSummary {
    /// The layers of a model file; `precision`: what its numbers are called.
    ///
    /// # Errors
    /// [`Error::Model`].
    pub fn new(file: &ModelFile, path: &Path, precision: &str) -> Result<Self, Error> {
        let model = file.parse(path)?;
        let (parts, _) = file.parts(path)?;
        let part_one = &parts.part_one;
        let tokens = model.token_count();
        let flash = Flash::new(&parts, tokens);
        let mut table = Self {
            precision: precision.into(),
            layers: Vec::new(),
            parameters: 0,
            bytes: parts.header.device_length as usize,
            state_bytes: model.required_words() * size_of::<u32>(),
        };
        let bytes_of = |is_of: &dyn Fn(&str) -> bool| -> usize {
            flash.parts.iter().filter(|part| is_of(&part.name)).map(|FlashPart { bytes, .. }| bytes).sum()
        };
        let vocabulary = bytes_of(&|name| name.starts_with("vocabulary"));
        table.add_if_any("vocabulary", format!("{tokens} tokens"), vocabulary);
        let normalization = bytes_of(&|name| name == "normalization");
        table.add_if_any("normalization", input_stage(&model, part_one), normalization);
        let mut input = input_size(&model, part_one);
        if let Input::Text(Text { vectors: Vectors::Embedding { .. }, .. }) = part_one.input {
            table.add(
                "embedding",
                format!("{tokens} -> {input}"),
                tokens * input,
                bytes_of(&|name| name == "embedding"),
            );
        }
        for (number, layer) in part_one.layers.iter().enumerate() {
            let name = format!("layer {}", number + 1);
            let bytes = bytes_of(&|part| part.strip_prefix(&name).is_some_and(|rest| rest.starts_with(' ')));
            table.add(&name, layer_shape(layer, input), layer_parameters(layer, input), bytes);
            input = width(layer);
        }
        let classes = model.labels().count();
        let pooling = part_one.heads.first().map(|head| format!("{:?}, ", head.pooling).to_lowercase());
        let shape = format!("{}{input} -> {classes}", pooling.unwrap_or_default());
        table.add("head", shape, classes * (input + 1), bytes_of(&|name| name.starts_with("head ")));
        table.add_if_any("labels", format!("{classes} names"), bytes_of(&|name| name == "labels"));
        let known: usize = table.layers.iter().map(|layer| layer.bytes).sum();
        table.add_if_any("header", "and alignment".into(), table.bytes.saturating_sub(known));
        table.parameters = table.layers.iter().map(|layer| layer.parameters).sum();
        Ok(table)
    }

    fn add(&mut self, name: &str, shape: String, parameters: usize, bytes: usize) {
        self.layers.push(LayerSummary { name: name.into(), shape, parameters, bytes });
    }

    fn add_if_any(&mut self, name: &str, shape: String, bytes: usize) {
        if bytes > 0 {
            self.add(name, shape, 0, bytes);
        }
    }
}

fn layer_shape(layer: &Layer, input_size: usize) -> String {
    let (cell, hidden_size) = (cell_name(layer.cell), layer.hidden_size);
    match layer.reverse {
        None => format!("{cell} {input_size} -> {hidden_size}"),
        Some(_) => format!("{cell} {input_size} -> 2 x {hidden_size}, both directions"),
    }
}

fn layer_parameters(layer: &Layer, input_size: usize) -> usize {
    let hidden_size = usize::from(layer.hidden_size);
    let weights = layer.cell.gates() * hidden_size * (input_size + hidden_size);
    directions(layer).count() * (weights + layer.cell.results() * hidden_size)
}

/// A number with a comma between each three digits.
pub(super) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

impl fmt::Display for NetworkSummary {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { precision, layers, parameters, bytes, state_bytes } = self;
        let width = |of: fn(&LayerSummary) -> &String, least: usize| {
            layers.iter().map(|layer| of(layer).len()).max().unwrap_or(0).max(least)
        };
        let (names, shapes) = (width(|layer| &layer.name, 5), width(|layer| &layer.shape, 5));
        let head = format!("bytes as {precision}");
        let last = head.len().max(9);
        writeln!(formatter, "{:names$}  {:shapes$}  {:>12}  {head:>last$}", "layer", "shape", "parameters")?;
        for LayerSummary { name, shape, parameters, bytes } in layers {
            let (parameters, bytes) = (grouped(*parameters), grouped(*bytes));
            writeln!(formatter, "{name:names$}  {shape:shapes$}  {parameters:>12}  {bytes:>last$}")?;
        }
        let (parameters, bytes, state) = (grouped(*parameters), grouped(*bytes), grouped(*state_bytes));
        write!(
            formatter,
            "{:names$}  {:shapes$}  {parameters:>12}  {bytes:>last$}  state: {state} bytes of RAM",
            "total", ""
        )
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_layers_have_all_bytes_of_a_file_and_the_parameters_of_their_formulas() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("models/gestures/gestures.int8.rnl");
        let file = ModelFile::read(&path).unwrap();
        let summary = NetworkSummary::new(&file, &path, "int8").unwrap();
        let (parts, _) = file.parts(&path).unwrap();
        assert_eq!(summary.bytes, parts.header.device_length as usize);
        assert_eq!(summary.layers.iter().map(|layer| layer.bytes).sum::<usize>(), summary.bytes);
        let layer = summary.layers.iter().find(|layer| layer.name == "layer 1").unwrap();
        let input: usize = layer.shape.split(' ').nth(1).unwrap().parse().unwrap();
        // A GRU of 32 units: 3 gates, 4 biases a unit.
        assert_eq!(layer.parameters, 3 * 32 * (input + 32) + 4 * 32);
        assert!(layer.bytes > 3 * 32 * (input + 32), "a byte a weight: {layer:?}");
        let text = summary.to_string();
        assert!(text.lines().next().unwrap().ends_with("bytes as int8"), "{text}");
        assert!(text.contains("gru "), "{text}");
    }

    #[test]
    fn digits_are_grouped_by_three() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }
}
