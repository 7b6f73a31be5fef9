//! What is measured on rows, and how it is shown.

mod by_step;
mod calibration;
mod chips;
mod curve;
mod disagreement;
mod drift;
mod evaluation;
mod flash;
mod histogram;
mod inspection;
mod network;
pub mod page;
mod parity;
mod parity_figure;
pub mod plot;
mod rows;
mod stream;

use by_step::ByStepSums;
pub use by_step::{ByStep, DirectionErrors, QuantityErrors, StepErrors};
pub use calibration::CalibrationLoss;
pub use chips::{CHIPS, Chip, ChipFit, ChipFits};
pub use curve::{Curve, CurveCounts, CurvePoint};
pub use disagreement::{Disagreement, Disagreements};
pub use drift::{DriftBlock, DriftErrors, DriftReport, StuckUnit};
pub use evaluation::{ClassReport, EvaluationReport};
pub use flash::{FlashPart, FlashParts};
pub use histogram::Histogram;
pub use inspection::Inspection;
pub use network::{LayerSummary, NetworkSummary};
pub use parity::{ParityDetail, ParityReport, PrecisionParity};
pub use rows::{ClassSize, Lengths, RowsReport, ShownRow};
pub use stream::{StreamClass, StreamCounts, StreamReport};
