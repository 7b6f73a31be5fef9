//! Frames of numbers: integers and floats, and steps that are made of several.
//!
//! A model whose steps are made of several frames is compared with one that takes such a step in as a single frame, put
//! together here.
#![cfg(feature = "float")]
#![allow(clippy::unwrap_used)]

use crate::common::{
    CHANNELS, File, InputSpec, LayerSpec, PRECISIONS, Parts, Spec, UNITS, WindowSpec, file, float_channel,
    float_difference, integer_channel, integer_difference, logits, number,
};
use runtime::format::{Cell, FloatChannel, IntegerChannel, Pooling, Precision};
use runtime::{Classifier, DirectionInput, DirectionStep, Error, LongInput, Model, ProductInputs, Pushed};

/// Words of state of the classifiers here.
const CAPACITY: usize = 4096;

type TestClassifier<'c, 'm> = Classifier<'c, 'm, [u32; CAPACITY]>;

fn frame_file(precision: Precision, layer: LayerSpec) -> File {
    file(&Spec { input: InputSpec::Frames, ..Spec::new(precision, &[layer], Pooling::Mean) })
}

#[test]
fn frames_of_numbers_are_frames_of_integers_in_their_unit() {
    let frames = [[0_i16, -50, 200], [150, 32_767, -32_768], [-7, 3, 64], [1000, -999, 5]];
    for precision in PRECISIONS {
        for layer in [LayerSpec::forward(Cell::Lstm, 5, 100), LayerSpec::both(Cell::Gru, 4, 100)] {
            let file = frame_file(precision, layer);
            let model = file.parse().unwrap();
            assert_eq!([model.channels(), model.token_count()], [3, 0]);
            assert_eq!([0, 2, 3].map(|channel| model.frame_unit(channel)), [Some(UNITS[0]), Some(UNITS[0]), None]);
            let mut integers = TestClassifier::new(&model, [0; CAPACITY]).unwrap();
            let mut narrow = TestClassifier::new(&model, [0; CAPACITY]).unwrap();
            let mut floats = TestClassifier::new(&model, [0; CAPACITY]).unwrap();
            for frame in frames {
                let before = logits(&mut integers);
                integers.push_frame(&frame.map(i32::from)).unwrap();
                narrow.push_frame_i16(&frame).unwrap();
                floats.push_frame_f32(&frame.map(|value| f32::from(value) / 64.0)).unwrap();
                assert_eq!(logits(&mut integers), logits(&mut floats), "{precision}");
                assert_eq!(logits(&mut integers), logits(&mut narrow), "{precision}");
                assert_ne!(logits(&mut integers), before);
            }
            // Beyond what an integer holds: the largest one. Halves are rounded away from zero.
            if precision == Precision::Int8 {
                integers.push_frame(&[i32::MAX, i32::MIN, 1]).unwrap();
                floats.push_frame_f32(&[1e30, -1e9, 0.51 / 64.0]).unwrap();
                assert_eq!(logits(&mut integers), logits(&mut floats));
                integers.push_frame(&[1, -1, 2]).unwrap();
                floats.push_frame_f32(&[0.5 / 64.0, -0.5 / 64.0, 1.5 / 64.0]).unwrap();
                assert_eq!(logits(&mut integers), logits(&mut floats));
            }
        }
    }
}

#[test]
fn every_channel_may_have_a_unit_of_its_own() {
    let window = WindowSpec { has_one_unit: false, ..WindowSpec::SINGLE };
    for precision in PRECISIONS {
        let layer = LayerSpec::forward(Cell::Gru, 5, 100);
        let spec = Spec { input: InputSpec::Frames, window, ..Spec::new(precision, &[layer], Pooling::Last) };
        let file = file(&spec);
        let model = file.parse().unwrap();
        assert_eq!(
            [0, 1, 2, 3].map(|channel| model.frame_unit(channel)),
            [Some(UNITS[0]), Some(UNITS[1]), Some(UNITS[2]), None]
        );
        let mut integers = TestClassifier::new(&model, [0; CAPACITY]).unwrap();
        let mut floats = TestClassifier::new(&model, [0; CAPACITY]).unwrap();
        for frame in [[3, -70, 12], [400, 90, -1000]] {
            integers.push_frame(&frame).unwrap();
            floats.push_frame_f32(&[0, 1, 2].map(|channel| frame[channel] as f32 * UNITS[channel])).unwrap();
            assert_eq!(logits(&mut integers), logits(&mut floats), "{precision}");
        }
    }
}

#[test]
fn a_frame_that_is_none_changes_nothing() {
    let windows = [WindowSpec::SINGLE, WindowSpec { frames_per_step: 2, has_differences: true, ..WindowSpec::SINGLE }];
    for window in windows {
        let layer = LayerSpec::forward(Cell::Lstm, 5, 100);
        let spec = Spec { input: InputSpec::Frames, window, ..Spec::new(Precision::F32, &[layer], Pooling::Mean) };
        let file = file(&spec);
        let model = file.parse().unwrap();
        let mut classifier = TestClassifier::new(&model, [0; CAPACITY]).unwrap();
        classifier.push_frame(&[1, 2, 3]).unwrap();
        let (before, steps) = (logits(&mut classifier), classifier.steps());
        assert_eq!(classifier.push_frame(&[1, 2]), Err(Error::WrongChannels { expected: 3, found: 2 }));
        assert_eq!(classifier.push_frame(&[]), Err(Error::WrongChannels { expected: 3, found: 0 }));
        assert_eq!(classifier.push_frame_i16(&[1; 4]), Err(Error::WrongChannels { expected: 3, found: 4 }));
        assert_eq!(classifier.push_frame_f32(&[0.0; 4]), Err(Error::WrongChannels { expected: 3, found: 4 }));
        assert_eq!(classifier.push_frame_f32(&[0.0, f32::NAN, 0.0]), Err(Error::NotFinite { channel: 1 }));
        assert_eq!(classifier.push_frame_f32(&[0.0, 0.0, f32::INFINITY]), Err(Error::NotFinite { channel: 2 }));
        assert_eq!([classifier.steps(), classifier.refused_steps()], [steps, 0]);
        classifier.push_text("lamp on");
        classifier.push_token(2);
        assert_eq!([classifier.steps(), classifier.refused_steps()], [steps, 2]);
        assert_eq!(logits(&mut classifier), before);
        // Nor has it become the frame before the next one.
        let mut other = TestClassifier::new(&model, [0; CAPACITY]).unwrap();
        other.push_frame(&[1, 2, 3]).unwrap();
        for classifier in [&mut classifier, &mut other] {
            classifier.push_frame(&[40, -5, 6]).unwrap();
        }
        assert_eq!(logits(&mut classifier), logits(&mut other));
    }
}

#[test]
fn a_frame_for_a_model_of_text_is_an_error() {
    let layers = [LayerSpec::forward(Cell::Lstm, 5, 100)];
    let file = file(&Spec::new(Precision::Int8, &layers, Pooling::Last));
    let model = file.parse().unwrap();
    let mut classifier = TestClassifier::new(&model, [0; CAPACITY]).unwrap();
    assert_eq!(classifier.push_frame(&[]), Err(Error::NoFrames));
    assert_eq!(classifier.push_frame_i16(&[1]), Err(Error::NoFrames));
    assert_eq!(classifier.push_frame_f32(&[1.0]), Err(Error::NoFrames));
    assert_eq!([classifier.steps(), classifier.refused_steps()], [0, 0]);
    assert_eq!((model.frames(), model.frame_unit(0)), (None, None));
}

/// Numbers of 32 bits are shifted before they are scaled.
#[test]
fn wide_integers_are_normalized_as_the_formula_says() {
    let channels = [
        IntegerChannel { zero: -1_000_000, scale: 16_383, pre_shift: 12, shift: 17 },
        IntegerChannel { zero: i32::MAX, scale: 1, pre_shift: 31, shift: 0 },
        IntegerChannel { zero: 123_456, scale: 900, pre_shift: 3, shift: 30 },
    ];
    let layer = LayerSpec::forward(Cell::Gru, 5, 100);
    let spec = Spec { input: InputSpec::Frames, ..Spec::new(Precision::Int8, &[layer], Pooling::Mean) };
    let mut parts = Parts::of(&spec);
    for (number, channel) in channels.iter().enumerate() {
        parts.poke("channels", number, bytemuck::bytes_of(channel));
    }
    let wide = parts.assemble();
    let same = file(&Spec { input: InputSpec::Identity { channels: CHANNELS }, ..spec });
    let (wide, same) = (wide.parse().unwrap(), same.parse().unwrap());
    let mut of_integers = TestClassifier::new(&wide, [0; CAPACITY]).unwrap();
    let mut of_inputs = TestClassifier::new(&same, [0; CAPACITY]).unwrap();
    let mut inputs_seen = Vec::new();
    for step in 0..200 {
        let raw = [0, 1, 2].map(|channel| i32::from(number(5, step, channel)) * (1 << (step % 25)));
        let inputs = [0, 1, 2].map(|channel| normalized(raw[channel].into(), channels[channel]));
        of_integers.push_frame(&raw).unwrap();
        of_inputs.push_frame(&inputs).unwrap();
        assert_eq!(logits(&mut of_integers), logits(&mut of_inputs), "{raw:?}");
        inputs_seen.extend(inputs);
    }
    inputs_seen.sort_unstable();
    inputs_seen.dedup();
    assert!(inputs_seen.len() > 30, "{inputs_seen:?}");
}

/// An int8 model's input, by the formula of [`runtime::numeric::normalize`] in 64 bits.
fn normalized(raw: i64, channel: IntegerChannel) -> i32 {
    let difference = (raw - i64::from(channel.zero)).clamp(i32::MIN.into(), i32::MAX.into());
    let shifted = (difference >> channel.pre_shift).clamp(-65_535, 65_535);
    let product = shifted * i64::from(channel.scale) + ((1_i64 << channel.shift) >> 1);
    (product >> channel.shift).clamp(-127, 127) as i32
}

/// A step's input as a frame of a model that takes it in as it is.
#[derive(Debug, Clone, PartialEq)]
enum Row {
    Integers(Vec<i32>),
    Floats(Vec<f32>),
}

impl Row {
    fn joined(parts: &[Self], precision: Precision) -> Self {
        let of = |part: &Self| match part {
            Self::Integers(values) => values.iter().map(|value| *value as f32).collect(),
            Self::Floats(values) => values.clone(),
        };
        let values: Vec<f32> = parts.iter().flat_map(of).collect();
        match precision {
            Precision::Int8 => Self::Integers(values.into_iter().map(|value| value as i32).collect()),
            Precision::F32 | Precision::F16 => Self::Floats(values),
        }
    }

    fn push(&self, classifier: &mut TestClassifier<'_, '_>) -> Pushed {
        match self {
            Self::Integers(values) => classifier.push_frame(values).unwrap(),
            Self::Floats(values) => classifier.push_frame_f32(values).unwrap(),
        }
    }
}

/// A frame's values, and how far they are from the frame before, if there are differences.
fn values(spec: &Spec, frame: [i32; CHANNELS], before: [i32; CHANNELS]) -> Row {
    let channels = [0, 1, 2];
    if spec.precision == Precision::Int8 {
        let mut values = channels.map(|channel| normalized(frame[channel].into(), integer_channel(channel))).to_vec();
        if spec.window.has_differences {
            let raw = |channel: usize| i64::from(frame[channel].saturating_sub(before[channel]));
            values.extend(channels.map(|channel| normalized(raw(channel), integer_difference(channel))));
        }
        return Row::Integers(values);
    }
    let unit = |channel: usize| UNITS[if spec.window.has_one_unit { 0 } else { channel }];
    let raw = |frame: [i32; CHANNELS], channel: usize| frame[channel] as f32 * unit(channel);
    let scaled = |raw: f32, FloatChannel { zero, scale }: FloatChannel| (raw - zero) * scale;
    let mut values = channels.map(|channel| scaled(raw(frame, channel), float_channel(channel))).to_vec();
    if spec.window.has_differences {
        let difference = |channel: usize| raw(frame, channel) - raw(before, channel);
        values.extend(channels.map(|channel| scaled(difference(channel), float_difference(channel))));
    }
    Row::Floats(values)
}

/// The step that an answer after some frames is about beside the others: each `frames_per_step` frames on end, one of
/// them every `frame_stride` frames; and that of too few frames, before which the first one comes again and again.
fn rows(spec: &Spec, frames: &[[i32; CHANNELS]]) -> (Vec<Row>, Option<Row>) {
    let WindowSpec { frames_per_step, frame_stride, .. } = spec.window;
    let (size, stride) = (usize::from(frames_per_step), usize::from(frame_stride));
    let values: Vec<Row> =
        (0..frames.len()).map(|place| values(spec, frames[place], frames[place.saturating_sub(1)])).collect();
    let joined = |parts: &[Row]| Row::joined(parts, spec.precision);
    let steps = values.windows(size).step_by(stride).map(joined).collect();
    let first = values.first().filter(|_| values.len() < size);
    let ahead = first.map(|first| joined(&[vec![first.clone(); size - values.len()], values.clone()].concat()));
    (steps, ahead)
}

/// So many frames of numbers that vary by channel and by step; some saturate.
fn frames(seed: u32, count: usize) -> Vec<[i32; CHANNELS]> {
    let factor = |step: usize| if step % 5 == 4 { 20_000_000 } else { 2 };
    let value = |step, channel| i32::from(number(seed, step, channel)).saturating_mul(factor(step));
    (0..count).map(|step| [0, 1, 2].map(|channel| value(step, channel))).collect()
}

/// Compares a model with one of single frames, asking after each frame; how many answers differed from the one before.
fn check_window(spec: &Spec, long_input: LongInput, count: usize) -> usize {
    let channels = spec.input_size();
    let single = Spec { input: InputSpec::Identity { channels }, window: WindowSpec::SINGLE, ..spec.clone() };
    let (gathering, single) = (file(spec), file(&single));
    let (gathering, single) = (gathering.parse().unwrap(), single.parse().unwrap());
    let with = |model| TestClassifier::with_long_input(model, [0; CAPACITY], long_input).unwrap();
    let (mut classifier, mut by_hand) = (with(&gathering), with(&single));
    let frames = frames(spec.window.frames_per_step.into(), count);
    let (mut pushed_steps, mut last, mut different) = (0, logits(&mut classifier), 0);
    assert_eq!(last, logits(&mut by_hand));
    for end in 1..=count {
        let (rows, ahead) = rows(spec, &frames[..end]);
        let mut expected = Pushed::default();
        for row in &rows[pushed_steps..] {
            expected = row.push(&mut by_hand);
        }
        assert!(rows.len() - pushed_steps <= 1);
        pushed_steps = rows.len();
        assert_eq!(classifier.push_frame(&frames[end - 1]), Ok(expected), "{spec:?} {end}");
        let found = logits(&mut classifier);
        match ahead {
            Some(row) => {
                let mut alone = with(&single);
                row.push(&mut alone);
                assert_eq!(found, logits(&mut alone), "{spec:?} {end}");
            }
            None => assert_eq!(found, logits(&mut by_hand), "{spec:?} {end}"),
        }
        assert_eq!(
            [classifier.steps(), classifier.refused_steps()],
            [by_hand.steps(), by_hand.refused_steps()],
            "{spec:?} {end}"
        );
        different += usize::from(found != last);
        last = found;
    }
    different
}

const WINDOWS: [[u16; 2]; 7] = [[1, 1], [1, 3], [2, 1], [3, 2], [4, 4], [3, 7], [8, 5]];

fn windowed(precision: Precision, layer: LayerSpec, [frames_per_step, frame_stride]: [u16; 2], differ: bool) -> Spec {
    let window =
        WindowSpec { frames_per_step, frame_stride, has_differences: differ, has_one_unit: frames_per_step % 2 == 0 };
    Spec { input: InputSpec::Frames, window, ..Spec::new(precision, &[layer], Pooling::Mean) }
}

#[test]
fn a_step_of_several_frames_is_one_frame_of_all_their_values() {
    let mut different = 0;
    for precision in PRECISIONS {
        for layer in [LayerSpec::forward(Cell::Lstm, 5, 100), LayerSpec::both(Cell::Gru, 4, 100)] {
            for window in WINDOWS {
                for has_differences in [false, true] {
                    let spec = windowed(precision, layer, window, has_differences);
                    different += check_window(&spec, LongInput::Refuse, 20);
                }
            }
        }
    }
    assert!(different > 3 * 2 * 2 * 7 * 5, "{different}");
}

#[test]
fn steps_of_several_frames_are_refused_or_forgotten_as_others_are() {
    for precision in [Precision::F32, Precision::Int8] {
        for window in WINDOWS {
            for (layer, long_input) in [
                (LayerSpec::forward(Cell::Gru, 5, 100), LongInput::Refuse),
                (LayerSpec::both(Cell::Gru, 5, 100), LongInput::Refuse),
                (LayerSpec::both(Cell::Gru, 5, 100), LongInput::Window),
            ] {
                let spec = Spec { max_steps: 3, ..windowed(precision, layer, window, true) };
                check_window(&spec, long_input, 40);
            }
        }
    }
}

/// The ring of frames, and what frames are counted by, start anew with each sequence.
#[test]
fn a_reset_forgets_the_frames() {
    for window in WINDOWS {
        for layer in [LayerSpec::forward(Cell::RnnTanh, 5, 100), LayerSpec::both(Cell::Gru, 4, 100)] {
            let file = file(&windowed(Precision::Int8, layer, window, true));
            let model = file.parse().unwrap();
            let mut classifier = TestClassifier::new(&model, [0; CAPACITY]).unwrap();
            for before in 0..12 {
                classifier.reset();
                frames(77, before).iter().for_each(|frame| assert!(classifier.push_frame(frame).is_ok()));
                if before % 2 == 0 {
                    classifier.predict();
                }
                classifier.reset();
                let mut fresh = TestClassifier::new(&model, [0; CAPACITY]).unwrap();
                for frame in frames(3, 11) {
                    assert_eq!(classifier.push_frame(&frame), fresh.push_frame(&frame));
                    assert_eq!(logits(&mut classifier), logits(&mut fresh), "{window:?} {before}");
                }
            }
        }
    }
}

#[test]
fn a_model_tells_how_its_frames_become_steps() {
    let spec = windowed(Precision::F16, LayerSpec::forward(Cell::Gru, 3, 100), [3, 2], true);
    let file = file(&spec);
    let model: Model<'_> = file.parse().unwrap();
    let frames = model.frames().unwrap();
    assert!(frames.are_gathered() && frames.has_differences && !frames.has_one_unit);
    assert_eq!([frames.channels, frames.frames_per_step, frames.frame_stride], [3, 3, 2]);
    assert_eq!([frames.values_of_a_frame(), frames.values_of_a_step(), spec.input_size()], [6, 18, 18]);
}

/// A step that is looked at again takes in what the step took in.
#[test]
fn the_inputs_of_a_step_that_is_looked_at_are_those_of_its_frames() {
    for precision in PRECISIONS {
        for window in WINDOWS {
            for has_differences in [false, true] {
                let spec = windowed(precision, LayerSpec::forward(Cell::Gru, 5, 100), window, has_differences);
                let file = file(&spec);
                let model = file.parse().unwrap();
                let mut words = vec![0; model.required_words()];
                let frames = frames(9, 20);
                for end in 1..=frames.len() {
                    let (steps, ahead) = rows(
                        &Spec { window: WindowSpec { frame_stride: 1, ..spec.window }, ..spec.clone() },
                        &frames[..end],
                    );
                    let expected = ahead.or_else(|| steps.last().cloned()).unwrap();
                    let numbers = frames[..end].concat();
                    let step = DirectionStep {
                        layer: 0,
                        reverse: false,
                        input: DirectionInput::Frames(&numbers),
                        hidden: &[0.0; 5],
                    };
                    let mut target = [0.0; 20];
                    let found = match model.pre_activations(step, &mut words, &mut target).unwrap() {
                        ProductInputs::Int8 { input, .. } => {
                            Row::Integers(input.iter().map(|x| i32::from(*x)).collect())
                        }
                        ProductInputs::Float { input, .. } => Row::Floats(input.to_vec()),
                    };
                    assert_eq!(found, expected, "{spec:?} {end}");
                }
            }
        }
    }
}
