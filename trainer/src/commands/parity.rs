use std::path::PathBuf;

use clap::Args;
use trainer::Error;
use trainer::data::Source;
use trainer::report::ParityReport;

use super::{load_run, print};

/// Compares the trained network, computed by Burn, with the runtime on its f32, f16 and int8 files.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trainer parity runs/home                           on the home commands' test sentences
  trainer parity runs/reviews --data test.csv --json")]
pub(crate) struct Parity {
    /// The run folder.
    run: PathBuf,
    /// A CSV or TSV file, plain or gzip, a folder with test.csv, or `digits`. Without it: the home commands' test
    /// sentences.
    #[arg(long)]
    data: Option<PathBuf>,
    /// One JSON object on standard output.
    #[arg(long)]
    json: bool,
}

impl Parity {
    pub(crate) fn run(&self) -> Result<(), Error> {
        let source = Source::new(self.data.as_deref());
        let run = load_run(&self.run)?;
        let rows = source.test_rows(&run.config.text_columns)?.collect::<Result<Vec<_>, _>>()?;
        print(&ParityReport::new(&run, &rows, &source.name())?, self.json)
    }
}
