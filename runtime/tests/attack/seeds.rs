//! The files that the fuzzer starts from are the models that [`crate::common`] makes today.

use std::path::Path;

use crate::common::{
    GATHERED, InputSpec, PRECISIONS, Spec, VectorSpec, WeightSpec, both_directions, file, one_layer, two_layers,
};
use runtime::format::{Cell, Packing, Pooling, Precision};

/// The name and the model of each file: every precision, cell, input and direction.
fn seeds() -> Vec<(String, Spec)> {
    let one = |cell, input| Spec { input, ..one_layer(cell, Precision::Int8) };
    let padded = |cell, input| Spec { pad_to: 5, ..one(cell, input) };
    let one_hot = Spec { vectors: VectorSpec::OneHot, ..both_directions(Cell::RnnRelu, Precision::Int8) };
    let int4 = Spec {
        weights: WeightSpec::Nibbles,
        vectors: VectorSpec::Nibbles,
        ..padded(Cell::Lstm, InputSpec::FingerprintedWords)
    };
    let seeds = [
        ("gru-both-frames-f32", Spec { input: InputSpec::Frames, ..both_directions(Cell::Gru, Precision::F32) }),
        ("rnn-relu-both-one-hot", one_hot),
        ("rnn-tanh-characters", padded(Cell::RnnTanh, InputSpec::Characters)),
        ("gru-hashed-words", padded(Cell::Gru, InputSpec::HashedWords)),
        ("gru-windows", Spec { window: GATHERED, ..one(Cell::Gru, InputSpec::Frames) }),
        ("lstm-bytes", padded(Cell::Lstm, InputSpec::Bytes)),
        ("lstm-composed-words", padded(Cell::Lstm, InputSpec::ComposedWords)),
        ("lstm-frames", Spec { max_steps: 0, pooling: Pooling::Last, ..one(Cell::Lstm, InputSpec::Frames) }),
        ("int4-fingerprints", int4),
        ("lstm-half-words", Spec { packing: Packing::HalfWords, ..one(Cell::Lstm, InputSpec::Words) }),
        ("gru-half-words", Spec { packing: Packing::HalfWords, ..one(Cell::Gru, InputSpec::Frames) }),
    ];
    let words = PRECISIONS.map(|precision| (precision.to_string(), two_layers(precision)));
    words.into_iter().chain(seeds.map(|(name, spec)| (name.to_owned(), spec))).collect()
}

#[test]
fn the_fuzzers_seeds_are_todays_models() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fuzz/seeds");
    for (name, spec) in seeds() {
        let (path, file) = (folder.join(format!("{name}.rnl")), file(&spec));
        if std::env::var_os("RUNNEL_WRITE_SEEDS").is_some() {
            std::fs::write(&path, file.bytes()).unwrap();
        }
        let seed = std::fs::read(&path).unwrap_or_default();
        assert!(seed == file.bytes(), "{}: write it anew with RUNNEL_WRITE_SEEDS=1 set for this test", path.display());
    }
}
