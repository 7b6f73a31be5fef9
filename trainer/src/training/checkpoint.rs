use std::collections::BTreeMap;
use std::path::Path;

use burn::module::{Module, ParamId};
use burn::optim::record::AdaptorRecord;
use burn::optim::{Adam, Optimizer};
use burn::record::{FullPrecisionSettings, NamedMpkBytesRecorder, Recorder};
use serde::{Deserialize, Serialize};

use super::average::{AverageRecord, WeightAverage};
use super::embedding::{EmbeddingRecord, EmbeddingTable};
use super::learner::Learner;
use crate::error::Error;
use crate::operations::TrainingBackend;
use crate::output::write_atomically;
use crate::quantize::Rounding;
use crate::run::EpochMetrics;

/// Sums over the training rows since the last measurement.
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
    pub(super) epoch: usize,
    /// Batches done of the epoch that follows them.
    pub(super) batch: usize,
    /// Sums since the last measurement.
    pub(super) sums: EpochSums,
    /// The measurements so far.
    pub(super) history: Vec<EpochMetrics>,
    /// The class that each validation row had in each of them, where that is asked for.
    pub(super) answers: Vec<Vec<usize>>,
}

/// All that a run needs to go on as if it had not been interrupted.
#[derive(Serialize, Deserialize)]
pub(super) struct Checkpoint {
    pub(super) position: Position,
    model: Vec<u8>,
    /// What the optimizer keeps of each parameter, by the parameter's id.
    optimizer: BTreeMap<u64, Vec<u8>>,
    embedding: Option<EmbeddingRecord>,
    rounding: Option<Rounding>,
    average: Option<AverageRecord>,
}

/// How weights become bytes, and again the same weights.
pub(super) type BytesRecorder = NamedMpkBytesRecorder<FullPrecisionSettings>;

impl Checkpoint {
    pub(super) fn new<B: TrainingBackend>(position: &Position, learner: &Learner<B>) -> Result<Self, Error> {
        let failed = |error| Error::Failed(format!("the checkpoint cannot be made: {error}"));
        let recorder = BytesRecorder::default();
        let model = learner.model.clone().into_record();
        let of_parameter = |(id, record): (ParamId, AdaptorRecord<Adam, B>)| {
            Ok((id.val(), Recorder::<B>::record(&recorder, record, ()).map_err(failed)?))
        };
        Ok(Self {
            position: position.clone(),
            model: Recorder::<B>::record(&recorder, model, ()).map_err(failed)?,
            optimizer: learner.optimizer.to_record().into_iter().map(of_parameter).collect::<Result<_, Error>>()?,
            embedding: learner.embedding.as_ref().map(EmbeddingTable::record),
            rounding: learner.rounding().cloned(),
            average: learner.average.as_ref().map(WeightAverage::record).transpose().map_err(failed)?,
        })
    }

    /// The learner as it was; `learner` is one of the same settings.
    pub(super) fn restore<B: TrainingBackend>(
        self,
        mut learner: Learner<B>,
        device: &B::Device,
    ) -> Result<(Position, Learner<B>), Error> {
        let failed = |error: String| Error::Failed(format!("the checkpoint does not fit the run: {error}"));
        let recorder = BytesRecorder::default();
        let model = Recorder::<B>::load(&recorder, self.model, device).map_err(|error| failed(error.to_string()))?;
        let of_parameter = |(id, record)| {
            let record: AdaptorRecord<Adam, B> =
                Recorder::<B>::load(&recorder, record, device).map_err(|error| failed(error.to_string()))?;
            Ok((ParamId::from(id), record))
        };
        let optimizer = self.optimizer.into_iter().map(of_parameter).collect::<Result<_, Error>>()?;
        learner.embedding = match (learner.embedding, self.embedding) {
            (Some(table), Some(record)) => {
                Some(table.restored(record).ok_or_else(|| failed("another embedding".into()))?)
            }
            (None, None) => None,
            _ => return Err(failed("another input".into())),
        };
        let network = learner.trained();
        learner.average = match (learner.average, self.average) {
            (Some(average), Some(record)) => {
                Some(average.restored(record, network, device).map_err(|error| failed(error.to_string()))?)
            }
            (None, None) => None,
            _ => return Err(failed("another average".into())),
        };
        learner.model = learner.model.load_record(model);
        learner.optimizer = learner.optimizer.load_record(optimizer);
        if let Some(rounding) = self.rounding {
            learner = learner.rounding_as(rounding);
        }
        Ok((self.position, learner))
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
