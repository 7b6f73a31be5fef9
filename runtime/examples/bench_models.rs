//! Writes the models that `tests/bench-board` runs on emulated boards, each with what this machine answers:
//!
//! ```text
//! cargo run --release -p runtime --example bench_models -- FOLDER PACKING
//! ```
//!
//! gives `CELL-INPUTxHIDDEN.rnl` and `.answers` in the folder, packed as the number in a header says, and all models of
//! `--suite` in one `suite.rnl`, with one answer each in `suite.answers`. The weights are a function of their place.
#![allow(clippy::unwrap_used, reason = "an example may panic")]

#[path = "../tests/common/mod.rs"]
mod common;

use std::fs;
use std::path::Path;

use common::{File, InputSpec, LayerSpec, Spec, VectorSpec, WORDS, WeightSpec, file};
use runtime::Classifier;
use runtime::format::{Cell, Packing, Pooling, Precision};
use runtime::known_answer::{KnownAnswer, KnownInput};

/// Input and hidden size.
const SHAPES: [(usize, usize); 5] = [(64, 32), (64, 64), (16, 64), (128, 128), (6, 32)];
const CELLS: [(&str, Cell); 3] = [("lstm", Cell::Lstm), ("gru", Cell::Gru), ("rnn", Cell::RnnTanh)];

/// Channels and units of the models whose steps are counted one by one.
const CONSTANT_SHAPE: (usize, usize) = (6, 8);

/// Hidden sizes and, in turn, input sizes of the models that go through all of a kernel's loops.
const SUITE_HIDDEN_SIZES: [usize; 14] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 16, 31, 32, 35];
const SUITE_INPUT_SIZES: [usize; 11] = [1, 2, 3, 4, 5, 8, 15, 16, 17, 24, 33];
/// Bytes that a model in the file of all begins at a multiple of.
const SUITE_ALIGNMENT: usize = 16;

fn main() {
    let [folder, packing] = [1, 2].map(|number| std::env::args().nth(number).unwrap());
    let packing = Packing::from_code(packing.parse().unwrap()).unwrap();
    fs::create_dir_all(&folder).unwrap();
    for (name, cell) in CELLS {
        for (input_size, hidden_size) in SHAPES {
            let file = file(&Spec { packing, ..spec(cell, input_size, hidden_size) });
            let path = Path::new(&folder).join(format!("{name}-{input_size}x{hidden_size}"));
            fs::write(path.with_extension("rnl"), file.bytes()).unwrap();
            fs::write(path.with_extension("answers"), file_of([text_answer(&file)])).unwrap();
        }
        let (channels, hidden_size) = CONSTANT_SHAPE;
        let file =
            file(&Spec { packing, input: InputSpec::Identity { channels }, ..spec(cell, channels, hidden_size) });
        let path = Path::new(&folder).join(format!("{name}-constant"));
        fs::write(path.with_extension("rnl"), file.bytes()).unwrap();
        fs::write(path.with_extension("answers"), file_of([frame_answer(&file)])).unwrap();
    }
    write_suite(Path::new(&folder), packing);
}

/// Writes the small models in one file, each after the number of its bytes, and an answer of each.
fn write_suite(folder: &Path, packing: Packing) {
    let (mut models, mut known) = (Vec::new(), Vec::new());
    for spec in suite() {
        let file = file(&Spec { packing, ..spec });
        let bytes = file.bytes();
        models.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
        models.resize(models.len().next_multiple_of(SUITE_ALIGNMENT), 0);
        models.extend_from_slice(bytes);
        models.resize(models.len().next_multiple_of(SUITE_ALIGNMENT), 0);
        known.push(if file.parse().unwrap().channels() > 0 { frame_answer(&file) } else { text_answer(&file) });
    }
    fs::write(folder.join("suite.rnl"), models).unwrap();
    fs::write(folder.join("suite.answers"), file_of(known)).unwrap();
}

/// Every cell with vectors of every length modulo what a loop takes at once, with one-hot tokens, and in 4 bits.
fn suite() -> Vec<Spec> {
    let mut suite = Vec::new();
    for (cell_number, cell) in common::CELLS.into_iter().enumerate() {
        for (number, hidden_size) in SUITE_HIDDEN_SIZES.into_iter().enumerate() {
            let layer = LayerSpec::forward(cell, hidden_size, 7 * hidden_size as u32);
            let plain = Spec { max_steps: 0, ..Spec::new(Precision::Int8, &[layer], Pooling::Mean) };
            for place in [2 * number, 2 * number + 1] {
                let channels = SUITE_INPUT_SIZES[(place + cell_number) % SUITE_INPUT_SIZES.len()];
                suite.push(Spec { input: InputSpec::Identity { channels }, ..plain.clone() });
            }
            if number % 3 == cell_number % 3 {
                suite.push(Spec { vectors: VectorSpec::OneHot, ..plain.clone() });
                suite.push(Spec { weights: WeightSpec::Nibbles, ..plain });
            }
        }
    }
    suite
}

/// A streaming model of one int8 layer under an embedding.
fn spec(cell: Cell, input_size: usize, hidden_size: usize) -> Spec {
    Spec {
        embedding_size: input_size,
        max_steps: 0,
        ..Spec::new(Precision::Int8, &[LayerSpec::forward(cell, hidden_size, 100)], Pooling::Last)
    }
}

/// A file of known answers, of those in postcard.
fn file_of(answers: impl IntoIterator<Item = Vec<u8>>) -> Vec<u8> {
    let answers: Vec<_> = answers.into_iter().collect();
    [(answers.len() as u32).to_le_bytes().to_vec(), answers.concat()].concat()
}

/// The known answer to a text of all words and one that is not known.
fn text_answer(file: &File) -> Vec<u8> {
    let model = file.parse().unwrap();
    let mut classifier = Classifier::new(&model, vec![0; model.required_words()]).unwrap();
    let text = format!("{} unheard", WORDS.join(" "));
    classifier.push_text(&text);
    answer(&mut classifier, KnownInput::Text(&text))
}

/// The known answer to frames of all magnitudes.
fn frame_answer(file: &File) -> Vec<u8> {
    let model = file.parse().unwrap();
    let mut classifier = Classifier::new(&model, vec![0; model.required_words()]).unwrap();
    let channels = model.channels();
    let values: Vec<i16> =
        (0..9 * channels).map(|place| i16::from(common::number(9, place, 0)) >> (place % 8)).collect();
    for frame in values.chunks(channels) {
        classifier.push_frame_i16(frame).unwrap();
    }
    let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    answer(&mut classifier, KnownInput::Frames { channels: channels as u16, values: &bytes })
}

/// What a classifier answers to what it has taken in, in postcard.
fn answer(classifier: &mut Classifier<'_, '_, Vec<u32>>, input: KnownInput<'_>) -> Vec<u8> {
    let class = classifier.predict().class as u32;
    let logits = classifier.logits();
    let bits = (0..logits.len()).flat_map(|class| logits.bits(class).unwrap().to_le_bytes());
    let answer = KnownAnswer { input, class, logits: &bits.collect::<Vec<_>>() };
    postcard::to_slice(&answer, &mut [0; 1024]).unwrap().to_vec()
}
