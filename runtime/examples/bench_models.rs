//! Writes the models that `tests/bench-board` runs on emulated boards, each with what this machine answers:
//!
//! ```text
//! cargo run --release -p runtime --example bench_models -- FOLDER PACKING
//! ```
//!
//! gives `CELL-INPUTxHIDDEN.rnl` and `.answers` in the folder, packed as the number in a header says. The weights are a function of their place.
#![allow(clippy::unwrap_used, reason = "an example may panic")]

#[path = "../tests/common/mod.rs"]
mod common;

use std::fs;
use std::path::Path;

use common::{File, InputSpec, LayerSpec, Spec, WORDS, file};
use runtime::Classifier;
use runtime::format::{Cell, Packing, Pooling, Precision};
use runtime::known_answer::{KnownAnswer, KnownInput};

/// Input and hidden size.
const SHAPES: [(usize, usize); 5] = [(64, 32), (64, 64), (16, 64), (128, 128), (6, 32)];
const CELLS: [(&str, Cell); 3] = [("lstm", Cell::Lstm), ("gru", Cell::Gru), ("rnn", Cell::RnnTanh)];

/// Channels and units of the models whose steps are counted one by one.
const CONSTANT_SHAPE: (usize, usize) = (6, 8);

fn main() {
    let [folder, packing] = [1, 2].map(|number| std::env::args().nth(number).unwrap());
    let packing = Packing::from_code(packing.parse().unwrap()).unwrap();
    fs::create_dir_all(&folder).unwrap();
    for (name, cell) in CELLS {
        for (input_size, hidden_size) in SHAPES {
            let file = file(&Spec { packing, ..spec(cell, input_size, hidden_size) });
            let path = Path::new(&folder).join(format!("{name}-{input_size}x{hidden_size}"));
            fs::write(path.with_extension("rnl"), file.bytes()).unwrap();
            fs::write(path.with_extension("answers"), answers(&file)).unwrap();
        }
        let (channels, hidden_size) = CONSTANT_SHAPE;
        let file =
            file(&Spec { packing, input: InputSpec::Identity { channels }, ..spec(cell, channels, hidden_size) });
        let path = Path::new(&folder).join(format!("{name}-constant"));
        fs::write(path.with_extension("rnl"), file.bytes()).unwrap();
        fs::write(path.with_extension("answers"), frame_answers(&file)).unwrap();
    }
}

/// A streaming model of one int8 layer under an embedding.
fn spec(cell: Cell, input_size: usize, hidden_size: usize) -> Spec {
    Spec {
        embedding_size: input_size,
        max_steps: 0,
        ..Spec::new(Precision::Int8, &[LayerSpec::forward(cell, hidden_size, 100)], Pooling::Last)
    }
}

/// A file of one known answer, to a text of all words and one that is not known.
fn answers(file: &File) -> Vec<u8> {
    let model = file.parse().unwrap();
    let mut classifier = Classifier::new(&model, vec![0; model.required_words()]).unwrap();
    let text = format!("{} unheard", WORDS.join(" "));
    classifier.push_text(&text);
    one_answer(&mut classifier, KnownInput::Text(&text))
}

/// A file of one known answer, to frames of all magnitudes.
fn frame_answers(file: &File) -> Vec<u8> {
    let model = file.parse().unwrap();
    let mut classifier = Classifier::new(&model, vec![0; model.required_words()]).unwrap();
    let channels = model.channels();
    let values: Vec<i16> =
        (0..9 * channels).map(|place| i16::from(common::number(9, place, 0)) >> (place % 8)).collect();
    for frame in values.chunks(channels) {
        classifier.push_frame_i16(frame).unwrap();
    }
    let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    one_answer(&mut classifier, KnownInput::Frames { channels: channels as u16, values: &bytes })
}

fn one_answer(classifier: &mut Classifier<'_, '_, Vec<u32>>, input: KnownInput<'_>) -> Vec<u8> {
    let class = classifier.predict().class as u32;
    let logits = classifier.logits();
    let bits = (0..logits.len()).flat_map(|class| logits.bits(class).unwrap().to_le_bytes());
    let answer = KnownAnswer { input, class, logits: &bits.collect::<Vec<_>>() };
    let mut buffer = [0; 256];
    [&1_u32.to_le_bytes(), &*postcard::to_slice(&answer, &mut buffer).unwrap()].concat()
}
