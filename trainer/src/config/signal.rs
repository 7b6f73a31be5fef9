//! Settings that the signal of rows of frames decides.

use std::fmt;

use super::automatic::MANY_ROWS;
use super::step_of_frames::StepOfFrames;
use super::{Automatic, TrainingConfig};
use crate::data::TrainingData;

/// Roughness below which a signal is smooth.
const SMOOTH: f64 = 0.3;
/// How far few rows of a smooth signal are changed.
const TIME_WARP: f64 = 0.2;
const SCALING: f64 = 0.2;
const CROPPING: f64 = 0.1;

impl TrainingConfig {
    /// Chooses what the signal of rows of frames decides, unless it was given: how many frames make a step, whether a step
    /// has their differences, and how training changes rows.
    ///
    /// In a smooth signal a frame differs little from the one before. Its speed would be lost in the 8 bits of an input, so
    /// that a step has the differences as well; and a value between two frames is what a sensor would have measured there,
    /// so that few rows can be played slower and faster. In a rough signal the differences say nothing new, and a value
    /// between two frames is none that occurs.
    pub fn choose_by_signal(&mut self, data: &TrainingData) {
        let is_smooth = data.roughness.is_some_and(|roughness| roughness < SMOOTH);
        if self.automatic.frame_differences {
            self.frame_differences = is_smooth;
        }
        self.choose_step_of_frames(data);
        let changes = is_smooth && data.training_rows + data.validation_rows < MANY_ROWS;
        let Automatic { time_warp, scaling, cropping, .. } = self.automatic;
        let chosen = [
            (&mut self.time_warp, time_warp, TIME_WARP),
            (&mut self.scaling, scaling, SCALING),
            (&mut self.cropping, cropping, CROPPING),
        ];
        for (setting, is_automatic, share) in chosen {
            if is_automatic && changes {
                *setting = share;
            }
        }
    }
}

/// What the signal decided.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct ChosenBySignal {
    step: Option<StepOfFrames>,
    has_differences: bool,
    time_warp: Option<f64>,
    scaling: Option<f64>,
    cropping: Option<f64>,
}

impl ChosenBySignal {
    /// The settings that differ from those of a rough signal of single frames, and were not given.
    pub(super) fn of(config: &TrainingConfig, automatic: Automatic) -> Self {
        let above_0 = |is_automatic: bool, value: f64| Some(value).filter(|value| is_automatic && *value > 0.0);
        Self {
            step: automatic.step_of_frames.then(|| StepOfFrames::of(config)).flatten(),
            has_differences: automatic.frame_differences && config.frame_differences,
            time_warp: above_0(automatic.time_warp, config.time_warp),
            scaling: above_0(automatic.scaling, config.scaling),
            cropping: above_0(automatic.cropping, config.cropping),
        }
    }

    /// The options with which these settings are given.
    pub(super) fn options(&self) -> impl Iterator<Item = &'static str> {
        let chosen = [
            (self.step.is_some(), "frames-per-step"),
            (self.step.is_some(), "frame-stride"),
            (self.has_differences, "frame-differences"),
            (self.time_warp.is_some(), "time-warp"),
            (self.scaling.is_some(), "scaling"),
            (self.cropping.is_some(), "cropping"),
        ];
        chosen.into_iter().filter(|(is_chosen, _)| *is_chosen).map(|(_, option)| option)
    }
}

impl fmt::Display for ChosenBySignal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(step) = self.step {
            write!(formatter, "; {step}")?;
        }
        let changes = [("time warp", self.time_warp), ("scaling", self.scaling), ("cropping", self.cropping)];
        let changes: Vec<String> =
            changes.iter().filter_map(|(name, value)| value.map(|value| format!("{name} {value}"))).collect();
        if self.has_differences || !changes.is_empty() {
            let differences = self.has_differences.then(|| "frame differences".to_owned());
            let all: Vec<String> = differences.into_iter().chain(changes).collect();
            write!(formatter, "; as the signal is smooth: {}", all.join(", "))?;
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::data::{Content, Frames, Row};

    /// The settings for rows of 60 frames of one channel with this signal, where those of these names are given.
    fn chosen(signal: impl Fn(f32) -> f32, rows: usize, given: &[&str]) -> TrainingConfig {
        let row = |number: usize| Row {
            label: ["a", "b"][number % 2].into(),
            content: Content::Frames(Frames { channels: 1, values: (0..60).map(|n| signal(n as f32)).collect() }),
        };
        let rows: Vec<Row> = (0..rows).map(row).collect();
        let data = TrainingData::of_rows(&rows, "a.csv").unwrap();
        let automatic = Automatic::unless(|name| given.contains(&name));
        let mut config = TrainingConfig { automatic, ..TrainingConfig::default() };
        config.choose_by_signal(&data);
        config
    }

    fn changes(config: &TrainingConfig) -> [f64; 3] {
        [config.time_warp, config.scaling, config.cropping]
    }

    fn smooth(place: f32) -> f32 {
        (place / 8.0).sin()
    }

    /// Of two values in turn.
    fn rough(place: f32) -> f32 {
        place % 2.0
    }

    #[test]
    fn a_smooth_signal_has_differences_and_few_rows_of_it_are_changed() {
        let config = chosen(smooth, 20, &[]);
        assert!(config.frame_differences);
        assert_eq!(changes(&config), [TIME_WARP, SCALING, CROPPING]);
        let said = ChosenBySignal::of(&config, config.automatic);
        let expected = "; a step is 4 frames, and begins 2 after the one before; as the signal is smooth: frame \
                        differences, time warp 0.2, scaling 0.2, cropping 0.1";
        assert_eq!(said.to_string(), expected);
        assert_eq!(said.options().count(), 6);
        let config = chosen(smooth, MANY_ROWS, &[]);
        assert!(config.frame_differences);
        assert_eq!(changes(&config), [0.0; 3]);
    }

    #[test]
    fn a_rough_signal_stays_as_it_is() {
        let config = chosen(rough, 20, &[]);
        assert!(!config.frame_differences);
        assert_eq!(changes(&config), [0.0; 3]);
        let constant = chosen(|_| 3.0, 20, &[]);
        assert!(!constant.frame_differences);
    }

    #[test]
    fn given_settings_stay() {
        let config = chosen(smooth, 20, &["time_warp", "frame_differences"]);
        assert!(!config.frame_differences);
        assert_eq!(changes(&config), [0.0, SCALING, CROPPING]);
        let said = ChosenBySignal::of(&config, config.automatic).to_string();
        assert!(said.ends_with("as the signal is smooth: scaling 0.2, cropping 0.1"), "{said}");
    }
}
