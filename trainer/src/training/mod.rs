//! Training: the rows, the loop, schedule, checkpoints, progress.

mod adam;
mod average;
mod checkpoint;
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
mod progress;
mod schedule;
mod teachers;

pub use cross_validation::{CrossValidation, Fold};
pub use evaluate::{Evaluation, evaluate, logits};
pub use fit::{Ending, Fit, Measurements, Validation, batches_of_epoch, fit, initial_network};
pub use prepare::{Prepared, encode_rows, label_class};
pub use progress::Progress;
pub use teachers::TeacherEncoding;

#[cfg(test)]
mod tests;
