//! Training: settings, the loop, schedule, checkpoints, progress.

mod adam;
pub mod applicability;
mod automatic;
mod average;
mod checkpoint;
mod config;
mod cross_validation;
mod embedding;
mod evaluate;
mod fit;
mod kept_epoch;
mod learner;
mod notices;
mod parameter_ids;
mod prefetch;
mod prepare;
mod preset;
mod progress;
mod schedule;
mod teachers;

pub use automatic::{Automatic, Chosen, Extent};
pub use checkpoint::EpochMetrics;
pub(crate) use config::LONGEST_MEAN;
pub use config::TrainingConfig;
pub use cross_validation::{CrossValidation, Fold};
pub use evaluate::{Evaluation, evaluate, logits};
pub use fit::{Ending, Fit, Measurements, Validation, batches_of_epoch, fit, initial_network};
pub use kept_epoch::KeptEpoch;
pub use prepare::{Prepared, encode_rows, label_class};
pub use preset::{PRESETS, Preset};
pub use progress::Progress;
pub use schedule::Schedule;
pub use teachers::{TeacherEncoding, TeachersRead};

#[cfg(test)]
mod tests;
