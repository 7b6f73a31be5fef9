use std::path::{Path, PathBuf};

use clap::Args;
use trainer::Error;
use trainer::output::{Claim, Output};
use trainer::report::page::{ComparedRun, comparison_page};

use super::print_written;

/// Writes a page that compares finished runs: results, learning curves, settings that differ.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  trainer report runs/small runs/large --out compared.html")]
pub(crate) struct Report {
    /// The run folders.
    #[arg(required = true, value_name = "RUN")]
    runs: Vec<PathBuf>,
    /// The page, one file of HTML.
    #[arg(long, value_name = "FILE", default_value = "report.html")]
    out: PathBuf,
    /// Overwrite a file that exists.
    #[arg(long)]
    force: bool,
}

impl Report {
    pub(crate) fn run(&self) -> Result<(), Error> {
        let inputs: Vec<&Path> = self.runs.iter().map(PathBuf::as_path).collect();
        let output = Output::claim(&self.out, &Claim { option: "--out", force: self.force, inputs: &inputs })?;
        let runs = self.runs.iter().map(|path| ComparedRun::load(path)).collect::<Result<Vec<_>, _>>()?;
        output.write(comparison_page(&runs)?.as_bytes())?;
        print_written(&output, &format!("{}: {} runs compared", self.out.display(), runs.len()))
    }
}
