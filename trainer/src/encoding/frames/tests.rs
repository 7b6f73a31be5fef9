use super::*;

fn learn_of(channels: usize, values: &[f32], settings: FrameSettings) -> FrameNormalization {
    let frames = Frames { channels, values: values.to_vec() };
    let each_frame = |each: &mut dyn FnMut(&Frames)| {
        each(&frames);
        Ok::<_, std::convert::Infallible>(())
    };
    FrameNormalization::learn(channels, &settings, each_frame).unwrap_or_else(|never| match never {})
}

fn learn(channels: usize, values: &[f32], unit: Option<f32>) -> FrameNormalization {
    learn_of(channels, values, FrameSettings { unit, ..FrameSettings::SINGLE })
}

#[test]
fn each_channel_has_its_mean_and_deviation() {
    let found = learn(2, &[1.0, 5.0, 3.0, 5.0, 5.0, 5.0, 7.0, 5.0], None);
    let values = ChannelNormalization { mean: vec![4.0, 5.0], scale: vec![5_f32.sqrt().recip(), 1.0] };
    let expected =
        FrameNormalization { units: vec![1.0], frames_per_step: 1, frame_stride: 1, values, differences: None };
    assert_eq!(found, expected);
    let normalized = found.normalize(&[4.0, 5.0, 9.0, 6.0]);
    assert_eq!(normalized, [0.0, 0.0, 5.0 * found.values.scale[0], 1.0]);
    let (count, sum, squares) = normalized_sums(&learn(1, &[-0.3, 2.9, 11.0, -4.4], None), &[-0.3, 2.9, 11.0, -4.4]);
    assert!(sum.abs() < 1e-5 && (squares / count - 1.0).abs() < 1e-5, "{sum} {squares}");
}

fn normalized_sums(normalization: &FrameNormalization, values: &[f32]) -> (f32, f32, f32) {
    let values = normalization.normalize(values);
    (values.len() as f32, values.iter().sum(), values.iter().map(|value| value * value).sum())
}

#[test]
fn the_unit_is_1_for_integers_and_else_leaves_room_for_twice_the_largest() {
    let unit = |values: &[f32]| learn(1, values, None).unit(0);
    assert_eq!(unit(&[0.0, 16.0, -32_768.0, 32_767.0]), 1.0);
    assert_eq!(unit(&[0.5]), 1.0 / 16_384.0);
    assert_eq!(unit(&[0.5, -1.1]), 1.0 / 8_192.0);
    assert_eq!(unit(&[16_383.5, 0.0]), 1.0);
    assert_eq!(unit(&[1e-44]), 2_f32.powi(SMALLEST_EXPONENT));
    for values in [[f32::MAX, 0.5], [1e30, 1e-30]] {
        let unit = unit(&values);
        assert!(unit.is_finite() && (values[0] / unit).round() <= 16_384.0, "{unit}");
        assert!((values[0] / (unit / 2.0)).round() > 16_383.0, "{unit} is not the smallest");
    }
}

#[test]
fn channels_of_other_sizes_have_units_of_their_own() {
    let acceleration_and_pressure: Vec<f32> =
        (0..200).flat_map(|n| [(n % 7) as f32 * 0.3 - 0.9, 101_325.0 + (n % 13) as f32 - 6.0 + 0.125]).collect();
    let found = learn(2, &acceleration_and_pressure, None);
    assert!(!found.has_one_unit(), "{found:?}");
    assert_eq!((found.unit(0), found.unit(1)), (1.0 / 8_192.0, 1.0 / 1_024.0));
    let pressure = found.normalize(&[0.0, 101_325.125, 0.0, 101_326.125]);
    assert!((pressure[3] - pressure[1] - found.values.scale[1]).abs() < 0.01 * found.values.scale[1]);
    let integers: Vec<f32> = (0..100).flat_map(|n| [(n % 5) as f32 * 0.25, (n % 11) as f32 + 25_939_200.0]).collect();
    assert_eq!(learn(2, &integers, None).unit(1), 1.0);
    let similar: Vec<f32> = (0..100).flat_map(|n| [(n % 5) as f32 * 0.25, (n % 11) as f32 * 1.5]).collect();
    assert!(learn(2, &similar, None).has_one_unit());
}

#[test]
fn values_are_rounded_to_units_and_saturated() {
    assert_eq!([0.24, 0.25, -0.25, 1e12, -1e12].map(|value| raw_value(value, 0.5)), [0, 1, -1, i32::MAX, i32::MIN]);
    let normalization = learn(1, &[0.0, 100_000.0], Some(1.0));
    assert_eq!(normalization.values.mean, [50_000.0]);
    assert_eq!(normalization.saturated(&[0.0, 1e10, 2e9, -2e10]), 2);
    assert_eq!(learn(1, &[0.1, 0.2], Some(10.0)).values.scale, [1.0], "both are 0 in this unit");
}

#[test]
fn steps_are_made_of_frames_and_their_differences() {
    let values = [0.0, 3.0, 9.0, 10.0, 4.0, 2.0, 7.0];
    let settings = FrameSettings { frames_per_step: 3, frame_stride: 2, differences: true, ..FrameSettings::SINGLE };
    let found = learn_of(1, &values, settings);
    assert_eq!((found.values_of_a_step(), found.steps(7), found.frames(3)), (6, 3, 7));
    let differences = found.differences.as_ref().map(|part| (part.mean[0], part.scale[0]));
    let (mean, scale) = (found.values.mean[0], found.values.scale[0]);
    let (difference_mean, difference_scale) = differences.unwrap_or_default();
    assert!((difference_mean - 7.0 / 6.0).abs() < 1e-6);
    let pair =
        |value: f32, difference: f32| [(value - mean) * scale, (difference - difference_mean) * difference_scale];
    let expected = [
        [pair(0.0, 0.0), pair(3.0, 3.0), pair(9.0, 6.0)],
        [pair(9.0, 6.0), pair(10.0, 1.0), pair(4.0, -6.0)],
        [pair(4.0, -6.0), pair(2.0, -2.0), pair(7.0, 5.0)],
    ];
    assert_eq!(found.normalize(&values), expected.concat().concat());
    let short = [pair(0.0, 0.0), pair(0.0, 0.0), pair(3.0, 3.0)];
    assert_eq!(found.normalize(&values[..2]), short.concat());
    assert!(found.normalize(&[]).is_empty());
    assert_eq!([0, 1, 2, 3, 4, 5].map(|frames| found.steps(frames)), [0, 1, 1, 1, 1, 2]);
}

#[test]
fn units_of_a_known_normalization_are_fine_and_hold_its_values() {
    let of = |mean: f32, scale: f32| {
        FrameNormalization::of_channels(ChannelNormalization { mean: vec![mean], scale: vec![scale] }, None)
    };
    let unit = |mean, scale| of(mean, scale).map(|found| found.unit(0));
    assert_eq!(unit(0.0, 1.0), Ok(1.0 / 65_536.0));
    assert_eq!(unit(-1.0, 0.3), Ok(1.0 / 32_768.0));
    assert_eq!(unit(1e6, 1000.0), Ok(1.0 / 1024.0), "31 bits hold 1e6 in no smaller one");
    assert_eq!(of(f32::NAN, 1.0).map(|_| ()), Err("expected finite means and scales".into()));
}

#[test]
fn normalizations_of_earlier_runs_are_read() {
    let old: FrameNormalization =
        toml::from_str("unit = 0.5\nmean = [1.0, 2.0]\nscale = [3.0, 4.0]\n").unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((old.channels(), old.unit(1), old.values_of_a_step(), old.steps(9)), (2, 0.5, 2, 9));
    let text = toml::to_string(&old).unwrap_or_default();
    assert_eq!(toml::from_str(&text), Ok(old));
}
