//! The files that the fuzzer starts from are the models that the exporter writes today.

use std::path::Path;

use runtime::format::Precision;
use trainer::export::ModelFile;
use trainer::network::Cell;
use trainer::quantize::{Bits, IntegerBits};

use crate::fixture::{PRECISIONS, Step, Variant, both_directions, frames, model, two_layers, with_limit};

/// The name and the model of each file: every precision, cell, input and direction.
fn seeds() -> impl Iterator<Item = (String, ModelFile)> {
    let both = |cell, step, precision| Variant { step, ..both_directions(cell, precision) };
    let one = |cell, step| Variant { cell, step, pad_to: 5, ..Variant::new(Precision::Int8) };
    let others = [
        ("gru-both-frames-f32", both(Cell::Gru, Step::Frame, Precision::F32)),
        ("rnn-relu-both-one-hot", both(Cell::RnnRelu, Step::OneHotWord, Precision::Int8)),
        ("rnn-tanh-characters", one(Cell::RnnTanh, Step::Character)),
        ("gru-hashed-words", one(Cell::Gru, Step::HashedWord)),
        ("gru-windows", Variant { pad_to: 0, ..one(Cell::Gru, Step::Window) }),
        ("lstm-bytes", one(Cell::Lstm, Step::Byte)),
        ("lstm-composed-words", one(Cell::Lstm, Step::ComposedWord)),
        (
            "int4-fingerprints",
            Variant { bits: IntegerBits::all(Bits::Four), ..one(Cell::Lstm, Step::FingerprintedWord) },
        ),
    ];
    let others = others.map(|(name, variant)| (name.to_owned(), model(variant)));
    let endless = with_limit(frames(Precision::Int8), 0, 9);
    let streamed = ("lstm-frames".to_owned(), endless);
    let words = PRECISIONS.map(|precision| (precision.to_string(), two_layers(precision)));
    words.into_iter().chain([streamed]).chain(others)
}

#[test]
fn the_fuzzers_seeds_are_todays_models() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds");
    for (name, file) in seeds() {
        let path = folder.join(format!("{name}.rnl"));
        if std::env::var_os("RUNNEL_WRITE_SEEDS").is_some() {
            std::fs::write(&path, file.bytes()).unwrap();
        }
        let seed = std::fs::read(&path).unwrap_or_default();
        assert!(seed == file.bytes(), "{}: write it anew with RUNNEL_WRITE_SEEDS=1 set for this test", path.display());
    }
}
