use std::path::{Path, PathBuf};

use clap::Args;
use trainer::data::Source;
use trainer::import::{CalibrationRows, ImportedRun, read_model, read_onnx};
use trainer::run::CalibrationData;
use trainer::run_folder::RunFolder;
use trainer::{Error, note};

use super::reading::{Reading, TestRows};
use super::{Cpu, print_line};

/// Imports a PyTorch, Keras or ONNX model as a run folder.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trainer import --weights news.safetensors --description news.toml --out runs/news
  trainer import --weights news.safetensors --description news.toml --out runs/news \\
      --calibration-data train.csv
  trainer import --onnx news.onnx --description words.toml --out runs/news
The first is enough for f32 and f16, the second for int8 too. A description of a Keras model:
  framework = \"keras\"           # or \"torch\"
  cell = \"gru\"                  # or \"lstm\", \"rnn-tanh\", \"rnn-relu\"
  pooling = \"last\"              # or \"mean\", \"max\"
  labels = [\"off\", \"on\"]        # in the order of the logits; or a file with one a line
  vocabulary = \"words.txt\"      # one word a line; the first one has token 2
  max_length = 64
Without a vocabulary the network takes in frames of numbers; how they were normalized is in the model or here:
  [normalization]
  mean = [0.1, 9.8]
  deviation = [1.5, 0.5]
An ONNX file (LSTM, GRU and RNN nodes; the embedding a Gather; one linear layer) says what the network is: its description
has labels, and a vocabulary or a normalization, alone.
tests/import has whole examples, and the scripts that wrote their weights.")]
pub(crate) struct Import {
    /// The weights as safetensors: PyTorch's state_dict, or Keras's variables by their paths.
    #[arg(long, value_name = "FILE", required_unless_present = "onnx", conflicts_with = "onnx")]
    weights: Option<PathBuf>,
    /// The model as an ONNX file, instead of --weights.
    #[arg(long, value_name = "FILE")]
    onnx: Option<PathBuf>,
    /// A TOML file that describes the network, or for ONNX the labels and the vocabulary or normalization.
    #[arg(long, value_name = "FILE")]
    description: PathBuf,
    /// The run folder.
    #[arg(long)]
    out: PathBuf,
    /// Rows like the training rows, to calibrate the int8 ranges.
    #[arg(long, value_name = "FILE")]
    calibration_data: Option<PathBuf>,
    #[command(flatten)]
    reading: Reading,
}

impl Import {
    pub(crate) fn run(&self) -> Result<(), Error> {
        let folder = RunFolder::claim_new(&self.out)?;
        let model = match (&self.onnx, &self.weights) {
            (Some(onnx), _) => read_onnx(onnx, &self.description)?,
            (None, weights) => read_model(weights.as_deref().unwrap_or(Path::new("")), &self.description)?,
        };
        let source = self.calibration_data.clone().map(Source::Path);
        let options = self.reading.options()?.with_known_labels(&model.labels);
        let read = source.as_ref().map(|source| TestRows::read(source, &options)).transpose()?;
        let place = source.as_ref().map(Source::name);
        let calibration =
            read.as_ref().zip(place.as_deref()).map(|(read, place)| CalibrationRows { rows: &read.rows, place });
        let mut imported: ImportedRun<Cpu> = model.run(calibration, &Default::default())?;
        if let Some(data) = source.clone() {
            let reading = self.reading.table()?;
            imported.run.result.calibration_data = Some(CalibrationData { data, reading });
        }
        imported.write(&folder)?;
        model.notes.iter().for_each(|line| note(line));
        read.iter().zip(&source).for_each(|(read, source)| read.say(source));
        match imported.accuracy {
            Some(accuracy) => note(&format!(
                "right on {:.2} % of {} calibration rows",
                100.0 * accuracy,
                imported.run.result.calibration_rows
            )),
            None => note("no --calibration-data: f32 and f16 can be exported, int8 cannot"),
        }
        print_line(&format!(
            "{} labels, {}; run folder {}",
            imported.run.labels.len(),
            imported.run.encoder,
            self.out.display()
        ))
    }
}
