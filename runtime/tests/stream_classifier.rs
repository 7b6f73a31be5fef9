//! Answers over a stream are those of a classifier that starts fresh and takes in the last frames alone.
#![cfg(feature = "float")]
#![allow(clippy::unwrap_used)]

use crate::common::{
    CHANNELS, File, InputSpec, LayerSpec, POOLINGS, PRECISIONS, Spec, VectorSpec, WindowSpec, file, logits, number,
};
use proptest::prelude::*;
use runtime::format::{Cell, Pooling, Precision, Thresholds};
use runtime::{
    Classifier, Error, Logits, Model, Prediction, ResetPolicy, StreamAnswer, StreamClassifier, StreamSetting,
    StreamSettings,
};

/// Words of state of the fresh classifiers here.
const CAPACITY: usize = 4096;
/// Frames that the bidirectional models take in at least.
const MOST_STEPS: u32 = 24;

/// Models of every cell over frames, steps of several frames, words and bytes, in one direction and in both.
fn specs() -> impl Strategy<Value = Spec> {
    let layers = vec![
        vec![LayerSpec::forward(Cell::Lstm, 4, 100), LayerSpec::forward(Cell::RnnRelu, 3, 110)],
        vec![LayerSpec::forward(Cell::Gru, 5, 100)],
        vec![LayerSpec::forward(Cell::RnnTanh, 5, 100)],
        vec![LayerSpec::both(Cell::Gru, 3, 100)],
        vec![LayerSpec::both(Cell::RnnTanh, 3, 100), LayerSpec::forward(Cell::Lstm, 3, 110)],
    ];
    let inputs = vec![InputSpec::Frames, InputSpec::Frames, InputSpec::Words, InputSpec::Bytes];
    let thresholds = vec![Thresholds::None, Thresholds::One(12_000), Thresholds::OfClasses];
    (
        (prop::sample::select(layers), prop::sample::select(inputs), prop::sample::select(&PRECISIONS[..])),
        (prop::sample::select(&POOLINGS[..]), prop::sample::select(thresholds), prop::sample::select(vec![0, 3])),
        (1..6_u16, 1..5_u16, any::<bool>(), any::<bool>()),
    )
        .prop_map(|((layers, input, precision), (pooling, thresholds, pad_to), window)| {
            let (frames_per_step, frame_stride, has_differences, has_one_unit) = window;
            let is_kept = layers.iter().any(|layer| layer.reverse_seed.is_some());
            Spec {
                input,
                thresholds,
                vectors: VectorSpec::Embedding,
                window: WindowSpec { frames_per_step, frame_stride, has_differences, has_one_unit },
                max_steps: if is_kept { MOST_STEPS } else { 0 },
                pad_to: if input == InputSpec::Frames { 0 } else { pad_to },
                ..Spec::new(precision, &layers, pooling)
            }
        })
}

/// What is pushed as the frame or token of a number.
fn frame(seed: u32, number_of: usize) -> [i32; CHANNELS] {
    [0, 1, 2].map(|channel| i32::from(number(seed, number_of, channel)) * 3)
}

fn token(seed: u32, number_of: usize) -> u32 {
    u32::from(number(seed, number_of, 0).unsigned_abs()) % 9
}

/// An answer with the logits that it was made from.
#[derive(Debug, Clone, PartialEq)]
struct Found<'m> {
    answer: StreamAnswer<'m>,
    logits: Vec<u32>,
}

fn bits(logits: Logits<'_>) -> Vec<u32> {
    (0..logits.len()).map(|class| logits.bits(class).unwrap()).collect()
}

/// A stream whose words of state are as many as it needs, and not zeros.
struct TestStream<'c, 'm> {
    model: &'c Model<'m>,
    seed: u32,
    stream: StreamClassifier<'c, 'm, Vec<u32>>,
    pushed: usize,
}

impl<'c, 'm> TestStream<'c, 'm> {
    fn new(model: &'c Model<'m>, settings: StreamSettings, seed: u32) -> Self {
        let state = vec![0xA5A5_5A5A; settings.required_words(model)];
        Self { model, seed, stream: StreamClassifier::new(model, settings, state).unwrap(), pushed: 0 }
    }

    fn push(&mut self) -> Option<Found<'m>> {
        let answer = if self.model.channels() > 0 {
            self.stream.push_frame(&frame(self.seed, self.pushed)).unwrap()
        } else {
            self.stream.push_token(token(self.seed, self.pushed)).unwrap()
        };
        self.pushed += 1;
        answer.map(|answer| Found { answer, logits: bits(self.stream.logits()) })
    }
}

/// The answer of a fresh classifier to the frames or tokens of these numbers.
fn fresh<'m>(model: &Model<'m>, seed: u32, numbers: std::ops::Range<usize>) -> (Prediction<'m>, Vec<u32>) {
    let mut classifier = Classifier::new(model, [0; CAPACITY]).unwrap();
    for number in numbers {
        if model.channels() > 0 {
            classifier.push_frame(&frame(seed, number)).unwrap();
        } else {
            classifier.push_token(token(seed, number));
        }
    }
    assert_eq!(classifier.refused_steps(), 0);
    (classifier.predict(), logits(&mut classifier))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    /// Also of a second stream after a reset, and with spans and hops that do not divide each other.
    #[test]
    fn an_answer_is_that_of_a_fresh_classifier_about_the_last_frames(
        spec in specs(), span in 1..=MOST_STEPS, hop in 1..30_u32, lengths in prop::array::uniform2(0..90_usize), seed: u32,
    ) {
        let file = file(&spec);
        let model = file.parse().unwrap();
        let settings = StreamSettings::last(span, hop);
        let mut stream = TestStream::new(&model, settings, seed);
        for length in lengths {
            let start = stream.pushed;
            for come in 1..=length {
                let found = stream.push();
                prop_assert_eq!(found.is_some(), come % hop as usize == 0);
                let Some(Found { answer, logits }) = found else { continue };
                let about = come.min(span as usize);
                let end = start + come;
                let (expected, expected_logits) = fresh(&model, seed, end - about..end);
                let is_settled = come >= span as usize;
                let accepted = is_settled && expected.accepted;
                prop_assert_eq!(logits, expected_logits, "{} {:?}", come, &spec);
                prop_assert_eq!(answer.prediction, Prediction { accepted, ..expected });
                prop_assert_eq!((answer.frames as usize, answer.is_settled), (about, is_settled));
            }
            stream.stream.reset();
        }
    }

    /// After each accepted answer the stream is as if it were reset by its user.
    #[test]
    fn a_reset_after_an_accepted_answer_is_a_reset(
        spec in specs(), span in 1..20_u32, hop in 1..9_u32, smoothing in 1..4_u16, threshold in 10_000..20_000_u16, seed: u32,
    ) {
        let file = file(&spec);
        let model = file.parse().unwrap();
        let continued = StreamSettings { smoothing, threshold: Some(threshold), ..StreamSettings::last(span, hop) };
        let restarted = StreamSettings { reset: ResetPolicy::AfterAccepted, ..continued };
        let mut by_hand = TestStream::new(&model, continued, seed);
        let mut by_policy = TestStream::new(&model, restarted, seed);
        for _ in 0..120 {
            let found = by_hand.push();
            prop_assert_eq!(by_policy.push(), found.clone());
            if let Some(Found { answer, .. }) = found {
                let reaches = answer.prediction.probability.q15() >= threshold;
                prop_assert_eq!(answer.prediction.accepted, answer.is_settled && reaches);
                if answer.prediction.accepted {
                    by_hand.stream.reset();
                }
            }
        }
    }

    /// The mean of the softmax of the last answers' logits.
    #[test]
    fn smoothing_averages_the_last_probabilities(
        spec in specs(), span in 1..20_u32, hop in 1..9_u32, smoothing in 2..6_u16, seed: u32,
    ) {
        let file = file(&spec);
        let model = file.parse().unwrap();
        let plain = StreamSettings::last(span, hop);
        let mut each = TestStream::new(&model, plain, seed);
        let mut mean = TestStream::new(&model, StreamSettings { smoothing, ..plain }, seed);
        let mut whole: Vec<Vec<f64>> = Vec::new();
        for _ in 0..100 {
            let (one, smoothed) = (each.push(), mean.push());
            prop_assert_eq!(one.is_some(), smoothed.is_some());
            let (Some(one), Some(smoothed)) = (one, smoothed) else { continue };
            prop_assert_eq!(&one.logits, &smoothed.logits);
            if !one.answer.is_settled {
                prop_assert_eq!(one, smoothed);
                continue;
            }
            whole.push(softmax(&one.logits, spec.precision));
            let last = &whole[whole.len().saturating_sub(smoothing.into())..];
            let of_class = |class: usize| last.iter().map(|answer| answer[class]).sum::<f64>() / last.len() as f64;
            let means = [0, 1, 2].map(of_class);
            let Prediction { class, probability, label, .. } = smoothed.answer.prediction;
            let found = f64::from(probability.to_f32());
            prop_assert!((found - means[class]).abs() < 1.0 / 2048.0, "{found} {means:?}");
            prop_assert!(means.iter().all(|mean| *mean < means[class] + 1.0 / 2048.0));
            prop_assert_eq!(Some(label), model.label(class));
            prop_assert_eq!(smoothed.answer.is_settled, whole.len() >= smoothing.into());
        }
    }
}

fn softmax(logits: &[u32], precision: Precision) -> Vec<f64> {
    let logits = logits.iter().map(|bits| match precision {
        Precision::Int8 => f64::from(*bits as i32) / 65_536.0,
        Precision::F16 | Precision::F32 => f64::from(f32::from_bits(*bits)),
    });
    let exponentials: Vec<f64> = logits.map(f64::exp).collect();
    let sum: f64 = exponentials.iter().sum();
    exponentials.into_iter().map(|exponential| exponential / sum).collect()
}

fn frame_file(frames_per_step: u16, frame_stride: u16, layers: &[LayerSpec], max_steps: u32) -> File {
    let window = WindowSpec { frames_per_step, frame_stride, has_differences: true, has_one_unit: true };
    file(&Spec { input: InputSpec::Frames, window, max_steps, ..Spec::new(Precision::Int8, layers, Pooling::Mean) })
}

#[test]
fn a_stream_without_a_span_is_one_classifier_that_is_never_reset() {
    let file = frame_file(1, 1, &[LayerSpec::forward(Cell::Gru, 5, 100)], 0);
    let model = file.parse().unwrap();
    let settings = StreamSettings::endless(7);
    assert_eq!((settings.classifiers(), settings.warm_up()), (1, 7));
    let mut stream = TestStream::new(&model, settings, 3);
    let mut classifier = Classifier::new(&model, [0; CAPACITY]).unwrap();
    // A mean halves its sum after 65,535 steps.
    for step in 0..80_000 {
        classifier.push_frame(&frame(3, step)).unwrap();
        let found = stream.push();
        assert_eq!(found.is_some(), step % 7 == 6);
        if let Some(found) = found.filter(|_| step % 911 == 6 || step > 79_000) {
            assert_eq!(found.answer.prediction, classifier.predict());
            assert_eq!(found.logits, logits(&mut classifier));
            assert!(found.answer.is_settled && found.answer.frames as usize == step + 1);
        }
    }
}

#[test]
fn text_in_any_pieces_is_answered_by_its_last_words() {
    for input in [InputSpec::Words, InputSpec::Bytes] {
        let layers = [LayerSpec::forward(Cell::Lstm, 5, 100)];
        let file = file(&Spec { input, max_steps: 0, ..Spec::new(Precision::Int8, &layers, Pooling::Last) });
        let model = file.parse().unwrap();
        let settings = StreamSettings::last(3, 2);
        let text = "lamp off light up é down off off lamp on, up up ";
        let steps: Vec<&str> = match input {
            InputSpec::Bytes => text.split_inclusive(|_| true).collect(),
            _ => text.split_inclusive(' ').collect(),
        };
        let mut stream = StreamClassifier::new(&model, settings, vec![0; settings.required_words(&model)]).unwrap();
        let mut found = Vec::new();
        for piece in text.as_bytes().chunks(5) {
            stream.push_bytes(piece, |answer| found.push((answer.frames, answer.prediction))).unwrap();
        }
        assert_eq!(stream.push_frame(&[1, 2, 3]), Err(Error::NoFrames));
        let about = |end: usize| {
            let mut classifier = Classifier::new(&model, [0; CAPACITY]).unwrap();
            let bytes: Vec<u8> = text.bytes().collect();
            let start = end.saturating_sub(3);
            match input {
                InputSpec::Bytes => classifier.push_bytes(&bytes[start..end]),
                _ => classifier.push_text(&steps[start..end].concat()),
            };
            let prediction = classifier.predict();
            (end.min(3) as u32, Prediction { accepted: end >= 3, ..prediction })
        };
        let count = if input == InputSpec::Bytes { text.len() } else { steps.len() };
        let expected: Vec<_> = (2..=count).step_by(2).map(about).collect();
        assert_eq!(found, expected, "{input:?}");
        // A word that has begun is forgotten by a reset.
        stream.push_bytes(b"lam", |_| {}).unwrap();
        stream.reset();
        let mut again = Vec::new();
        stream.push_bytes(text.as_bytes(), |answer| again.push((answer.frames, answer.prediction))).unwrap();
        assert_eq!(again, expected);
    }
}

#[test]
fn settings_that_no_stream_can_have_are_refused() {
    let layers = [LayerSpec::forward(Cell::Gru, 5, 100)];
    let endless = frame_file(4, 3, &layers, 0);
    let model = endless.parse().unwrap();
    let refusal = |model: &Model<'_>, settings: StreamSettings| {
        let words = settings.required_words(model);
        StreamClassifier::new(model, settings, vec![0; words]).err()
    };
    let refused = |setting, expected, found| Some(Error::Stream { setting, expected, found });
    let plain = StreamSettings::last(10, 5);
    assert_eq!(refusal(&model, plain), None);
    assert_eq!(refusal(&model, StreamSettings::endless(u32::MAX)), None);
    assert_eq!(refusal(&model, StreamSettings { threshold: Some(32_768), smoothing: 300, ..plain }), None);
    assert_eq!(refusal(&model, StreamSettings::last(0, 5)), refused(StreamSetting::Span, 1, 0));
    assert_eq!(refusal(&model, StreamSettings::last(10, 0)), refused(StreamSetting::Hop, 1, 0));
    let smoothing = StreamSettings { smoothing: 0, ..plain };
    assert_eq!(refusal(&model, smoothing), refused(StreamSetting::Smoothing, 1, 0));
    let threshold = StreamSettings { threshold: Some(32_769), ..plain };
    assert_eq!(refusal(&model, threshold), refused(StreamSetting::Threshold, 32_768, 32_769));
    let said = refusal(&model, threshold).unwrap().to_string();
    assert_eq!(said, "the Threshold of a stream: expected at most 32768, found 32769");

    // 4 frames, then 8 times 3 more, then 2 that are no step.
    let limited = frame_file(4, 3, &layers, 9);
    let model = limited.parse().unwrap();
    assert_eq!(StreamSettings::largest_span(&model), 28);
    assert_eq!(refusal(&model, StreamSettings::last(28, 7)), None);
    assert_eq!(refusal(&model, StreamSettings::last(29, 7)), refused(StreamSetting::Span, 28, 29));
    assert_eq!(refusal(&model, StreamSettings::endless(7)), refused(StreamSetting::Span, 28, u32::MAX));
}

#[test]
fn the_words_of_state_are_those_of_the_formula() {
    let file = frame_file(1, 1, &[LayerSpec::forward(Cell::Gru, 5, 100)], 0);
    let model = file.parse().unwrap();
    let one = model.required_words() + 6;
    let plain = StreamSettings::last(128, 32);
    assert_eq!(plain.required_words(&model), 4 * one);
    assert_eq!(StreamSettings::last(129, 32).required_words(&model), 5 * one);
    assert_eq!(StreamSettings::endless(32).required_words(&model), one);
    assert_eq!(StreamSettings { smoothing: 5, ..plain }.required_words(&model), 4 * one + 8);
    assert_eq!(StreamSettings { smoothing: u16::MAX, span: Some(u32::MAX), hop: 1, ..plain }.classifiers(), u32::MAX);
    let required = 4 * one as u32;
    let error = StreamClassifier::new(&model, plain, vec![0; 4 * one - 1]).err();
    assert_eq!(error, Some(Error::CapacityTooSmall { required, available: required - 1 }));
}

#[test]
fn what_is_no_frame_changes_nothing() {
    let file = frame_file(2, 1, &[LayerSpec::forward(Cell::Gru, 5, 100)], 0);
    let model = file.parse().unwrap();
    let settings = StreamSettings::last(4, 3);
    let mut disturbed = TestStream::new(&model, settings, 7);
    let mut other = TestStream::new(&model, settings, 7);
    for _ in 0..20 {
        let stream = &mut disturbed.stream;
        assert_eq!(stream.push_frame(&[1, 2]), Err(Error::WrongChannels { expected: 3, found: 2 }));
        assert_eq!(stream.push_frame_i16(&[]), Err(Error::WrongChannels { expected: 3, found: 0 }));
        assert_eq!(stream.push_frame_f32(&[0.0, f32::NAN, 0.0]), Err(Error::NotFinite { channel: 1 }));
        assert_eq!(stream.push_token(2), Err(Error::NoText));
        assert_eq!(stream.push_bytes(b"lamp ", |_| {}), Err(Error::NoText));
        assert_eq!(disturbed.push(), other.push());
    }
    // Frames of 16 bits and of floats are the same frames.
    let unit = model.frame_unit(0).unwrap();
    for number in 20..40 {
        let frame = frame(7, number);
        let narrow = other.stream.push_frame_i16(&frame.map(|value| value as i16)).unwrap();
        let float = disturbed.stream.push_frame_f32(&frame.map(|value| value as f32 * unit)).unwrap();
        assert_eq!(narrow, float);
    }
}
