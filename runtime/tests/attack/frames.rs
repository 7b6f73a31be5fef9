//! Frames that cannot be: their channels, how they become steps, and how their numbers become inputs.

use super::refusal::{field, frame_input, invalid, is_of_tensors, model, refusal, refusal_with, refusal_with_element};
use crate::common::{CHANNELS, GATHERED, InputSpec, PRECISIONS, Parts, Spec, WindowSpec, one_layer};
use runtime::format::{Cell, FloatChannel, Frames, IntegerChannel, Precision};
use runtime::{Error, Field};

/// Frames that are steps, each with a unit for all channels, and steps of several.
const WINDOWS: [WindowSpec; 2] = [WindowSpec::SINGLE, GATHERED];

fn of_frames(precision: Precision, cell: Cell, window: WindowSpec) -> Parts {
    model(&Spec { input: InputSpec::Frames, window, ..one_layer(cell, precision) })
}

#[test]
fn channels_and_steps_of_frames_that_can_not_be_are_refused() {
    for precision in PRECISIONS {
        for window in WINDOWS {
            let file = of_frames(precision, Cell::Gru, window);
            let with = |change: &dyn Fn(&mut Frames)| refusal_with(&file, |part_one| change(frame_input(part_one)));
            for (found, expected) in [(0, 1), (16_385, 16_384), (u16::MAX, 16_384)] {
                assert_eq!(with(&|frames| frames.channels = found), invalid(Field::Channels, expected, found.into()));
            }
            let widest =
                with(&|frames| (frames.channels, frames.frames_per_step, frames.has_differences) = (16_384, 1, false));
            assert_eq!(field(widest), Some(Field::Tensors));
            let wrong = [CHANNELS - 1, CHANNELS + 1].map(|found| with(&|frames| frames.channels = found as u16));
            assert!(wrong.into_iter().all(|error| error.is_some()), "{wrong:?}");
            let per_frame = Frames { channels: CHANNELS as u16, ..*frame_input(&mut file.clone().part_one) };
            let most = 16_384 / per_frame.values_of_a_frame();
            for (found, expected) in [(0, 1), (most as u16 + 1, most), (u16::MAX, most)] {
                let error = with(&|frames| frames.frames_per_step = found);
                assert_eq!(error, invalid(Field::FramesPerStep, expected, found.into()));
            }
            assert_eq!(field(with(&|frames| frames.frames_per_step = most as u16)), Some(Field::Tensors));
            assert!(is_of_tensors(with(&|frames| frames.frames_per_step += 1)));
            for (found, expected) in [(0, 1), (1_025, 1_024), (u16::MAX, 1_024)] {
                let error = with(&|frames| frames.frame_stride = found);
                assert_eq!(error, invalid(Field::FrameStride, expected, found.into()));
            }
            let mut parts = Parts { capacity: None, ..file.clone() };
            frame_input(&mut parts.part_one).frame_stride = 1_024;
            assert_eq!(refusal(&parts), None);
            // Not even one frame fits.
            let error = with(&|frames| (frames.has_differences, frames.channels) = (true, 8_193));
            assert_eq!(error, invalid(Field::FramesPerStep, 0, window.frames_per_step.into()));
            assert!(with(&|frames| frames.has_differences = !frames.has_differences).is_some());
            assert!(with(&|frames| frames.has_one_unit = !frames.has_one_unit).is_some());
        }
        // Steps of several frames need room for them.
        let file = of_frames(precision, Cell::Gru, WindowSpec::SINGLE);
        let right = file.capacity.unwrap();
        let kept = if precision == Precision::Int8 { CHANNELS.div_ceil(4) } else { CHANNELS };
        let error = refusal_with(&file, |part_one| frame_input(part_one).frame_stride = 2);
        assert_eq!(error, invalid(Field::Capacity, right + kept, right));
    }
}

#[test]
fn units_of_frames_that_can_not_be_are_refused() {
    for precision in PRECISIONS {
        for (window, channels) in WINDOWS.into_iter().zip([1, CHANNELS]) {
            let file = of_frames(precision, Cell::Gru, window);
            for channel in 0..channels {
                let with = |unit: f32| refusal_with_element(&file, "units", channel, &unit.to_le_bytes());
                assert_eq!(with(0.0), invalid(Field::FrameUnit, 1, 0));
                for unit in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -1.0, -0.0] {
                    assert_eq!(with(unit), invalid(Field::FrameUnit, 0x7F7F_FFFF, unit.to_bits() as usize), "{unit}");
                }
                assert_eq!([f32::MAX, f32::MIN_POSITIVE, f32::from_bits(1)].map(with), [None; 3]);
            }
        }
    }
}

/// The refusal of a file with other numbers of a channel, which are written from the start of its element.
fn refusal_with_channel(file: &Parts, tensor: &str, channel: usize, numbers: &[&[u8]]) -> Option<Error> {
    refusal_with_element(file, tensor, channel, &numbers.concat())
}

#[test]
fn numbers_of_channels_and_differences_beyond_their_range_are_refused() {
    let places = [(WindowSpec::SINGLE, "channels"), (GATHERED, "channels"), (GATHERED, "differences")];
    for (window, tensor) in places {
        let file = of_frames(Precision::Int8, Cell::RnnTanh, window);
        for channel in 0..CHANNELS {
            let with = |channel_numbers: IntegerChannel| {
                let IntegerChannel { zero, scale, pre_shift, shift } = channel_numbers;
                let numbers: [&[u8]; 3] = [&zero.to_le_bytes(), &scale.to_le_bytes(), &[pre_shift, shift]];
                refusal_with_channel(&file, tensor, channel, &numbers)
            };
            let right = IntegerChannel { zero: i32::MIN, scale: 16_383, pre_shift: 31, shift: 30 };
            assert_eq!([with(right), with(IntegerChannel { scale: 1, pre_shift: 0, shift: 0, ..right })], [None; 2]);
            for (found, expected) in [(0_i16, 1), (-1, 1), (i16::MIN, 1), (16_384, 16_383), (i16::MAX, 16_383)] {
                let error = with(IntegerChannel { scale: found, ..right });
                assert_eq!(error, invalid(Field::ChannelScale, expected, found.max(0) as usize));
            }
            for found in [32, 63, 255] {
                let error = with(IntegerChannel { pre_shift: found, ..right });
                assert_eq!(error, invalid(Field::ChannelPreShift, 31, found.into()));
            }
            for found in [31, 32, 255] {
                assert_eq!(
                    with(IntegerChannel { shift: found, ..right }),
                    invalid(Field::ChannelShift, 30, found.into())
                );
            }
        }
        for precision in [Precision::F16, Precision::F32] {
            let file = of_frames(precision, Cell::RnnTanh, window);
            let with = |FloatChannel { zero, scale }| {
                refusal_with_channel(&file, tensor, 2, &[&f32::to_le_bytes(zero), &f32::to_le_bytes(scale)])
            };
            let right = FloatChannel { zero: f32::MAX, scale: -3.0 };
            assert_eq!(with(right), None);
            for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
                assert_eq!(with(FloatChannel { zero: bad, ..right }), invalid(Field::ChannelZero, 0, 0));
                assert_eq!(with(FloatChannel { scale: bad, ..right }), invalid(Field::ChannelScale, 0, 0));
            }
        }
    }
}
