//! Writes one small int8 model of every kind, and what the runtime answers, for another reader of the format:
//!
//! ```text
//! cargo run --release -p runtime --example format_samples -- FOLDER
//! ```
//!
//! gives `NAME.rnl` and `NAME.answers` (FORMAT.md, appendix A) in the folder: every cell, one and both directions,
//! stacks, every input, word rule and pooling, one-hot tokens, numbers in 4 bits, padding, steps of several frames, temperatures
//! and thresholds, every alignment, extensions, stripped files, sequences that are too long, and long ones of models without a limit.
#![allow(clippy::unwrap_used, reason = "an example may panic")]

#[path = "../tests/common/mod.rs"]
mod common;

use std::fs;
use std::path::Path;

use common::{CELLS, File, InputSpec, LayerSpec, POOLINGS, Parts, Spec, VectorSpec, WeightSpec, WindowSpec, file};
use runtime::format::{Cell, Header, Packing, Pooling, Precision, Thresholds, WordRule};
use runtime::known_answer::{KnownAnswer, KnownInput};
use runtime::{Classifier, Model};

const CAPACITY: usize = 4096;

const TEXTS: [&str; 12] = [
    "",
    "lamp",
    "Lamp OFF, é up!",
    "the light is on and down down down",
    "loan alone, olé: one é lo",
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen",
    "w6 w17 w128 w255 w256 w299 w300 w301 w302 w303 w304 w305",
    "straße İstanbul ΣΑΣ \u{1F980}",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa lamp",
    "\u{FFFD}\u{10FFFF}\t\n",
    "E\u{301} e\u{301}\u{302}lamp \u{301}off l\u{200D}o \u{200C}up up\u{200C} \u{E9}",
    "20°C don't OFF—up É lamp_light\u{A0}off",
];

fn main() {
    let folder = std::env::args().nth(1).unwrap();
    fs::create_dir_all(&folder).unwrap();
    let mut files: Vec<File> = samples().iter().map(file).collect();
    files.extend(other_files());
    for (number, file) in files.iter().enumerate() {
        write(Path::new(&folder), &format!("sample-{number:03}"), file);
    }
    println!("{} models", files.len());
}

fn samples() -> Vec<Spec> {
    let mut specs = Vec::new();
    let new = |layers: &[LayerSpec], pooling| Spec { max_steps: 12, ..Spec::new(Precision::Int8, layers, pooling) };
    for cell in CELLS {
        for pooling in POOLINGS {
            specs.push(new(&[LayerSpec::forward(cell, 5, 100)], pooling));
            specs.push(new(&[LayerSpec::both(cell, 6, 200), LayerSpec::both(Cell::Gru, 3, 300)], pooling));
        }
    }
    let stack = [
        LayerSpec::forward(Cell::RnnRelu, 5, 100),
        LayerSpec::both(Cell::Lstm, 3, 200),
        LayerSpec::forward(Cell::RnnTanh, 7, 300),
        LayerSpec::both(Cell::RnnRelu, 4, 400),
    ];
    for weights in [WeightSpec::Bytes, WeightSpec::Nibbles] {
        specs.push(Spec { weights, ..new(&stack, Pooling::Mean) });
        for cell in CELLS {
            specs.push(Spec { weights, ..new(&[LayerSpec::both(cell, 6, 210)], Pooling::Max) });
        }
    }
    let inputs = [
        InputSpec::Words,
        InputSpec::HashedWords,
        InputSpec::FingerprintedWords,
        InputSpec::ComposedWords,
        InputSpec::Characters,
        InputSpec::Bytes,
    ];
    for input in inputs {
        let composed = input == InputSpec::ComposedWords;
        let all = [VectorSpec::Embedding, VectorSpec::Nibbles, VectorSpec::OneHot];
        for vectors in all.into_iter().take(if composed { 2 } else { 3 }) {
            for layers in [[LayerSpec::forward(Cell::Gru, 6, 500)], [LayerSpec::both(Cell::Lstm, 5, 600)]] {
                let spec = new(&layers, Pooling::Max);
                specs.push(Spec { input, vectors, ..spec.clone() });
                let weights = WeightSpec::Nibbles;
                specs.push(Spec { input, vectors, weights, pad_to: 9, pooling: Pooling::Mean, ..spec });
            }
        }
    }
    for layers in [[LayerSpec::forward(Cell::Lstm, 6, 700)], [LayerSpec::both(Cell::RnnTanh, 5, 800)]] {
        specs.push(Spec { input: InputSpec::Frames, ..new(&layers, Pooling::Mean) });
    }
    let windows = [(1, 1, true), (2, 3, false), (4, 2, true), (3, 1, false)];
    for (number, (frames_per_step, frame_stride, has_differences)) in windows.into_iter().enumerate() {
        let window =
            WindowSpec { frames_per_step, frame_stride, has_differences, has_one_unit: number.is_multiple_of(2) };
        for layers in [[LayerSpec::forward(Cell::Gru, 5, 710)], [LayerSpec::both(Cell::Lstm, 4, 810)]] {
            specs.push(Spec { input: InputSpec::Frames, window, ..new(&layers, POOLINGS[number % 3]) });
        }
    }
    for rule in [WordRule::LowercaseWithMarks, WordRule::Ascii] {
        for input in [InputSpec::Words, InputSpec::HashedWords, InputSpec::FingerprintedWords] {
            let spec = new(&[LayerSpec::forward(Cell::Gru, 6, 510)], Pooling::Mean);
            specs.push(Spec { input, rule, ..spec });
        }
    }
    for (alignment, thresholds) in [(8, Thresholds::One(16_384)), (16, Thresholds::OfClasses)] {
        let spec = new(&[LayerSpec::both(Cell::RnnTanh, 5, 520)], Pooling::Last);
        specs.push(Spec { alignment, thresholds, inverse_temperature: 3_000, ..spec });
    }
    for pooling in POOLINGS {
        let unlimited = Spec { max_steps: 0, ..new(&[LayerSpec::forward(Cell::Gru, 6, 900)], pooling) };
        specs.push(Spec { input: InputSpec::Frames, ..unlimited.clone() });
        specs.push(Spec { pad_to: 9, ..unlimited });
    }
    let packed: Vec<Spec> = specs.iter().map(|spec| Spec { packing: Packing::HalfWords, ..spec.clone() }).collect();
    specs.extend(packed);
    specs
}

/// Files with more than a model needs, and with less than the trainer writes: extensions of tags 5 and 300 and a
/// signature, no part two, and what is left of each once it is stripped.
fn other_files() -> Vec<File> {
    let mut files = Vec::new();
    for alignment in [4, 8, 16] {
        let spec = Spec::new(Precision::Int8, &[LayerSpec::forward(Cell::Lstm, 5, 530)], Pooling::Mean);
        let plain = Parts { alignment, ..Parts::of(&spec) };
        let extensions = vec![5, 0, 1, 0xAA, 0xAC, 0x02, 0, 2, 0xBB, 0xCC];
        for parts in [
            Parts { extensions, signature: vec![7; 64], ..plain.clone() },
            Parts { part_two: Vec::new(), ..plain.clone() },
            plain,
        ] {
            let whole = parts.assemble();
            let device_length = Header::read(whole.bytes()).unwrap().device_length as usize;
            files.push(File::new(&whole.bytes()[..device_length]));
            files.push(whole);
        }
    }
    files
}

fn write(folder: &Path, name: &str, file: &File) {
    let model = file.parse().unwrap();
    let answers = if model.channels() > 0 { frame_answers(&model) } else { text_answers(&model) };
    fs::write(folder.join(format!("{name}.rnl")), file.bytes()).unwrap();
    fs::write(folder.join(format!("{name}.answers")), answers).unwrap();
}

fn text_answers(model: &Model<'_>) -> Vec<u8> {
    let mut file = (TEXTS.len() as u32).to_le_bytes().to_vec();
    let mut classifier = Classifier::new(model, [0; CAPACITY]).unwrap();
    for text in TEXTS {
        classifier.reset();
        classifier.push_text(text);
        append(&mut file, &mut classifier, KnownInput::Text(text));
    }
    file
}

fn frame_answers(model: &Model<'_>) -> Vec<u8> {
    let lengths = [0_usize, 1, 2, 5, 12, 15, 600];
    let mut file = (2 * lengths.len() as u32).to_le_bytes().to_vec();
    let mut classifier = Classifier::new(model, [0; CAPACITY]).unwrap();
    for length in lengths {
        let frame = |step: usize| [0, 1, 2].map(|channel| (i16::from(common::number(9, step, channel))) * 9);
        // The same, and now and then a number that takes more than 16 bits.
        let wide = |step: usize| frame(step).map(|value| i32::from(value) << (step % 7 * 3));
        classifier.reset();
        for step in 0..length {
            classifier.push_frame_i16(&frame(step)).unwrap();
        }
        let values: Vec<u8> = (0..length).flat_map(frame).flat_map(i16::to_le_bytes).collect();
        append(&mut file, &mut classifier, KnownInput::Frames { channels: 3, values: &values });
        classifier.reset();
        for step in 0..length {
            classifier.push_frame(&wide(step)).unwrap();
        }
        let values: Vec<u8> = (0..length).flat_map(wide).flat_map(i32::to_le_bytes).collect();
        append(&mut file, &mut classifier, KnownInput::WideFrames { channels: 3, values: &values });
    }
    file
}

fn append(file: &mut Vec<u8>, classifier: &mut Classifier<'_, '_, [u32; CAPACITY]>, input: KnownInput<'_>) {
    let class = classifier.predict().class as u32;
    let found = classifier.logits();
    let logits: Vec<u8> = (0..found.len()).flat_map(|class| found.bits(class).unwrap().to_le_bytes()).collect();
    let mut buffer = vec![0; 1 << 14];
    file.extend_from_slice(postcard::to_slice(&KnownAnswer { input, class, logits: &logits }, &mut buffer).unwrap());
}
