//! Training: settings, the loop, schedule, checkpoints, progress.

mod adam;
mod average;
mod checkpoint;
mod config;
mod embedding;
mod evaluate;
mod fit;
mod kept_epoch;
mod learner;
mod prefetch;
mod prepare;
mod preset;
mod progress;
mod schedule;
mod teachers;

pub use checkpoint::EpochMetrics;
pub(crate) use config::LONGEST_MEAN;
pub use config::TrainingConfig;
pub use evaluate::{Evaluation, evaluate, logits};
pub use fit::{Ending, Fit, batches_of_epoch, fit, initial_network};
pub use kept_epoch::KeptEpoch;
pub use prepare::{Prepared, encode_rows, label_class};
pub use preset::{PRESETS, Preset};
pub use progress::Progress;
pub use schedule::Schedule;
pub use teachers::{TeacherEncoding, TeachersRead};

#[cfg(test)]
mod tests;
