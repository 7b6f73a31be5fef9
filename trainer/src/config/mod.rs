//! The settings of a training: what was given, what the rows decide, and which have an effect.

pub mod applicability;
mod automatic;
mod check;
mod choices;
mod preset;
mod settings;
mod signal;
mod step_of_frames;

pub use automatic::{Automatic, Chosen, Extent};
pub use choices::{KeptEpoch, Schedule, TeachersRead};
pub use preset::{PRESETS, Preset};
pub(crate) use settings::LONGEST_MEAN;
pub use settings::{TrainingConfig, settings_table};
