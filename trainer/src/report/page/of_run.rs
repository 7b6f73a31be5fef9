use burn_ndarray::NdArray;
use runtime::Model;

use super::classes::{class_rows, confusions, matrix};
use super::content::{Fact, PrecisionRow, RowsSection, ShareRow};
use super::measured::{MeasuredRow, Measurement};
use super::memory::memory;
use super::{Page, figures, percent, rendered, style_share};
use crate::config::{TrainingConfig, settings_table};
use crate::data::{HeldOut, Part, TrainingRow};
use crate::error::Error;
use crate::export::{ExportPrecision, ModelFile};
use crate::inference::{Answer, HostClassifier, answer};
use crate::quantize::{Bits, IntegerBits};
use crate::report::network::grouped;
use crate::report::parity::EXPORTED;
use crate::report::rows::Lengths;
use crate::report::{EvaluationReport, Inspection};
use crate::run::{EpochMetrics, Run, RunResult};
use crate::run_folder::RunFolder;
use crate::training::{Prepared, label_class};

/// Validation rows that are answered by each precision at most.
const MOST_ROWS: usize = 5_000;

/// A training whose run is complete in its folder.
#[derive(Debug, Clone, Copy)]
pub struct FinishedTraining<'a> {
    /// Its folder.
    pub folder: &'a RunFolder,
    /// Its settings.
    pub config: &'a TrainingConfig,
    /// Its rows.
    pub prepared: &'a Prepared,
    /// What it came to.
    pub result: &'a RunResult,
    /// Its measurements.
    pub history: &'a [EpochMetrics],
    /// How the validation rows were answered, class by class.
    pub validation: &'a EvaluationReport,
    /// The answer to each of these rows; of a cross-validation part after part.
    pub answers: &'a [usize],
    /// What is wrong with it as a whole.
    pub problem: Option<&'a str>,
}

/// The page of a finished training. It says nothing that differs between equal trainings.
///
/// Reads the validation rows again, and answers at most 5,000 of them with the model files of the run.
///
/// # Errors
/// [`Error::Input`] if the rows are no longer there; as [`Run::load`]; [`Error::Failed`].
pub fn run_page(training: &FinishedTraining<'_>) -> Result<String, Error> {
    let FinishedTraining { config, prepared, result, history, validation, .. } = *training;
    let run = Run::<NdArray<f32>>::load(training.folder.path(), &Default::default())?;
    let files = Files::new(&run);
    let Measured { rows, precisions } = files.measure(training)?;
    let notes = Notes::new(training, &files.main_name(), rows.len());
    let (changed, all) = settings(&prepared.settings(config))?;
    let mut page = Page {
        title: format!("Training on {}", config.data.name()),
        subtitle: prepared.encoder.to_string(),
        cards: vec![
            Fact::new(format!("accuracy, {}", notes.validated), percent(validation.accuracy)),
            Fact::new("macro F1", percent(validation.macro_f1)),
            Fact::new("training rows", grouped(result.training_rows)),
            Fact::new("classes", prepared.labels.len()),
        ],
        notices: training.problem.map(str::to_owned).into_iter().collect(),
        data: Some(rows_section(training)),
        curves: figures::learning_curves(history, &result.kept)?,
        curves_note: notes.curves,
        classes_note: format!("The trained network on {}.", notes.validated),
        classes: class_rows(validation),
        matrix: matrix(validation),
        confusions: confusions(validation),
        lengths_note: notes.lengths,
        lengths: rows.lengths(),
        reliability: rows.reliability()?,
        mistakes_note: notes.mistakes,
        mistakes: rows.mistakes(&prepared.labels),
        precisions_note: notes.precisions,
        precisions,
        memory: None,
        settings: changed,
        all_settings: all,
        commands: commands(),
        version: env!("CARGO_PKG_VERSION"),
    };
    if let Some((precision, file)) = files.main() {
        let inspection = Inspection::new(file, EXPORTED.as_ref())?;
        page.cards.push(Fact::new(format!("bytes of flash, {precision}"), grouped(inspection.flash_bytes)));
        page.cards.push(Fact::new("bytes of RAM to reserve", grouped(inspection.reserved_bytes)));
        page.memory = Some(memory(&inspection, &precision.to_string()));
    }
    rendered(&page)
}

/// What stands under the titles of a page: which rows, and who answered them.
struct Notes {
    validated: String,
    curves: String,
    lengths: String,
    mistakes: String,
    precisions: String,
}

impl Notes {
    /// `precision`: the model file that answered `rows` rows.
    fn new(training: &FinishedTraining<'_>, precision: &str, rows: usize) -> Self {
        let FinishedTraining { config, result, .. } = training;
        let validated = grouped(result.validation_rows);
        let curves = format!(
            "The weights of epoch {} of {} are kept. Training loss and accuracy are measured while training, with dropout.",
            result.kept.epoch, config.epochs
        );
        let scale = "Each channel of a signal has its own scale.";
        if result.folds > 0 {
            let by = "By the networks of the cross-validation, each on the part that it did not see";
            return Self {
                validated: format!("{validated} rows, cross-validated"),
                curves: curves + " The validation curves are means over the parts of the cross-validation.",
                lengths: format!("{by}."),
                mistakes: format!("{by}, in the order of the rows. {scale}"),
                precisions:
                    "The network that is kept, on rows that it has learned from: only the last column tells something."
                        .into(),
            };
        }
        let on = format!("on {} of the {validated} validation rows", grouped(rows));
        let by = format!("By the model file in {precision}, {on}");
        Self {
            validated: format!("{validated} validation rows"),
            curves,
            lengths: format!("{by}."),
            mistakes: format!("{by}: the surest ones. {scale}"),
            precisions: format!("As the runtime of the device computes them, {on}."),
        }
    }
}

/// The model files of a run, f32 first, or why there is none.
struct Files {
    all: Vec<(ExportPrecision, Result<ModelFile, Error>)>,
    /// The precision that the page is about.
    main: ExportPrecision,
}

/// Rows with their answers, and how other precisions do on them.
struct Measured {
    rows: Measurement,
    precisions: Vec<PrecisionRow>,
}

impl Files {
    fn new(run: &Run<NdArray<f32>>) -> Self {
        let integers = |bits| ExportPrecision::Integer(IntegerBits::all(bits));
        let main = ExportPrecision::Integer(run.integer_bits());
        let others = [integers(Bits::Eight), integers(Bits::Four)].into_iter().filter(|other| *other != main);
        let all = [ExportPrecision::F32, main].into_iter().chain(others);
        Self { all: all.map(|precision| (precision, run.export(precision))).collect(), main }
    }

    fn written(&self) -> impl Iterator<Item = (ExportPrecision, &ModelFile)> {
        self.all.iter().filter_map(|(precision, file)| Some((*precision, file.as_ref().ok()?)))
    }

    fn main(&self) -> Option<(ExportPrecision, &ModelFile)> {
        self.written().find(|(precision, _)| *precision == self.main)
    }

    fn main_name(&self) -> String {
        self.main().or(self.written().next()).map_or(String::new(), |(precision, _)| precision.to_string())
    }

    /// Answers the rows that the training was validated on.
    fn measure(&self, training: &FinishedTraining<'_>) -> Result<Measured, Error> {
        let models = self.written().map(|(_, file)| file.parse(EXPORTED.as_ref())).collect::<Result<Vec<_>, _>>()?;
        let main = self.written().position(|(precision, _)| precision == self.main).unwrap_or(0);
        let mut answering = Answering::new(&models, main, training)?;
        match training.result.folds {
            0 => answering.add_part(training.config.held_out(), 0)?,
            folds => {
                let mut before = 0;
                for fold in 0..folds {
                    answering.add_part(HeldOut::Fold { fold, folds }, before)?;
                    before += answering.of_part;
                }
            }
        }
        let Answering { measurement, right, changed, .. } = answering;
        let rows = measurement.len();
        let mut counts = right.into_iter().zip(changed);
        let row = |(precision, file): &(ExportPrecision, Result<ModelFile, Error>)| {
            let (bytes, accuracy, changed) = match file {
                Ok(file) => {
                    let (right, changed) = counts.next().unwrap_or_default();
                    (grouped(file.bytes().len()), percent(right as f64 / rows.max(1) as f64), changed.to_string())
                }
                Err(error) => ("-".into(), error.to_string(), "-".into()),
            };
            PrecisionRow { name: precision.to_string(), bytes, accuracy, changed }
        };
        Ok(Measured { rows: measurement, precisions: self.all.iter().map(row).collect() })
    }
}

/// Rows that are answered by several models, f32 first.
struct Answering<'a, 'c, 'm> {
    training: &'a FinishedTraining<'a>,
    classifiers: Vec<HostClassifier<'c, 'm>>,
    /// The model whose answers are kept.
    main: usize,
    measurement: Measurement,
    /// Of each model: rows that are right, and rows of another class than the first's.
    right: Vec<usize>,
    changed: Vec<usize>,
    /// Rows of the part that was added last.
    of_part: usize,
}

impl<'a, 'c, 'm> Answering<'a, 'c, 'm> {
    fn new(models: &'c [Model<'m>], main: usize, training: &'a FinishedTraining<'a>) -> Result<Self, Error> {
        let classifiers =
            models.iter().map(|model| HostClassifier::new(model).map_err(Error::of_model(EXPORTED.as_ref())));
        let classifiers = classifiers.collect::<Result<Vec<_>, _>>()?;
        let counts = vec![0; models.len()];
        let measurement = Measurement::default();
        Ok(Self { training, classifiers, main, measurement, right: counts.clone(), changed: counts, of_part: 0 })
    }

    /// Adds the rows that are held out like this; `before`: how many answers of the training are to other rows.
    fn add_part(&mut self, held_out: HeldOut, before: usize) -> Result<(), Error> {
        let FinishedTraining { config, prepared, result, answers, .. } = *self.training;
        let data = Prepared::survey(config, held_out)?;
        self.of_part = data.validation_rows;
        let is_crossed = result.folds > 0;
        data.for_each::<Error>(&config.read_options(), |TrainingRow { part, number, row }| {
            if part == Part::Training || number >= MOST_ROWS {
                return Ok(());
            }
            let expected = label_class(row, number, &data.validation_place, &prepared.labels)?;
            let answered = self.classifiers.iter_mut().map(|classifier| {
                answer(classifier, &row.content).map_err(|error| error.named(EXPORTED.as_ref(), &data.place))
            });
            let answered: Vec<Answer> = answered.collect::<Result<_, _>>()?;
            let Some((first, main)) = answered.first().zip(answered.get(self.main)) else { return Ok(()) };
            for (model, answer) in answered.iter().enumerate() {
                self.right[model] += usize::from(answer.class == expected);
                self.changed[model] += usize::from(answer.class != first.class);
            }
            let steps = self.classifiers.get(self.main).map_or(0, |classifier| classifier.steps()) + main.refused;
            let (class, probability) = match answers.get(before + number).filter(|_| is_crossed) {
                Some(class) => (*class, None),
                None => (main.class, Some(main.probability.to_f32())),
            };
            let measured = MeasuredRow { expected, class, probability, steps: steps as usize };
            self.measurement.add(measured, &row.content);
            Ok(())
        })
    }
}

fn rows_section(training: &FinishedTraining<'_>) -> RowsSection {
    let FinishedTraining { config, prepared, result, .. } = training;
    let rows = prepared.training.len();
    let lengths = (0..rows).map(|row| prepared.training.steps(row)).collect();
    let Lengths { unit, smallest, median, percentile_95, largest } = Lengths::new(lengths, &prepared.encoder);
    let unit = match prepared.encoder.normalization() {
        Some(frames) if frames.frames_per_step > 1 => "steps of several frames",
        _ => unit,
    };
    let columns = &prepared.columns;
    let mut sizes = vec![0; prepared.labels.len()];
    prepared.training.classes().iter().for_each(|class| sizes[*class] += 1);
    let held_out = match (result.folds, prepared.holds_out) {
        (1.., _) => format!("{} parts, each held out once; then all rows were trained on", result.folds),
        (0, true) => format!("{}, held out of the same file", grouped(prepared.validation.len())),
        (0, false) => format!("{}, of their own", grouped(prepared.validation.len())),
    };
    let mut facts = vec![
        Fact::new("source", config.data.name()),
        Fact::new("training rows", grouped(rows)),
        Fact::new("validation rows", held_out),
        Fact::new(
            "length",
            format!("{smallest} to {largest} {unit}, median {median}, 95 % have up to {percentile_95}"),
        ),
        Fact::new("label", &columns.label),
        Fact::new("texts", columns.texts.join(", ")),
        Fact::new("channels", columns.channels.join(", ")),
        Fact::new("SHA-256 of the rows", &prepared.data_hash),
    ];
    facts.retain(|fact| !fact.value.is_empty());
    let largest_class = sizes.iter().copied().max().unwrap_or(0);
    let class = |(label, size): (&String, &usize)| ShareRow {
        name: label.clone(),
        value: grouped(*size),
        share: style_share(*size, largest_class),
    };
    RowsSection {
        facts,
        notices: prepared.notes.notices.clone(),
        classes: prepared.labels.iter().zip(&sizes).map(class).collect(),
    }
}

/// The settings that are not the defaults, and all.
fn settings(config: &TrainingConfig) -> Result<(Vec<Fact>, Vec<Fact>), Error> {
    let (own, defaults) = (settings_table(config)?, settings_table(&TrainingConfig::default())?);
    let fact = |(name, value): (&String, &toml::Value)| Fact::new(name, value);
    let changed = own.iter().filter(|(name, value)| defaults.get(*name) != Some(*value));
    Ok((changed.map(fact).collect(), own.iter().map(fact).collect()))
}

/// What to do with the run; `RUN` is its folder, whose name the page does not know.
fn commands() -> Vec<Fact> {
    let lines = [
        (
            "Repeat this training, where RUN is the folder of this page:",
            "trainer train --config RUN/config.toml --out AGAIN",
        ),
        ("Write the model file for a device:", "trainer export RUN --precision int8 --out model.rnl"),
        (
            "Measure it on test rows, with a page like this one:",
            "trainer evaluate model.rnl --data test.csv --report evaluation.html",
        ),
        ("Compare runs:", "trainer report RUN AGAIN --out compared.html"),
        (
            "Run it on an emulated Cortex-M4, in a checkout of the repository:",
            "firmware-demo/emulate --board m4 --model model.rnl --data test.csv --rows 5",
        ),
        ("The command that flashes each board stands in firmware-demo/README.md.", ""),
    ];
    lines.map(|(name, value)| Fact::new(name, value)).into()
}
