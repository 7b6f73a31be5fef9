use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::Args;
use trainer::Error;
use trainer::data::{ReadOptions, Source};
use trainer::export::ModelFile;
use trainer::inference::{HostClassifier, InferenceError, answer, classes_by_step};
use trainer::output::{Claim, Output};
use trainer::report::page::{MeasuredRow, Measurement, model_page};
use trainer::report::{CurveCounts, EvaluationReport};
use trainer::training::label_class;

use super::measured_stream::MeasuredStream;
use super::reading::{Reading, note_test_rows};
use super::{CutRows, print};

/// Measures a model file on labelled rows, with the runtime that the device uses.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trainer evaluate home.rnl                          the home commands' test sentences
  trainer evaluate reviews.rnl --data test.csv --json
  trainer evaluate wand.rnl --data test.csv --curve  how many frames an answer needs
  trainer evaluate wand.rnl --data day.csv --stream --hop 10 --frames-per-second 50
                                                     events found and false alarms in recordings whose label changes
  trainer evaluate home.rnl --report home.html       an HTML page with plots and tables")]
pub(crate) struct Evaluate {
    /// The model file.
    model: PathBuf,
    /// A file of rows as `trainer train --data` takes it, a folder with test.csv, or `digits`. Without it: the home
    /// commands' test sentences.
    #[arg(long)]
    data: Option<PathBuf>,
    #[command(flatten)]
    reading: Reading,
    /// Also print the accuracy after each number of steps.
    #[arg(long, conflicts_with = "stream")]
    curve: bool,
    #[command(flatten)]
    stream: MeasuredStream,
    /// Write an HTML page to this new file: confusion matrix, accuracy by length, reliability, worst mistakes, flash and RAM.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Overwrite a file that exists.
    #[arg(long, requires = "report")]
    force: bool,
    /// One JSON object on standard output.
    #[arg(long)]
    json: bool,
}

impl Evaluate {
    pub(crate) fn run(&self) -> Result<(), Error> {
        if self.stream.is_given()? {
            if self.report.is_some() {
                return Err(Error::Setting("--report has no effect with --stream: leave one of them out".into()));
            }
            let report = self.stream.report(&self.model, self.data.as_deref(), &self.reading.options()?)?;
            return print(&report, self.json);
        }
        let source = Source::new(self.data.as_deref());
        let output = self.report.as_deref().map(|path| self.claim(path)).transpose()?;
        let file = ModelFile::read(&self.model)?;
        let measured = measure((&file, &self.model), &source, &self.reading.options()?, self.curve)?;
        if let Some(output) = output {
            let rows = (&source, measured.layout.as_str());
            let page = model_page((&file, &self.model), rows, &measured.report, &measured.rows)?;
            output.write(page.as_bytes())?;
        }
        print(&measured.report, self.json)
    }

    fn claim(&self, path: &Path) -> Result<Output, Error> {
        let inputs: Vec<&Path> = [Some(self.model.as_path()), self.data.as_deref()].into_iter().flatten().collect();
        Output::claim(path, &Claim { option: "--report", force: self.force, inputs: &inputs })
    }
}

/// The report of a model file on the test rows of `source`; says how many rows were cut.
pub(super) fn evaluate(path: &Path, source: &Source, options: &ReadOptions) -> Result<EvaluationReport, Error> {
    measure((&ModelFile::read(path)?, path), source, options, false).map(|measured| measured.report)
}

/// What the measurement of rows gave.
struct Measured {
    report: EvaluationReport,
    /// The answers, with the worst mistakes.
    rows: Measurement,
    /// The form of the rows' file, and what each column is.
    layout: String,
}

fn measure(
    (file, path): (&ModelFile, &Path),
    source: &Source,
    options: &ReadOptions,
    curve: bool,
) -> Result<Measured, Error> {
    let model = file.parse(path)?;
    let mut classifier = HostClassifier::new(&model).map_err(Error::of_model(path))?;
    let labels: Vec<&str> = model.labels().collect();
    let place = source.name();
    let named = |error: InferenceError| error.named(path, &place);
    let (mut expected, mut answered, mut cut) = (Vec::new(), Vec::new(), CutRows::default());
    let mut measured = Measurement::default();
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
        let steps = (classifier.steps() + answer.refused) as usize;
        let probability = Some(answer.probability.to_f32());
        measured.add(MeasuredRow { expected: class, class: answer.class, probability, steps }, &row.content);
        if let Some(counts) = &mut counts {
            counts.add(&classes_by_step(&mut classifier, &row.content).map_err(named)?, class);
        }
    }
    note_test_rows(source, &rows.layout(), expected.len(), expected.iter().collect::<BTreeSet<_>>().len());
    cut.note(model.max_steps() as usize);
    let curve = counts.map(CurveCounts::curve);
    let report = EvaluationReport::new(labels.into_iter(), &expected, &answered);
    Ok(Measured {
        report: EvaluationReport { curve, rows_cut: cut.cut, ..report },
        rows: measured,
        layout: rows.layout(),
    })
}
