use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::Args;
use trainer::Error;
use trainer::data::{ReadOptions, Source};
use trainer::export::ModelFile;
use trainer::inference::{HostClassifier, InferenceError, answer, classes_by_step};
use trainer::report::{CurveCounts, EvaluationReport};
use trainer::training::label_class;

use super::reading::{Reading, note_test_rows};
use super::{CutRows, print};

/// Measures a model file on labelled rows, with the runtime that the device uses.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trainer evaluate home.rnl                          the home commands' test sentences
  trainer evaluate reviews.rnl --data test.csv --json
  trainer evaluate wand.rnl --data test.csv --curve  how many frames an answer needs")]
pub(crate) struct Evaluate {
    /// The model file.
    model: PathBuf,
    /// A file of rows as `trainer train --data` takes it, a folder with test.csv, or `digits`. Without it: the home
    /// commands' test sentences.
    #[arg(long)]
    data: Option<PathBuf>,
    #[command(flatten)]
    reading: Reading,
    /// Also the accuracy by the number of steps seen: an answer after every step of every row.
    #[arg(long)]
    curve: bool,
    /// One JSON object on standard output.
    #[arg(long)]
    json: bool,
}

impl Evaluate {
    pub(crate) fn run(&self) -> Result<(), Error> {
        let source = Source::new(self.data.as_deref());
        print(&evaluate(&self.model, &source, &self.reading.options()?, self.curve)?, self.json)
    }
}

/// The report of a model file on the test rows of `source`; says how many rows were cut.
pub(super) fn evaluate(
    path: &Path,
    source: &Source,
    options: &ReadOptions,
    curve: bool,
) -> Result<EvaluationReport, Error> {
    let file = ModelFile::read(path)?;
    let model = file.parse(path)?;
    let mut classifier = HostClassifier::new(&model).map_err(Error::of_model(path))?;
    let labels: Vec<&str> = model.labels().collect();
    let place = source.name();
    let named = |error: InferenceError| error.named(path, &place);
    let (mut expected, mut answered, mut cut) = (Vec::new(), Vec::new(), CutRows::default());
    let mut counts = curve.then(CurveCounts::default);
    let schema = file.parts(path)?.1.columns();
    let mut rows = source.test_rows(&options.clone().with_known_labels(&labels).with_schema(schema))?;
    for (number, row) in rows.by_ref().enumerate() {
        let row = row?;
        let class = label_class(&row, number, &place, &labels)?;
        expected.push(class);
        let answer = answer(&mut classifier, &row.content).map_err(named)?;
        answered.push(answer.class);
        cut.count(&answer);
        if let Some(counts) = &mut counts {
            counts.add(&classes_by_step(&mut classifier, &row.content).map_err(named)?, class);
        }
    }
    note_test_rows(source, &rows.layout(), expected.len(), expected.iter().collect::<BTreeSet<_>>().len());
    cut.note(model.max_steps() as usize);
    let curve = counts.map(CurveCounts::curve);
    Ok(EvaluationReport { curve, rows_cut: cut.cut, ..EvaluationReport::new(labels.into_iter(), &expected, &answered) })
}
