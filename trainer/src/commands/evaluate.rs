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
    /// A CSV or TSV file, a folder with test.csv, or `digits`. Without it: the home commands' test sentences.
    #[arg(long)]
    data: Option<PathBuf>,
    /// Columns of text to read, by name, as the model was trained with.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    text_columns: Vec<String>,
    /// One JSON object on standard output.
    #[arg(long)]
    json: bool,
}

impl Evaluate {
    pub(crate) fn run(&self) -> Result<(), Error> {
        print(&evaluate(&self.model, &Source::new(self.data.as_deref()), &self.text_columns)?, self.json)
    }
}

/// The report of a model file on the test rows of `source`.
pub(super) fn evaluate(path: &Path, source: &Source, text_columns: &[String]) -> Result<EvaluationReport, Error> {
    let file = ModelFile::read(path)?;
    let model = file.parse(path)?;
    let rows = source.test_rows(text_columns)?;
    let labels: Vec<&str> = model.labels().collect();
    let expected = label_classes(&rows, &source.name(), &labels)?;
    let answers = row_answers(&model, &rows).map_err(|error| error.named(path, &source.name()))?;
    let answered: Vec<usize> = answers.iter().map(|answer| answer.class).collect();
    Ok(EvaluationReport::new(labels.into_iter(), &expected, &answered))
}
