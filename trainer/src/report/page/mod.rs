//! A page about a run or a model: one file of HTML that loads nothing.
//!
//! Everything that comes from data is escaped by the template; only plots, whose texts their backend escapes, are not.

mod classes;
mod comparison;
mod content;
mod figures;
mod measured;
mod memory;
mod of_model;
mod of_run;
mod signal;

use askama::Template;

pub use comparison::{ComparedRun, comparison_page};
pub use measured::{MeasuredRow, Measurement};
pub use of_model::model_page;
pub use of_run::{FinishedTraining, run_page};

use self::content::{
    ClassRow, Confusion, Fact, LengthRow, MatrixRow, Memory, Mistake, PrecisionRow, Reliability, RowsSection,
};
use crate::error::Error;

/// All that a page shows; what is empty is left out. See `templates/report.html`.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "report.html")]
struct Page {
    title: String,
    subtitle: String,
    /// Numbers at the top.
    cards: Vec<Fact>,
    /// What is wrong with the run as a whole.
    notices: Vec<String>,
    data: Option<RowsSection>,
    /// SVG.
    curves: Vec<String>,
    curves_note: String,
    classes_note: String,
    classes: Vec<ClassRow>,
    matrix: Vec<MatrixRow>,
    confusions: Vec<Confusion>,
    lengths_note: String,
    lengths: Vec<LengthRow>,
    reliability: Option<Reliability>,
    mistakes_note: String,
    mistakes: Vec<Mistake>,
    precisions_note: String,
    precisions: Vec<PrecisionRow>,
    memory: Option<Memory>,
    /// Those that are not the defaults.
    settings: Vec<Fact>,
    all_settings: Vec<Fact>,
    commands: Vec<Fact>,
    version: &'static str,
}

/// A page as HTML.
fn rendered(page: &impl Template) -> Result<String, Error> {
    page.render().map_err(|error| Error::Failed(format!("the page: {error}")))
}

/// A share in percent.
fn percent(share: f64) -> String {
    format!("{:.2} %", 100.0 * share)
}

/// A share of 1 for a style, 0 to 1.
fn style_share(part: usize, whole: usize) -> String {
    format!("{:.3}", part as f64 / whole.max(1) as f64)
}
