use std::fmt;
use std::path::PathBuf;

use serde::Serialize;

use super::{Budget, Candidate, Shape};
use crate::error::Error;
use crate::quantize::IntegerBits;

/// How long a candidate is trained.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stage {
    /// From 1.
    pub number: usize,
    /// The share of the training rows.
    pub training_share: f64,
    /// Epochs.
    pub epochs: usize,
    /// Trainings.
    pub seeds: usize,
}

/// A candidate and what it came to in the last stage that it reached.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// The budget that it is for.
    pub budget: Budget,
    /// Itself.
    pub candidate: Candidate,
    /// The stage; none before the first.
    pub stage: Option<Stage>,
    /// Validation accuracies, one a seed.
    pub accuracies: Vec<f64>,
    /// The runs' folders, one a seed.
    pub runs: Vec<PathBuf>,
    /// Whether it is the best of its budget.
    pub is_chosen: bool,
    /// The file of its best run; of a chosen one alone.
    pub model: Option<ChosenModel>,
}

/// The file of a chosen candidate's best run.
#[derive(Debug, Clone, PartialEq)]
pub struct ChosenModel {
    /// The run.
    pub run: PathBuf,
    /// The file.
    pub file: PathBuf,
    /// Share of the validation rows on which the file is right, by the runtime.
    pub accuracy: f64,
}

/// All candidates, those of a budget together, the best first.
#[derive(Debug, Clone, PartialEq)]
pub struct Frontier {
    /// The candidates.
    pub measured: Vec<Measured>,
}

/// A row of `frontier.csv`.
#[derive(Serialize)]
struct Line {
    budget_bytes: usize,
    chosen: bool,
    cell: String,
    embedding_size: usize,
    hidden_size: usize,
    weight_bits: u8,
    embedding_bits: u8,
    vocabulary: usize,
    bytes: usize,
    ram_bytes: usize,
    stage: usize,
    training_share: f64,
    epochs: usize,
    seeds: usize,
    validation_accuracy: f64,
    validation_spread: f64,
    file_validation_accuracy: Option<f64>,
    run: String,
    model: String,
}

impl Measured {
    /// One that was not trained.
    pub fn new(budget: Budget, candidate: Candidate) -> Self {
        let (accuracies, runs) = (Vec::new(), Vec::new());
        Self { budget, candidate, stage: None, accuracies, runs, is_chosen: false, model: None }
    }

    /// What a further stage came to.
    pub(super) fn add(&mut self, stage: Stage, accuracies: Vec<f64>, runs: Vec<PathBuf>) {
        self.stage = Some(stage);
        self.accuracies = accuracies;
        self.runs = runs;
    }

    /// The mean of the validation accuracies; 0 without one.
    pub fn accuracy(&self) -> f64 {
        self.accuracies.iter().sum::<f64>() / self.accuracies.len().max(1) as f64
    }

    /// The largest validation accuracy less the smallest.
    pub fn spread(&self) -> f64 {
        let largest = self.accuracies.iter().copied().fold(0.0, f64::max);
        largest - self.accuracies.iter().copied().fold(largest, f64::min)
    }

    fn line(&self) -> Line {
        let Candidate { shape, vocabulary, size } = self.candidate;
        let Shape { cell, embedding_size, hidden_size, bits: IntegerBits { weights, embedding } } = shape;
        let stage = self.stage.unwrap_or(Stage { number: 0, training_share: 0.0, epochs: 0, seeds: 0 });
        let best = self.model.as_ref().map(|model| &model.run).or(self.runs.first());
        Line {
            budget_bytes: self.budget.0,
            chosen: self.is_chosen,
            cell: cell_name(cell),
            embedding_size,
            hidden_size,
            weight_bits: weights.into(),
            embedding_bits: embedding.into(),
            vocabulary,
            bytes: size.bytes,
            ram_bytes: size.ram_bytes,
            stage: stage.number,
            training_share: stage.training_share,
            epochs: stage.epochs,
            seeds: stage.seeds,
            validation_accuracy: self.accuracy(),
            validation_spread: self.spread(),
            file_validation_accuracy: self.model.as_ref().map(|model| model.accuracy),
            run: best.map(|run| run.display().to_string()).unwrap_or_default(),
            model: self.model.as_ref().map(|model| model.file.display().to_string()).unwrap_or_default(),
        }
    }
}

impl Frontier {
    /// Those that are the best of their budget.
    pub fn chosen(&self) -> impl Iterator<Item = &Measured> {
        self.measured.iter().filter(|measured| measured.is_chosen)
    }

    /// The table, a row a candidate.
    ///
    /// # Errors
    /// [`Error::Failed`].
    pub fn csv(&self) -> Result<Vec<u8>, Error> {
        let failed = |error: String| Error::Failed(format!("frontier.csv: {error}"));
        let mut writer = csv::Writer::from_writer(Vec::new());
        let lines = self.measured.iter().map(Measured::line);
        lines.into_iter().try_for_each(|line| writer.serialize(line)).map_err(|error| failed(error.to_string()))?;
        writer.into_inner().map_err(|error| failed(error.to_string()))
    }
}

fn cell_name(cell: crate::network::Cell) -> String {
    use clap::ValueEnum;
    cell.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

impl fmt::Display for Measured {
    /// What it is and what it came to, on a line.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Candidate { shape, vocabulary, size } = &self.candidate;
        let Shape { cell, embedding_size, hidden_size, bits } = shape;
        write!(
            formatter,
            "{:8}  embedding {embedding_size:>2} x {vocabulary:>6}  hidden {hidden_size:>3}  bits {}, {}  {:>8} bytes  \
             RAM {:>5}",
            cell_name(*cell),
            bits.weights,
            bits.embedding,
            size.bytes,
            size.ram_bytes
        )?;
        if !self.accuracies.is_empty() {
            write!(formatter, "  validation {:.2} %", 100.0 * self.accuracy())?;
        }
        if self.accuracies.len() > 1 {
            write!(formatter, " (spread {:.2}, {} seeds)", 100.0 * self.spread(), self.accuracies.len())?;
        }
        Ok(())
    }
}

impl fmt::Display for Frontier {
    /// The chosen ones, or all before the search.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_searched = self.chosen().next().is_some();
        let shown = self.measured.iter().filter(|measured| measured.is_chosen || !is_searched);
        for (number, measured) in shown.enumerate() {
            let end = if number == 0 { "" } else { "\n" };
            write!(formatter, "{end}{:>6}  {measured}", measured.budget.to_string())?;
            if let Some(ChosenModel { file, accuracy, .. }) = &measured.model {
                write!(formatter, "  {} {:.2} %", file.display(), 100.0 * accuracy)?;
            }
        }
        Ok(())
    }
}
