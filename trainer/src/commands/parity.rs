use std::path::{Path, PathBuf};

use clap::Args;
use trainer::Error;
use trainer::data::Source;
use trainer::output::{Claim, Output};
use trainer::report::plot::Figure;
use trainer::report::{ParityDetail, ParityReport};

use super::reading::{Reading, TestRows};
use super::{CutRows, load_run, print};

/// Compares the trained network, computed by Burn, with the runtime on its f32, f16 and int8 files. Ends with exit
/// code 1 if a logit is infinite or not a number.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trainer parity runs/home                           on the home commands' test sentences
  trainer parity runs/reviews --data test.csv --json
  trainer parity runs/home --by-step                 where a precision departs: gates and states, rows
  trainer parity runs/home --drift 10000             states without a reset")]
pub(crate) struct Parity {
    /// The run folder.
    run: PathBuf,
    /// A file of rows as `trainer train --data` takes it, a folder with test.csv, or `digits`. Without it: the home
    /// commands' test sentences.
    #[arg(long)]
    data: Option<PathBuf>,
    #[command(flatten)]
    reading: Reading,
    /// Also print the largest errors of gates, c and h against f32 by layer and step, and the share of saturated values.
    #[arg(long)]
    by_step: bool,
    /// Also print the N rows with the largest errors of each precision [10 with --by-step, else 0]
    #[arg(long, value_name = "N")]
    worst: Option<usize>,
    /// Also print the errors of the states over N steps without a reset, through one row after another.
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    drift: usize,
    /// Also write a plot of the errors by step and of the logit errors, as PNG or SVG; implies --by-step.
    #[arg(long, value_name = "FILE")]
    plot: Option<PathBuf>,
    /// Overwrite a plot that exists.
    #[arg(long, requires = "plot")]
    force: bool,
    /// One JSON object on standard output.
    #[arg(long)]
    json: bool,
}

/// Rows that are shown with --by-step.
const WORST_ROWS: usize = 10;

impl Parity {
    pub(crate) fn run(&self) -> Result<(), Error> {
        let plot = self.plot.as_deref().map(|path| self.claim_plot(path)).transpose()?;
        let source = Source::new(self.data.as_deref());
        let run = load_run(&self.run)?;
        let options = self.reading.options_of(&run.config)?.with_known_labels(&run.labels);
        let options = options.with_schema(run.result.columns.clone());
        let read = TestRows::read(&source, &options)?;
        let by_step = self.by_step || self.plot.is_some();
        let worst = self.worst.unwrap_or(if by_step { WORST_ROWS } else { 0 });
        let detail = ParityDetail { by_step, worst, drift: self.drift };
        let report = ParityReport::new(&run, &read.rows, &source.name(), detail)?;
        read.say(&source);
        CutRows { rows: report.rows, cut: report.rows_cut }.note(run.max_steps());
        if let Some(plot) = plot {
            report.figure(&self.run.display().to_string()).write(&plot)?;
        }
        print(&report, self.json)?;
        report.check_finite()
    }

    fn claim_plot(&self, path: &Path) -> Result<Output, Error> {
        Figure::check_path(path)?;
        let inputs: Vec<&Path> = [Some(self.run.as_path()), self.data.as_deref()].into_iter().flatten().collect();
        Output::claim(path, &Claim { option: "--plot", force: self.force, inputs: &inputs })
    }
}
