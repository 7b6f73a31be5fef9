//! What is measured on rows, and how it is shown.

mod curve;
mod evaluation;
mod flash;
mod inspection;
mod parity;

pub use curve::{Curve, CurveCounts, CurvePoint};
pub use evaluation::{ClassReport, EvaluationReport};
pub use flash::{FlashPart, FlashParts};
pub use inspection::Inspection;
pub use parity::{ParityReport, PrecisionParity};
