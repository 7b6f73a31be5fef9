use std::fmt::Write;

use super::content::SignalLine;
use crate::data::Frames;

/// Width and height of the box that a signal is drawn in.
pub(super) const BOX: (f32, f32) = (240.0, 72.0);
/// Channels that are drawn at most.
const MOST_CHANNELS: usize = 6;
/// Points of a line at most.
const MOST_POINTS: usize = 160;
/// What is left free above and below.
const MARGIN: f32 = 4.0;

/// The first channels of some frames, each between its own smallest and largest value.
pub(super) fn lines(frames: &Frames) -> Vec<SignalLine> {
    let steps = frames.iter().len();
    let every = steps.div_ceil(MOST_POINTS).max(1);
    let channel = |channel: usize| {
        let values = || frames.iter().filter_map(move |frame| frame.get(channel).copied());
        let (smallest, largest) = values()
            .fold((f32::INFINITY, f32::NEG_INFINITY), |(least, most), value| (least.min(value), most.max(value)));
        let range = if largest > smallest { largest - smallest } else { 1.0 };
        let height = BOX.1 - 2.0 * MARGIN;
        let mut points = String::new();
        for (step, value) in values().enumerate().step_by(every) {
            let x = BOX.0 * step as f32 / steps.saturating_sub(1).max(1) as f32;
            let y = MARGIN + height * (1.0 - (value - smallest) / range);
            // Writing to a string does not fail.
            let _ = write!(points, "{x:.1},{y:.1} ");
        }
        SignalLine { color: channel, points: points.trim_end().to_owned() }
    };
    (0..frames.channels.min(MOST_CHANNELS)).map(channel).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_channel_fills_the_box() {
        let frames = Frames { channels: 2, values: vec![0.0, 5.0, 10.0, 5.0, 5.0, 5.0] };
        let lines = lines(&frames);
        assert_eq!(lines[0].points, "0.0,68.0 120.0,4.0 240.0,36.0");
        assert_eq!(lines[1].points, "0.0,68.0 120.0,68.0 240.0,68.0");
        assert_eq!((lines.len(), lines[1].color), (2, 1));
    }

    #[test]
    fn long_signals_have_few_points_and_many_channels_are_cut() {
        let frames = Frames { channels: 8, values: vec![1.0; 8 * 5_000] };
        let lines = lines(&frames);
        assert_eq!(lines.len(), MOST_CHANNELS);
        assert!(lines.iter().all(|line| line.points.split(' ').count() <= MOST_POINTS));
        assert!(super::lines(&Frames::default()).is_empty());
    }
}
