//! Streams without an end, and what each push says of its steps.
#![cfg(feature = "float")]
#![allow(clippy::unwrap_used)]

use crate::common::{CELLS, InputSpec, LayerSpec, PRECISIONS, Parts, Spec, file, head_logits, logits};
use runtime::format::{Cell, Pooling, Precision};
use runtime::{Classifier, Error, LayerState, LongInput, Pushed};

/// Words of state of the classifiers here.
const CAPACITY: usize = 4096;

type TestClassifier<'c, 'm> = Classifier<'c, 'm, [u32; CAPACITY]>;

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
    let mut classifier = TestClassifier::new(&model, [0; CAPACITY]).unwrap();
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
    let mut classifier = TestClassifier::new(&model, [0; CAPACITY]).unwrap();
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
    let mut classifier = TestClassifier::new(&model, [0; CAPACITY]).unwrap();
    for expected in [TAKEN, TAKEN, TAKEN, REFUSED, REFUSED] {
        assert_eq!(classifier.push_frame(&[1, 2, 3]), Ok(expected));
        assert_eq!(classifier.push_frame(&[1, 2]), Err(Error::WrongChannels { expected: 3, found: 2 }));
    }
    assert_eq!(classifier.push_frame_f32(&[0.5; 3]), Ok(REFUSED));
    assert_eq!([classifier.push_text("lamp"), classifier.push_token(2)], [REFUSED; 2]);

    let kept = file(&Spec { layers: vec![LayerSpec::both(Cell::Gru, 5, 100)], ..limited });
    let model = kept.parse().unwrap();
    let mut window = TestClassifier::with_long_input(&model, [0; CAPACITY], LongInput::Window).unwrap();
    assert!(TOKENS.into_iter().all(|token| window.push_token(token) == TAKEN));
    assert_eq!([window.steps(), window.refused_steps()], [3, 0]);
}

/// The mean of an output as a stream goes on: when 65,535 steps are in the sum, both are halved before the next one.
#[derive(Debug, Clone)]
struct RunningMean {
    precision: Precision,
    sums: Vec<f64>,
    count: u32,
}

impl RunningMean {
    fn add(&mut self, output: &[f32]) {
        let is_integer = self.precision == Precision::Int8;
        if self.count == 65_535 {
            self.count = 32_768;
            self.sums.iter_mut().for_each(|sum| *sum = if is_integer { (*sum / 2.0).floor() } else { *sum / 2.0 });
        }
        self.count += 1;
        for (sum, value) in self.sums.iter_mut().zip(output) {
            // A float model adds in 32 bits.
            *sum = if is_integer { *sum + f64::from(*value) } else { (*sum as f32 + value).into() };
        }
    }

    fn pooled(&self) -> Vec<f32> {
        let mean = |sum: &f64| match self.precision {
            Precision::Int8 => (sum / f64::from(self.count)).round().clamp(-32_768.0, 32_767.0) as f32,
            Precision::F32 | Precision::F16 => *sum as f32 / self.count as f32,
        };
        self.sums.iter().map(mean).collect()
    }
}

#[test]
fn the_mean_of_a_stream_without_an_end_lets_its_first_steps_fade() {
    for precision in PRECISIONS {
        for (cell, max_steps) in [(Cell::Lstm, 0), (Cell::RnnRelu, 150_000), (Cell::Gru, u32::MAX)] {
            let spec = Spec { max_steps, ..Spec::new(precision, &[LayerSpec::forward(cell, 5, 100)], Pooling::Mean) };
            let file = file(&spec);
            let model = file.parse().unwrap();
            let mut classifier = TestClassifier::new(&model, [0; CAPACITY]).unwrap();
            let mut mean = RunningMean { precision, sums: vec![0.0; 5], count: 0 };
            let steps = if max_steps == 150_000 { max_steps as usize } else { 200_000 };
            for step in 1..=steps {
                // The first third is unlike the rest.
                let token = if step < 60_000 { TOKENS[step % 3] } else { TOKENS[3 + step % 6] };
                assert_eq!(classifier.push_token(token), TAKEN);
                mean.add(&hidden(&mut classifier));
                if step % 9_973 == 1 || (65_533..65_540).contains(&step) || (98_300..98_306).contains(&step) {
                    assert_eq!(logits(&mut classifier), head_logits(precision, &mean.pooled()), "{spec:?} {step}");
                    assert_eq!(classifier.steps() as usize, step);
                }
            }
            assert_eq!(logits(&mut classifier), head_logits(precision, &mean.pooled()), "{spec:?}");
            let expected = if max_steps == 150_000 { REFUSED } else { TAKEN };
            assert_eq!(classifier.push_token(3), expected);
        }
    }
}

/// The largest sum that there is: every state at the end of its range.
#[test]
fn a_mean_of_the_largest_states_holds_them_without_an_end() {
    for (bias, state) in [(i32::MAX >> 3, 32_767.0), (-(i32::MAX >> 3), -32_767.0)] {
        // A tanh is at the end of its range on both sides; its pre-activation saturates.
        let spec = Spec::new(Precision::Int8, &[LayerSpec::forward(Cell::RnnTanh, 5, 100)], Pooling::Mean);
        let mut parts = Parts::of(&Spec { max_steps: 0, ..spec });
        for unit in 0..5 {
            parts.poke("0.forward.bias", unit, &bias.to_le_bytes());
        }
        let file = parts.assemble();
        let model = file.parse().unwrap();
        let mut classifier = TestClassifier::new(&model, [0; CAPACITY]).unwrap();
        classifier.push_token(2);
        let outputs = hidden(&mut classifier);
        assert!(outputs.iter().all(|value| (value - state).abs() <= 60.0 && *value == outputs[0]), "{outputs:?}");
        let mut mean = RunningMean { precision: Precision::Int8, sums: vec![0.0; 5], count: 0 };
        mean.add(&outputs);
        for step in 2..1_000_000 {
            classifier.push_token(2);
            mean.add(&hidden(&mut classifier));
            assert!(mean.sums.iter().all(|sum| sum.abs() <= f64::from(i32::MAX)));
            if step % 9_973 == 0 || mean.count >= 65_534 {
                assert_eq!(logits(&mut classifier), head_logits(Precision::Int8, &mean.pooled()), "{step}");
            }
        }
        assert!(mean.pooled().iter().all(|value| (value - outputs[0]).abs() <= 2.0), "{:?}", mean.pooled());
    }
}
