//! Whole models against what their framework answered: see `make.py`.

use std::path::{Path, PathBuf};

use runtime::format::WordRule;
use runtime::text::WordTokenizer;
use serde::Deserialize;
use trainer::import::{Imported, read_model};
use trainer::network::Pooling;

use crate::reference;

pub(crate) const MODELS: [&str; 4] = ["torch_bilstm", "torch_rnn_relu", "keras_gru", "keras_bilstm"];
const TOLERANCE: f64 = 1e-4;

/// What a framework answered.
#[derive(Deserialize)]
pub(crate) struct Answers {
    pub(crate) texts: Vec<String>,
    pub(crate) logits: Vec<Vec<f32>>,
}

impl Answers {
    pub(crate) fn read(name: &str) -> Self {
        let answers: Self =
            serde_json::from_str(&std::fs::read_to_string(file(&format!("{name}.logits.json"))).unwrap()).unwrap();
        assert!(answers.texts.len() >= 40 && answers.texts.len() == answers.logits.len());
        answers
    }
}

/// A file of this folder.
pub(crate) fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("import").join(name)
}

#[test]
fn the_formulas_give_the_frameworks_logits() {
    for name in MODELS {
        let model = read_model(&file(&format!("{name}.safetensors")), &file(&format!("{name}.toml"))).unwrap();
        let answers = Answers::read(name);
        for (text, expected) in answers.texts.iter().zip(&answers.logits) {
            let found = logits(&model, text);
            assert_eq!(found.len(), expected.len());
            for (found, expected) in found.iter().zip(expected) {
                assert!(
                    (found - f64::from(*expected)).abs() <= TOLERANCE,
                    "{name}, `{text}`: {found} instead of {expected}"
                );
            }
        }
    }
}

fn logits(model: &Imported, text: &str) -> Vec<f64> {
    let embedding: Vec<&[f32]> = model.weights.embedding.as_ref().unwrap().rows().collect();
    let mut steps = Vec::new();
    let mut push = |word: Option<&[u8]>| {
        let place = word.and_then(|word| model.input.words().binary_search_by(|known| known.as_bytes().cmp(word)).ok());
        steps.push(embedding[place.map_or(1, |place| place + 2)].iter().map(|value| f64::from(*value)).collect());
    };
    let mut tokenizer = WordTokenizer::new(WordRule::LowercaseAlphanumeric);
    tokenizer.push(text.as_bytes(), &mut push);
    tokenizer.finish(&mut push);
    let mut last = Vec::new();
    for layer in &model.weights.layers {
        let output = reference::layer(layer, &steps);
        (steps, last) = (output.steps, output.last);
    }
    let unit = |number: usize| steps.iter().map(move |step| step[number]);
    let pooled: Vec<f64> = match model.description.pooling {
        Pooling::Last => last,
        Pooling::Mean => (0..last.len()).map(|number| unit(number).sum::<f64>() / steps.len() as f64).collect(),
        Pooling::Max => (0..last.len()).map(|number| unit(number).fold(f64::MIN, f64::max)).collect(),
    };
    let head = model.weights.head_weight.rows().zip(&model.weights.head_bias);
    head.map(|(row, bias)| f64::from(*bias) + row.iter().zip(&pooled).map(|(w, p)| f64::from(*w) * p).sum::<f64>())
        .collect()
}
