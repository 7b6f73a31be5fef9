//! Writes the models that `firmware-demo/size` puts into its images, one for each set of features:
//!
//! ```text
//! cargo run --release -p runtime --example size_models -- FOLDER PACKING
//! ```
//!
//! gives `SET.rnl` in the folder, packed as the number in a header says. What their weights are matters to no size, so they are
//! a function of their place.
#![allow(clippy::unwrap_used, reason = "an example may panic")]

#[path = "../tests/common/mod.rs"]
mod common;

use std::fs;
use std::path::Path;

use common::{InputSpec, LayerSpec, Spec, VectorSpec, WeightSpec, file};
use runtime::format::{Cell, Packing, Pooling, Precision, WordRule};

const HIDDEN_SIZE: usize = 32;
const CHANNELS: usize = 6;
const CLASSES: usize = 6;
const EMBEDDING_SIZE: usize = 16;
const WORDS: usize = 60;

fn main() {
    let [folder, packing] = [1, 2].map(|number| std::env::args().nth(number).unwrap());
    let packing = Packing::from_code(packing.parse().unwrap()).unwrap();
    fs::create_dir_all(&folder).unwrap();
    for (set, spec) in sets() {
        // Floats and weights of 4 bits have one order.
        let is_packed = spec.precision == Precision::Int8 && spec.weights != WeightSpec::Nibbles;
        let packing = if is_packed { packing } else { Packing::RowMajor };
        let file = file(&Spec { packing, ..spec });
        file.parse().unwrap();
        fs::write(Path::new(&folder).join(format!("{set}.rnl")), file.bytes()).unwrap();
    }
}

fn sets() -> [(&'static str, Spec); 6] {
    let compact = Spec {
        input: InputSpec::FingerprintedWords,
        vectors: VectorSpec::Nibbles,
        // Vectors in 4 bits are one shorter than `embedding_size`.
        embedding_size: EMBEDDING_SIZE + 1,
        weights: WeightSpec::Nibbles,
        ..words(Precision::Int8)
    };
    [
        ("frames-gru", frames(Cell::Gru)),
        ("frames-lstm", frames(Cell::Lstm)),
        ("words-lstm", words(Precision::Int8)),
        ("words-lstm-int4-fingerprints", compact),
        ("all", words(Precision::Int8)),
        ("all-float", words(Precision::F16)),
    ]
}

/// A streaming model of one layer.
fn spec(precision: Precision, cell: Cell) -> Spec {
    Spec {
        labels: (0..CLASSES).map(|class| format!("class {class}")).collect(),
        max_steps: 0,
        ..Spec::new(precision, &[LayerSpec::forward(cell, HIDDEN_SIZE, 100)], Pooling::Last)
    }
}

fn frames(cell: Cell) -> Spec {
    Spec { input: InputSpec::Identity { channels: CHANNELS }, ..spec(Precision::Int8, cell) }
}

fn words(precision: Precision) -> Spec {
    Spec {
        rule: WordRule::LowercaseWithMarks,
        words: (0..WORDS).map(|number| format!("word{number:02}")).collect(),
        embedding_size: EMBEDDING_SIZE,
        ..spec(precision, Cell::Lstm)
    }
}
