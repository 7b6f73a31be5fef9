//! Asking for an answer is about what was pushed so far as if it ended there, and changes no later answer.
#![cfg(feature = "float")]
#![allow(clippy::unwrap_used)]

use crate::common::{
    self, CHANNELS, InputSpec, LayerSpec, POOLINGS, Spec, VectorSpec, WindowSpec, file, logits, number, threshold,
};
use proptest::prelude::*;
use runtime::format::{Cell, ONE_TEMPERATURE, Pooling, Precision, Thresholds, WordRule};
use runtime::{Classifier, LayerState, LongInput, Model, Pushed, StepState};

/// Words of state of the classifiers here.
const CAPACITY: usize = 1024;

type TestClassifier<'c, 'm> = Classifier<'c, 'm, [u32; CAPACITY]>;

/// What may be asked between two pushes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Question {
    Prediction,
    Logits,
    Steps,
    States,
    /// The first steps of an answer.
    Slice,
}

const QUESTIONS: [Question; 5] =
    [Question::Prediction, Question::Logits, Question::Steps, Question::States, Question::Slice];

fn ask(classifier: &mut TestClassifier<'_, '_>, question: Question) {
    match question {
        Question::Prediction => assert!(classifier.predict().class < common::CLASSES),
        Question::Logits => assert_eq!(classifier.logits().len(), common::CLASSES),
        Question::Steps => assert!(classifier.steps() < 100_000),
        Question::States => {
            classifier.observe(|state| assert!(state.step < 100_000));
            classifier.layer_state(0);
        }
        Question::Slice => assert!(classifier.predict_some(2).is_none_or(|answer| answer.class < common::CLASSES)),
    }
}

/// A streaming model, and a bidirectional one that refuses what is too long, or forgets what came first.
fn layers() -> impl Strategy<Value = (Vec<LayerSpec>, LongInput)> {
    prop_oneof![
        Just((
            vec![LayerSpec::forward(Cell::Lstm, 5, 100), LayerSpec::forward(Cell::RnnRelu, 3, 110)],
            LongInput::Refuse
        )),
        Just((vec![LayerSpec::forward(Cell::Gru, 4, 100)], LongInput::Refuse)),
        Just((vec![LayerSpec::both(Cell::Gru, 4, 100)], LongInput::Refuse)),
        Just((vec![LayerSpec::both(Cell::Gru, 4, 100)], LongInput::Window)),
        Just((vec![LayerSpec::both(Cell::RnnTanh, 3, 100), LayerSpec::forward(Cell::Lstm, 3, 110)], LongInput::Window)),
    ]
}

fn specs(inputs: Vec<InputSpec>) -> impl Strategy<Value = (Spec, LongInput)> {
    let vectors = vec![VectorSpec::Embedding, VectorSpec::OneHot];
    let rules = vec![WordRule::LowercaseAlphanumeric, WordRule::LowercaseWithMarks, WordRule::Ascii];
    let windows = (1..5_u16, 1..4_u16, any::<bool>(), any::<bool>());
    (
        (layers(), prop::sample::select(inputs), prop::sample::select(vectors), prop::sample::select(rules)),
        (prop::sample::select(vec![Precision::Int8, Precision::F32]), prop::sample::select(&POOLINGS[..])),
        (prop::sample::select(vec![0, 4, 12]), prop::sample::select(vec![0, 3, 4]), windows),
    )
        .prop_map(
            |(((layers, long_input), input, vectors, rule), (precision, pooling), (max_steps, pad_to, window))| {
                let is_kept = layers.iter().any(|layer| layer.reverse_seed.is_some());
                let (frames_per_step, frame_stride, has_differences, has_one_unit) = window;
                let is_of_frames = input == InputSpec::Frames;
                let composed = input == InputSpec::ComposedWords;
                let spec = Spec {
                    input,
                    rule,
                    vectors: if composed { VectorSpec::Embedding } else { vectors },
                    window: WindowSpec { frames_per_step, frame_stride, has_differences, has_one_unit },
                    max_steps: if is_kept && max_steps == 0 { 6 } else { max_steps },
                    pad_to: if is_of_frames { 0 } else { pad_to },
                    ..Spec::new(precision, &layers, pooling)
                };
                (spec, long_input)
            },
        )
}

/// Bytes with many words and characters, some that are known, some broken.
fn texts() -> impl Strategy<Value = Vec<u8>> {
    let known = ["lamp", "light", "off", "e", "l", " ", " ", "!", "W6 ", "é", "\u{301}", "İ", "日"];
    let mut pieces: Vec<Vec<u8>> = known.map(Vec::from).to_vec();
    pieces.push(vec![0xC3]);
    let piece = prop_oneof![
        8 => prop::sample::select(pieces),
        1 => any::<u8>().prop_map(|byte| vec![byte]),
        1 => (60..70_usize).prop_map(|length| vec![b'x'; length]),
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

/// Lengths of chunks, and what is asked after each.
fn chunks() -> impl Strategy<Value = Vec<(usize, Vec<Question>)>> {
    let questions = prop::collection::vec(prop::sample::select(&QUESTIONS[..]), 0..4);
    prop::collection::vec((0..7_usize, questions), 1..40)
}

/// The bits of what the layers remember, with the layer, the direction and the step of each; a word that has begun is
/// not among the steps.
fn states(classifier: &mut TestClassifier<'_, '_>) -> Vec<(usize, bool, usize, Vec<u32>)> {
    let mut states = Vec::new();
    classifier.observe(|StepState { layer, reverse, step, state }| {
        let bits = match state {
            LayerState::Int8 { hidden, cell, .. } => hidden.iter().chain(cell).map(|value| *value as u32).collect(),
            LayerState::Float { hidden, cell } => hidden.iter().chain(cell).map(|value| value.to_bits()).collect(),
        };
        states.push((layer, reverse, step, bits));
    });
    states
}

/// What is known of a sequence.
#[derive(Debug, PartialEq)]
struct Answer {
    states: Vec<(usize, bool, usize, Vec<u32>)>,
    logits: Vec<u32>,
    counts: [u32; 2],
}

impl Answer {
    /// The states are looked at first: before the question, unless there was one earlier.
    fn of(classifier: &mut TestClassifier<'_, '_>) -> Self {
        let states = states(classifier);
        let logits = logits(classifier);
        Self { states, logits, counts: [classifier.steps(), classifier.refused_steps()] }
    }

    /// That about some bytes that are pushed at once.
    fn about(model: &Model<'_>, long_input: LongInput, bytes: &[u8]) -> (Self, Pushed) {
        let mut classifier = TestClassifier::with_long_input(model, [0; CAPACITY], long_input).unwrap();
        let pushed = classifier.push_bytes(bytes);
        (Self::of(&mut classifier), pushed)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    /// After each chunk the answer is that of a classifier that got all bytes at once and was asked nothing.
    #[test]
    fn asking_about_a_text_changes_no_later_answer(
        (spec, long_input) in specs(vec![
            InputSpec::Words, InputSpec::HashedWords, InputSpec::FingerprintedWords, InputSpec::ComposedWords,
            InputSpec::Characters, InputSpec::Bytes,
        ]),
        text in texts(), chunks in chunks(),
    ) {
        let file = file(&spec);
        let model = file.parse().unwrap();
        let mut classifier = TestClassifier::with_long_input(&model, [0; CAPACITY], long_input).unwrap();
        let (mut end, mut pushed) = (0, Pushed::default());
        for (length, questions) in chunks {
            let start = end;
            end = text.len().min(start + length);
            let of_chunk = classifier.push_bytes(&text[start..end]);
            pushed = Pushed { taken: pushed.taken + of_chunk.taken, refused: pushed.refused + of_chunk.refused };
            questions.iter().for_each(|question| ask(&mut classifier, *question));
            if !questions.is_empty() {
                let expected = Answer::about(&model, long_input, &text[..end]);
                prop_assert_eq!((Answer::of(&mut classifier), pushed), expected, "{} of {:?}", end, text);
            }
        }
        classifier.push_bytes(&text[end..]);
        prop_assert_eq!(Answer::of(&mut classifier), Answer::about(&model, long_input, &text).0);
        classifier.reset();
        prop_assert_eq!(Answer::of(&mut classifier), Answer::about(&model, long_input, b"").0);
    }

    /// A token that is pushed while a word has begun comes before the word, asked or not.
    #[test]
    fn asking_between_tokens_and_text_changes_no_later_answer(
        (spec, long_input) in specs(vec![InputSpec::Words, InputSpec::Characters, InputSpec::ComposedWords]),
        pushes in prop::collection::vec((texts(), 0..9_u32, any::<bool>()), 0..6),
    ) {
        let file = file(&spec);
        let model = file.parse().unwrap();
        let with = || TestClassifier::with_long_input(&model, [0; CAPACITY], long_input).unwrap();
        let (mut asked, mut silent) = (with(), with());
        for (text, token, is_asked) in &pushes {
            prop_assert_eq!(asked.push_bytes(text), silent.push_bytes(text));
            if *is_asked {
                QUESTIONS.into_iter().for_each(|question| ask(&mut asked, question));
            }
            prop_assert_eq!(asked.push_token(*token), silent.push_token(*token));
        }
        prop_assert_eq!(Answer::of(&mut asked), Answer::of(&mut silent));
    }

    #[test]
    fn asking_about_frames_changes_no_later_answer(
        (spec, long_input) in specs(vec![InputSpec::Frames]),
        questions in prop::collection::vec(prop::collection::vec(prop::sample::select(&QUESTIONS[..]), 0..3), 0..24),
        seed in any::<u32>(),
    ) {
        let file = file(&spec);
        let model = file.parse().unwrap();
        let with = || TestClassifier::with_long_input(&model, [0; CAPACITY], long_input).unwrap();
        let (mut asked, frame) = (with(), |step: usize| -> [i32; CHANNELS] {
            [0, 1, 2].map(|channel| i32::from(number(seed, step, channel)) * 3)
        });
        for (step, questions) in questions.iter().enumerate() {
            asked.push_frame(&frame(step)).unwrap();
            questions.iter().for_each(|question| ask(&mut asked, *question));
            if !questions.is_empty() {
                let mut silent = with();
                (0..=step).for_each(|step| assert!(silent.push_frame(&frame(step)).is_ok()));
                prop_assert_eq!(Answer::of(&mut asked), Answer::of(&mut silent), "{}", step);
            }
        }
    }
}

proptest! {
    /// An answer in slices has the bits of one in one piece; a bidirectional model takes a call for each so many steps.
    #[test]
    fn an_answer_in_slices_is_the_answer(
        (spec, long_input) in specs(vec![InputSpec::Words, InputSpec::Bytes]), text in texts(), slice in 1..9_u32,
    ) {
        let file = file(&spec);
        let model = file.parse().unwrap();
        let mut whole = TestClassifier::with_long_input(&model, [0; CAPACITY], long_input).unwrap();
        let mut sliced = TestClassifier::with_long_input(&model, [0; CAPACITY], long_input).unwrap();
        whole.push_bytes(&text);
        sliced.push_bytes(&text);
        let directions: usize = spec.layers.iter().map(|layer| 1 + usize::from(layer.reverse_seed.is_some())).sum();
        let steps = whole.steps().max(model.pad_to()) * directions as u32;
        let is_kept = model.is_bidirectional();
        prop_assert!(!is_kept || steps == 0 || sliced.predict_some(0).is_none());
        let calls = if is_kept { steps.div_ceil(slice).max(1) } else { 1 };
        for _ in 1..calls {
            prop_assert!(sliced.predict_some(slice).is_none());
        }
        prop_assert_eq!(sliced.predict_some(slice), Some(whole.predict()));
        prop_assert_eq!(logits(&mut sliced), logits(&mut whole));
    }
}

/// The answer about a word that has begun is that about the word, until it goes on.
#[test]
fn a_word_that_has_begun_is_answered_as_if_it_ended() {
    for layer in [LayerSpec::forward(Cell::Gru, 5, 100), LayerSpec::both(Cell::Gru, 5, 100)] {
        // With padding the word is one of the steps that are padded.
        for pad_to in [0, 1, 2, 3, 5] {
            let file = file(&Spec { pad_to, ..Spec::new(Precision::Int8, &[layer], Pooling::Mean) });
            let model = file.parse().unwrap();
            let about = |text: &str| Answer::about(&model, LongInput::Refuse, text.as_bytes()).0.logits;
            let mut classifier = TestClassifier::new(&model, [0; CAPACITY]).unwrap();
            for (chunk, text, steps) in [
                ("o", "o ", 1),
                (" lamp of", "o lamp of ", 3),
                ("f", "o lamp off.", 3),
                (" ", "o lamp off ", 3),
                ("u", "o lamp off x ", 4),
                ("p", "o lamp off up ", 4),
            ] {
                classifier.push_text(chunk);
                assert_eq!((logits(&mut classifier), classifier.steps()), (about(text), steps), "{pad_to} {text}");
            }
            assert_ne!(about("lamp off up "), about("lamp off u "));
        }
    }
}

/// Probabilities of classes against the thresholds of a model: it has none, one for all, or one for each.
#[test]
fn an_answer_is_accepted_from_the_threshold_of_its_class_on() {
    let layer = LayerSpec::forward(Cell::Gru, 5, 100);
    let texts = ["", "lamp", "off", "é up down", "light light off", "down down down down", "up", "lamp é"];
    let mut seen = Vec::new();
    for precision in common::PRECISIONS {
        for inverse_temperature in [1, 400, ONE_TEMPERATURE, 4 * ONE_TEMPERATURE] {
            let spec =
                |thresholds| Spec { thresholds, inverse_temperature, ..Spec::new(precision, &[layer], Pooling::Last) };
            let answers = |thresholds| {
                let file = file(&spec(thresholds));
                let model = file.parse().unwrap();
                let answer = |text| {
                    let mut classifier = TestClassifier::new(&model, [0; CAPACITY]).unwrap();
                    classifier.push_text(text);
                    let prediction = classifier.predict();
                    let logits = [0, 1, 2].map(|class| f64::from(classifier.logits().get(class).unwrap()));
                    (prediction.class, prediction.probability.q15(), prediction.accepted, logits)
                };
                texts.map(answer)
            };
            let plain = answers(Thresholds::None);
            for (class, probability, accepted, logits) in plain {
                assert!(accepted);
                let scale = f64::from(inverse_temperature) / 4096.0;
                let sum: f64 = logits.iter().map(|logit| ((logit - logits[class]) * scale).exp()).sum();
                assert!(
                    (f64::from(probability) / 32_768.0 - 1.0 / sum).abs() < 1.0 / 2048.0,
                    "{probability} {logits:?}"
                );
                assert!(logits.iter().all(|logit| *logit <= logits[class]));
            }
            for threshold in [0, plain[0].1, plain[0].1 + 1, plain[3].1, 32_768] {
                for (found, plain) in answers(Thresholds::One(threshold.min(32_768))).into_iter().zip(plain) {
                    assert_eq!((found.0, found.1), (plain.0, plain.1));
                    assert_eq!(found.2, found.1 >= threshold.min(32_768));
                    seen.push((3, found.2));
                }
            }
            for (class, probability, accepted, _) in answers(Thresholds::OfClasses) {
                assert_eq!(accepted, probability >= threshold(class));
                seen.push((class, accepted));
            }
        }
    }
    for kind in [(3, false), (3, true)] {
        assert!(seen.contains(&kind), "{kind:?}");
    }
    let of_classes: Vec<_> = seen.iter().filter(|(class, _)| *class < 3).collect();
    assert!(of_classes.iter().any(|(_, accepted)| *accepted) && of_classes.iter().any(|(_, accepted)| !*accepted));
}
