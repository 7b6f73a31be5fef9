use std::path::Path;

use burn::module::AutodiffModule;
use burn::optim::Optimizer;
use burn::record::{FullPrecisionSettings, NamedMpkBytesRecorder, Recorder};
use burn::tensor::backend::AutodiffBackend;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::run_folder::write_atomically;

/// What one epoch came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct EpochMetrics {
    /// The epoch, from 1.
    pub epoch: usize,
    /// Mean cross-entropy over the training rows, with dropout.
    pub training_loss: f64,
    /// Share of training rows that were right, with dropout.
    pub training_accuracy: f64,
    /// Mean cross-entropy over the validation rows.
    pub validation_loss: f64,
    /// Share of validation rows that were right.
    pub validation_accuracy: f64,
    /// The learning rate at the epoch's end.
    pub learning_rate: f64,
}

/// Sums over the training rows of an epoch so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct EpochSums {
    pub(super) loss: f64,
    pub(super) correct: u64,
    pub(super) rows: u64,
}

/// How far a run has come.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Position {
    /// Complete epochs.
    pub(super) history: Vec<EpochMetrics>,
    /// Batches done of the epoch that follows them.
    pub(super) batch: usize,
    /// Sums over those batches.
    pub(super) sums: EpochSums,
}

/// All that a run needs to go on as if it had not been interrupted.
#[derive(Serialize, Deserialize)]
pub(super) struct Checkpoint {
    pub(super) position: Position,
    model: Vec<u8>,
    optimizer: Vec<u8>,
}

type BytesRecorder = NamedMpkBytesRecorder<FullPrecisionSettings>;

impl Checkpoint {
    pub(super) fn new<B, M, O>(position: &Position, model: &M, optimizer: &O) -> Result<Self, Error>
    where
        B: AutodiffBackend,
        M: AutodiffModule<B>,
        O: Optimizer<M, B>,
    {
        let failed = |error| Error::Failed(format!("the checkpoint can not be made: {error}"));
        let recorder = BytesRecorder::default();
        Ok(Self {
            position: position.clone(),
            model: Recorder::<B>::record(&recorder, model.clone().into_record(), ()).map_err(failed)?,
            optimizer: Recorder::<B>::record(&recorder, optimizer.to_record(), ()).map_err(failed)?,
        })
    }

    /// The model and the optimizer as they were.
    pub(super) fn restore<B, M, O>(self, model: M, optimizer: O, device: &B::Device) -> Result<(Position, M, O), Error>
    where
        B: AutodiffBackend,
        M: AutodiffModule<B>,
        O: Optimizer<M, B>,
    {
        let failed = |error| Error::Failed(format!("the checkpoint does not fit the run: {error}"));
        let recorder = BytesRecorder::default();
        let model_record = Recorder::<B>::load(&recorder, self.model, device).map_err(failed)?;
        let optimizer_record = Recorder::<B>::load(&recorder, self.optimizer, device).map_err(failed)?;
        Ok((self.position, model.load_record(model_record), optimizer.load_record(optimizer_record)))
    }

    pub(super) fn write(&self, path: &Path) -> Result<(), Error> {
        let bytes = postcard::to_stdvec(self).map_err(|error| Error::Failed(format!("the checkpoint: {error}")))?;
        write_atomically(path, &bytes)
    }

    pub(super) fn read(path: &Path) -> Result<Self, Error> {
        let bytes = std::fs::read(path).map_err(|source| Error::Unreadable { path: path.into(), source })?;
        postcard::from_bytes(&bytes).map_err(|_| Error::Run {
            path: path.into(),
            problem: "not a checkpoint of this version; train again without --resume".into(),
        })
    }
}
