//! What is measured on rows, and how it is shown.

mod curve;
mod evaluation;
mod inspection;
mod parity;

pub use curve::{Curve, CurveCounts, CurvePoint};
pub use evaluation::{ClassReport, EvaluationReport};
pub use inspection::{FlashParts, Inspection};
pub use parity::{ParityReport, PrecisionParity};
