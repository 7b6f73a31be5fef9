//! Streams without an end, and what each push says of its steps.
#![cfg(feature = "float")]
#![allow(clippy::unwrap_used)]

mod common;

use common::{CELLS, InputSpec, LayerSpec, PRECISIONS, Spec, file};
use runtime::format::{Cell, Pooling, Precision};
use runtime::{Classifier, Error, LayerState, LongInput, Pushed};

/// Words of state of the classifiers here.
const CAPACITY: usize = 4096;

type TestClassifier<'c, 'm> = Classifier<'c, 'm, CAPACITY>;

const TOKENS: [u32; 9] = [2, 5, 1, 7, 0, 3, 3, 6, 4];
const TAKEN: Pushed = Pushed { taken: 1, refused: 0 };
const REFUSED: Pushed = Pushed { taken: 0, refused: 1 };

/// The hidden state of the first layer.
fn hidden(classifier: &mut TestClassifier<'_, '_>) -> Vec<f32> {
    match classifier.layer_state(0).unwrap() {
        LayerState::Float { hidden, .. } => hidden.to_vec(),
        LayerState::Int8 { hidden, .. } => hidden.iter().map(|value| f32::from(*value)).collect(),
    }
}

/// Pushes so many tokens into a model without a limit: all are taken in, and the state moves to the end.
fn push_without_end(spec: &Spec, steps: usize) {
    let file = file(&Spec { max_steps: 0, ..spec.clone() });
    let model = file.parse().unwrap();
    assert_eq!(model.max_steps(), u32::MAX);
    let mut classifier = TestClassifier::new(&model).unwrap();
    let mut states = Vec::new();
    for step in 0..steps {
        assert_eq!(classifier.push_token(TOKENS[step % TOKENS.len()]), TAKEN, "{spec:?} {step}");
        if step + 2 >= steps {
            states.push(hidden(&mut classifier));
        }
    }
    assert_eq!([classifier.steps() as usize, classifier.refused_steps() as usize], [steps, 0]);
    assert!(states.iter().flatten().all(|value| value.is_finite()));
    assert_ne!(states[0], states[1], "{spec:?}: the state stands still");
}

#[test]
fn a_stream_of_a_model_without_a_limit_goes_on() {
    for precision in PRECISIONS {
        for cell in CELLS {
            for pooling in [Pooling::Last, Pooling::Max] {
                push_without_end(&Spec::new(precision, &[LayerSpec::forward(cell, 5, 100)], pooling), 100_000);
            }
        }
    }
}

#[test]
fn every_push_tells_whether_its_steps_were_taken() {
    let layers = [LayerSpec::forward(Cell::Lstm, 5, 100), LayerSpec::forward(Cell::RnnRelu, 4, 110)];
    let limited = Spec { max_steps: 3, ..Spec::new(Precision::Int8, &layers, Pooling::Last) };
    let words = file(&limited);
    let model = words.parse().unwrap();
    let mut classifier = TestClassifier::new(&model).unwrap();
    let pushed = |taken, refused| Pushed { taken, refused };
    assert_eq!(classifier.push_text("lam"), pushed(0, 0));
    assert_eq!(classifier.push_bytes(b"p on "), pushed(2, 0));
    assert_eq!(classifier.push_text("lamp off down u"), pushed(1, 2));
    assert_eq!(classifier.push_token(3), REFUSED);
    classifier.predict();
    let counts = [classifier.steps(), classifier.refused_steps()];
    assert_eq!(counts, [3, 3], "a word that has begun is neither taken nor refused");
    classifier.reset();
    assert_eq!(classifier.push_token(3), TAKEN);

    let frames = file(&Spec { input: InputSpec::Frames, ..limited.clone() });
    let model = frames.parse().unwrap();
    let mut classifier = TestClassifier::new(&model).unwrap();
    for expected in [TAKEN, TAKEN, TAKEN, REFUSED, REFUSED] {
        assert_eq!(classifier.push_frame(&[1, 2, 3]), Ok(expected));
        assert_eq!(classifier.push_frame(&[1, 2]), Err(Error::WrongChannels { expected: 3, found: 2 }));
    }
    assert_eq!(classifier.push_frame_f32(&[0.5; 3]), Ok(REFUSED));
    assert_eq!([classifier.push_text("lamp"), classifier.push_token(2)], [REFUSED; 2]);

    let kept = file(&Spec { layers: vec![LayerSpec::both(Cell::Gru, 5, 100)], ..limited });
    let model = kept.parse().unwrap();
    let mut window = TestClassifier::with_long_input(&model, LongInput::Window).unwrap();
    assert!(TOKENS.into_iter().all(|token| window.push_token(token) == TAKEN));
    assert_eq!([window.steps(), window.refused_steps()], [3, 0]);
}
