use std::path::{Path, PathBuf};

use clap::Args;
use trainer::Error;
use trainer::data::Source;
use trainer::export::ModelFile;
use trainer::inference::row_answers;
use trainer::report::EvaluationReport;
use trainer::training::label_classes;

use super::print;

/// Measures a model file on labelled rows, with the runtime that the device uses.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trainer evaluate home.rnl                          the home commands' test sentences
  trainer evaluate reviews.rnl --data test.csv --json")]
pub(crate) struct Evaluate {
    /// The model file.
    model: PathBuf,
    /// A CSV or TSV file, or a folder with test.csv. Without it: the home commands' test sentences.
    #[arg(long)]
    data: Option<PathBuf>,
    /// One JSON object on standard output.
    #[arg(long)]
    json: bool,
}

impl Evaluate {
    pub(crate) fn run(&self) -> Result<(), Error> {
        print(&evaluate(&self.model, &Source::new(self.data.as_deref()))?, self.json)
    }
}

/// The report of a model file on the test rows of `source`.
pub(super) fn evaluate(path: &Path, source: &Source) -> Result<EvaluationReport, Error> {
    let file = ModelFile::read(path)?;
    let model = file.parse(path)?;
    let rows = source.test_rows()?;
    let labels: Vec<&str> = model.labels().collect();
    let expected = label_classes(&rows, &source.name(), &labels)?;
    let answers = row_answers(&model, &rows).map_err(Error::of_model(path))?;
    let answered: Vec<usize> = answers.iter().map(|answer| answer.class).collect();
    Ok(EvaluationReport::new(labels.into_iter(), &expected, &answered))
}
