use super::error::ImportError;
use super::{Description, Imported, ImportedInput, Side};
use crate::config::TrainingConfig;
use crate::data::{ColumnNames, Row, Source};
use crate::encoding::{Encoder, Input, Splitting, Vocabulary};
use crate::error::Error;
use crate::examples::Examples;
use crate::network::{NetworkConfig, Pooling};
use crate::operations::NetworkBackend;
use crate::quantize::{Ranges, measure_ranges};
use crate::run::EpochMetrics;
use crate::run::{Run, RunResult};
use crate::run_folder::{RunFolder, write_lines, write_toml};
use crate::training::{encode_rows, evaluate};
use crate::weights;

/// Rows that the int8 ranges of an imported model are measured on.
#[derive(Debug, Clone, Copy)]
pub struct CalibrationRows<'r> {
    /// The rows, with labels of the model.
    pub rows: &'r [Row],
    /// How their source is named in messages.
    pub place: &'r str,
}

/// A run that was made of an imported model.
#[derive(Debug, Clone)]
pub struct ImportedRun<B: NetworkBackend> {
    /// The run, as [`Run::load`] gives it.
    pub run: Run<B>,
    /// Share of the calibration rows that the network is right on, if there are such rows.
    pub accuracy: Option<f64>,
}

impl Imported {
    /// The run of this model, ready to be exported; to int8 only with calibration rows.
    ///
    /// # Errors
    /// [`Error::Input`] for layers of different sizes; [`Error::Setting`] for a size that no run has;
    /// [`Error::Input`] for a label that is not the model's; [`Error::Export`], [`Error::NotFinite`] for a network that
    /// the runtime would refuse.
    pub fn run<B: NetworkBackend>(
        &self,
        calibration: Option<CalibrationRows<'_>>,
        device: &B::Device,
    ) -> Result<ImportedRun<B>, Error> {
        let config = self.config()?;
        config.check()?;
        let encoder = match &self.input {
            ImportedInput::Words(words) => {
                Encoder::Words(Vocabulary::new(Splitting::Words(config.word_rule), words.clone()))
            }
            ImportedInput::Frames(normalization) => Encoder::Frames(normalization.clone()),
        };
        let network = self.weights.to_network::<B>(device);
        let mut result = RunResult {
            trainer_version: env!("CARGO_PKG_VERSION").into(),
            training_rows: 0,
            validation_rows: 0,
            folds: 0,
            macro_f1: None,
            calibration_rows: 0,
            calibration_data: None,
            longest_row: 0,
            columns: ColumnNames::default(),
            ranges: Ranges::default(),
            kept: EpochMetrics::default(),
        };
        let mut accuracy = None;
        if let Some(CalibrationRows { rows, place }) = calibration {
            let examples = encode_rows(rows, place, &self.labels, &encoder, &config)?;
            let examples: Examples = examples.spread(config.calibration_rows).collect::<Result<_, Error>>()?;
            let shape: NetworkConfig = config.network(encoder.input_shape(config.embedding_size));
            result.calibration_rows = examples.len();
            result.ranges = measure_ranges(&network, &shape, &examples, config.calibration_percentile)?;
            accuracy = Some(evaluate(&network, &shape, &examples, device)?.accuracy);
        }
        let run = Run { config, labels: self.labels.clone(), encoder, network, result, rounding: None };
        run.export(runtime::format::Precision::F32)?;
        Ok(ImportedRun { run, accuracy })
    }

    /// The settings of a run that would train such a network.
    fn config(&self) -> Result<TrainingConfig, ImportError> {
        let Description { cell, bidirectional, num_layers, pooling, max_length, pad_to, .. } = self.description;
        let sizes: Vec<usize> = self.weights.layers.iter().map(|layer| layer.forward.weight_hh.columns).collect();
        let hidden_size = sizes.first().copied().unwrap_or_default();
        if sizes.iter().any(|size| *size != hidden_size) {
            let sizes: Vec<String> = sizes.iter().map(usize::to_string).collect();
            let problem = format!("recurrent layers of {} units; the layers of a run have one size", sizes.join(", "));
            return Err(ImportError::Description { path: self.weights_path.clone(), problem });
        }
        // A device of one direction reads all words, of which the last ones were kept.
        let reads_all = self.description.truncation == Side::Left && !bidirectional && pooling != Pooling::Mean;
        let max_length = if reads_all { 0 } else { max_length };
        let default = TrainingConfig::default();
        let (input, vocabulary_size) = match &self.input {
            ImportedInput::Words(words) => (Input::Words, words.len()),
            ImportedInput::Frames(_) => (Input::Frames, default.vocabulary_size),
        };
        Ok(TrainingConfig {
            data: Source::Path(self.weights_path.clone()),
            input,
            vocabulary_size,
            embedding_size: self.weights.embedding.as_ref().map_or(0, |embedding| embedding.columns),
            cell,
            bidirectional,
            hidden_size,
            num_layers,
            pooling,
            max_length,
            pad_to,
            ..default
        })
    }
}

impl<B: NetworkBackend> ImportedRun<B> {
    /// Writes a claimed folder.
    ///
    /// # Errors
    /// [`Error::Unwritable`].
    pub fn write(&self, folder: &RunFolder) -> Result<(), Error> {
        let Run { config, labels, encoder, network, result, rounding: _ } = &self.run;
        folder.keep();
        write_lines(&folder.labels(), labels)?;
        encoder.save(folder)?;
        weights::save(network, &folder.weights())?;
        write_toml(&folder.config(), config)?;
        write_toml(&folder.result(), result)
    }
}
