use std::path::Path;

use crate::config::{Extent, TrainingConfig};
use crate::data::{ColumnNames, Content, DataError, HeldOut, Part, Row, RowNotes, TrainingData, TrainingRow, first_of};
use crate::encoding::{CutSequence, Encoder, FrameNormalization, Pretrained};
use crate::error::Error;
use crate::examples::{Collector, Example, Examples, Spill};
use crate::network::InputShape;
use crate::run::RunIdentity;
use crate::run_folder::{RunFolder, write_lines, write_toml};
use crate::training::TeacherEncoding;
use crate::training::notices::EncodingCounts;

/// Rows ready to train on.
#[derive(Debug)]
pub struct Prepared {
    /// Names of the classes, sorted.
    pub labels: Vec<String>,
    /// What turns content into sequences.
    pub encoder: Encoder,
    /// Vectors that the embedding starts with.
    pub pretrained: Option<Pretrained>,
    /// How teachers read rows, where there are teachers.
    pub teachers: Option<TeacherEncoding>,
    /// Rows to train on; as the teachers read them, where those read what is made of them.
    pub training: Examples,
    /// The rows to train on as teachers of whole rows read them.
    pub questions: Option<Examples>,
    /// Rows that training is measured with; none where all rows are trained on.
    pub validation: Examples,
    /// Whether the validation rows are held out of the training rows.
    pub holds_out: bool,
    /// Share of the training frames' values that 32 bits do not hold in their unit; 0 for texts.
    pub saturated_share: f64,
    /// SHA-256 of the rows.
    pub data_hash: String,
    /// The names of the columns that were read.
    pub columns: ColumnNames,
    /// What is said about the rows before training.
    pub notes: RowNotes,
    /// Groups of the validation rows, where they have groups.
    pub validation_groups: Option<usize>,
    /// Groups of rows that a split keeps on one side; the largest number where each row stands for itself.
    pub groups: usize,
}

impl Prepared {
    /// What each token of a training row becomes where its word is dropped; none: all become that of unknown words, and
    /// so they do where the rows are those of teachers with a vocabulary of their own.
    pub(super) fn unknown_tokens(&self) -> Vec<u32> {
        match &self.teachers {
            Some(teachers) if !teachers.same_tokens() => Vec::new(),
            _ => self.encoder.unknown_tokens(),
        }
    }

    /// Reads the rows that `config` names, several times, and encodes them; labels and encoder come from the training
    /// rows alone. Of the rows their steps are kept, in memory or in a temporary file.
    ///
    /// # Errors
    /// [`Error::Input`]; [`Error::Input`]; [`Error::Setting`] if the rows are others than those of the
    /// configuration's hash, or are not of words where word vectors are given; [`Error::Unwritable`] for the temporary
    /// file.
    pub fn read(config: &TrainingConfig, spill: Spill<'_>) -> Result<Self, Error> {
        Self::read_holding_out(config, config.held_out(), spill)
    }

    /// [`Self::read`] with these rows held out.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn read_holding_out(config: &TrainingConfig, held_out: HeldOut, spill: Spill<'_>) -> Result<Self, Error> {
        Self::encode(config, &Self::survey(config, held_out)?, spill)
    }

    /// Reads the rows that `config` names once, with these rows held out.
    ///
    /// # Errors
    /// [`Error::Input`]; [`Error::Setting`] if the rows are others than those of the configuration's hash, or have
    /// validation rows beside them where there is to be a cross-validation.
    pub fn survey(config: &TrainingConfig, held_out: HeldOut) -> Result<TrainingData, Error> {
        let reading = config.read_options();
        let data = config.data.training_data(&config.selection(&reading, held_out))?;
        if let Some(expected) = config.data_hash.as_ref().filter(|expected| **expected != data.hash) {
            return Err(Error::Setting(format!(
                "{}: these are not the rows of the configuration (SHA-256 {} instead of {expected}); \
                 remove `data_hash` from it to train on them all the same",
                data.place, data.hash
            )));
        }
        if config.folds > 0 && data.validation_rows > 0 && !data.holds_out() {
            return Err(Error::Setting(format!(
                "--folds {}: {} has validation rows of its own; leave out --folds",
                config.folds, data.place
            )));
        }
        if let [label] = data.labels.as_slice() {
            return Err(DataError::OneLabel { place: data.place, label: label.clone() }.into());
        }
        Ok(data)
    }

    /// Learns the encoder from surveyed rows, and encodes them.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn encode(config: &TrainingConfig, data: &TrainingData, spill: Spill<'_>) -> Result<Self, Error> {
        let encoder = match &config.fine_tune {
            Some(run) => encoder_of(run, config, data)?,
            None => Encoder::learn(&config.encoder_settings(), data)?,
        };
        if config.pad_to > 0 && encoder.normalization().is_some() {
            let problem = "expected 0: frames are not padded; a sequence of frames is as long as it is";
            return Err(Error::Setting(format!("--pad-to {}: {problem}", config.pad_to)));
        }
        let teachers = TeacherEncoding::read(config, &encoder, &data.labels, &data.hash)?;
        if config.pretrained_embeddings.is_some() && teachers.as_ref().is_some_and(|teachers| !teachers.same_tokens()) {
            let problem = "--pretrained-embeddings with --teacher needs teachers with this network's vocabulary";
            return Err(Error::Setting(problem.into()));
        }
        let encoded =
            encode_training(data, &encoder, teachers.as_ref(), config, spill)?.spread(config.training_share)?;
        let Encoded { training, questions, validation, saturated_share, outliers, counts } = encoded;
        counts.check(&encoder, &data.place)?;
        let mut notes = data.notes.clone();
        notes.notices.extend(counts.notices(config, &encoder));
        let units = encoder.normalization().map(FrameNormalization::units_of_channels).unwrap_or_default();
        notes.notices.extend(data.channel_notices(&units));
        notes.notices.extend(data.outlier_notice(&outliers));
        Ok(Self {
            notes,
            saturated_share,
            holds_out: data.holds_out(),
            pretrained: read_pretrained(config, &encoder, &training)?,
            labels: data.labels.clone(),
            encoder,
            teachers,
            training,
            questions,
            validation,
            data_hash: data.hash.clone(),
            columns: data.columns.clone(),
            validation_groups: data.validation_groups,
            groups: data.groups.as_ref().map_or(usize::MAX, |groups| groups.count),
        })
    }

    /// Writes what a run's folder says before training: labels, what the encoder learned, and the settings, with
    /// the input and the hash of these rows.
    ///
    /// # Errors
    /// [`Error::Unwritable`].
    pub fn write(&self, folder: &RunFolder, config: &TrainingConfig) -> Result<(), Error> {
        write_lines(&folder.labels(), &self.labels)?;
        self.encoder.save(folder)?;
        write_toml(&folder.config(), &self.settings(config))
    }

    /// The settings with the input and the hash of these rows, as a run's folder has them.
    pub fn settings(&self, config: &TrainingConfig) -> TrainingConfig {
        let (input, data_hash) = (self.encoder.input(), Some(self.data_hash.clone()));
        TrainingConfig { input, data_hash, ..config.clone() }
    }

    /// `count` of the training rows, or all, evenly spread, as the network reads them.
    ///
    /// # Errors
    /// As [`Examples::get`].
    pub fn calibration_rows(&self, count: usize) -> Result<Examples, Error> {
        let read = |row: Result<Example, Error>| match (&self.teachers, row) {
            (Some(teachers), Ok(row)) => Ok(teachers.learner_example(row)),
            (_, row) => row,
        };
        self.training.spread(count).map(read).collect()
    }

    /// Validation rows that say something of their own: as many as there are groups, as the rows of one person or
    /// recording are answered alike.
    pub fn independent_validation_rows(&self) -> usize {
        self.validation_groups.unwrap_or(self.validation.len())
    }

    /// How many rows there are, and how long they are.
    pub fn extent(&self) -> Extent {
        let steps: usize = (0..self.training.len()).map(|row| self.training.steps(row)).sum();
        Extent {
            training: self.training.len(),
            held_out: if self.holds_out { self.validation.len() } else { 0 },
            mean_steps: steps as f64 / self.training.len().max(1) as f64,
            of_frames: self.encoder.normalization().is_some(),
            groups: self.groups,
        }
    }

    /// What a step of the rows takes in.
    pub fn input_shape(&self, config: &TrainingConfig) -> InputShape {
        self.encoder.input_shape(config.embedding_size)
    }
}

/// The encoder of a finished run that is tuned.
fn encoder_of(path: &Path, config: &TrainingConfig, data: &TrainingData) -> Result<Encoder, Error> {
    let refuse = |problem: &str| Err(Error::Run { path: path.into(), problem: problem.into() });
    let run = RunIdentity::load(path)?;
    if run.labels != data.labels {
        return refuse("has other classes than these rows; --fine-tune goes on with a network of the same classes");
    }
    if run.config.network(run.encoder.input_shape(run.config.embedding_size))
        != config.network(run.encoder.input_shape(config.embedding_size))
    {
        return refuse("is another network than these settings; leave out the settings of the network");
    }
    Ok(run.encoder)
}

/// Rows that were encoded while they were read.
struct Encoded {
    training: Examples,
    questions: Option<Examples>,
    validation: Examples,
    saturated_share: f64,
    /// Values of the training frames that are far from the others, by channel.
    outliers: Vec<usize>,
    counts: EncodingCounts,
}

impl Encoded {
    /// So large a share of the training rows, evenly spread.
    fn spread(self, share: f64) -> Result<Self, Error> {
        if share >= 1.0 {
            return Ok(self);
        }
        let rows = (share * self.training.len() as f64).ceil() as usize;
        let training = self.training.spread(rows).collect::<Result<_, _>>()?;
        let questions = self.questions.map(|questions| questions.spread(rows).collect()).transpose()?;
        Ok(Self { training, questions, ..self })
    }
}

/// Encodes rows as the network reads them, or as its teachers do.
fn encode_training(
    data: &TrainingData,
    encoder: &Encoder,
    teachers: Option<&TeacherEncoding>,
    config: &TrainingConfig,
    spill: Spill<'_>,
) -> Result<Encoded, Error> {
    let encoding = |encoder| Encoding { labels: &data.labels, encoder, config };
    let collector = |rows, encoder: &Encoder| Collector::new(rows, encoder.values_of_a_step(), spill);
    let asked = teachers.filter(|teachers| teachers.are_asked()).map_or(encoder, |teachers| &teachers.encoder);
    let (of_training, of_validation) = (encoding(asked), encoding(encoder));
    let mut training = collector(data.training_rows, asked);
    let mut validation = collector(data.validation_rows, encoder);
    let mut questions = teachers
        .filter(|teachers| !teachers.are_asked())
        .map(|teachers| (encoding(&teachers.encoder), collector(data.training_rows, &teachers.encoder)));
    let (mut values, mut saturated, mut outliers) = (0, 0, Vec::new());
    let mut counts = EncodingCounts::default();
    data.for_each(&config.read_options(), |TrainingRow { part, number, row }| {
        let (rows, encoding, place) = match part {
            Part::Training => (&mut training, &of_training, &data.place),
            Part::Validation => (&mut validation, &of_validation, &data.validation_place),
        };
        let unit = encoding.encoder.normalization();
        if let (Part::Training, Content::Frames(frames), Some(unit)) = (part, &row.content, unit) {
            values += frames.values.len();
            saturated += unit.saturated(&frames.values);
            unit.count_outliers(&frames.values, &mut outliers);
        }
        let WholeExample { example, steps } = encoding.whole_example(row, number, place)?;
        counts.add(part, steps, &example.sequence);
        rows.add(number, encoding.padded(example))?;
        match &mut questions {
            Some((encoding, questions)) if part == Part::Training => {
                questions.add(number, encoding.example(row, number, place)?)
            }
            _ => Ok(()),
        }
    })?;
    let questions = questions.map(|(_, questions)| questions.finish()).transpose()?;
    let saturated_share = saturated as f64 / values.max(1) as f64;
    let (training, validation) = (training.finish()?, validation.finish()?);
    Ok(Encoded { training, questions, validation, saturated_share, outliers, counts })
}

fn read_pretrained(
    config: &TrainingConfig,
    encoder: &Encoder,
    training: &Examples,
) -> Result<Option<Pretrained>, Error> {
    let Some(path) = &config.pretrained_embeddings else {
        return Ok(None);
    };
    let (Encoder::Words(_) | Encoder::FingerprintedWords(_), Some(vocabulary)) = (encoder, encoder.vocabulary()) else {
        return Err(Error::Setting("--pretrained-embeddings needs rows of words".into()));
    };
    Pretrained::read(path, config.embedding_size, vocabulary, training).map(Some)
}

/// How rows become examples.
struct Encoding<'e> {
    labels: &'e [String],
    encoder: &'e Encoder,
    config: &'e TrainingConfig,
}

/// A row's example before it is padded, and the steps that it had before it was cut.
struct WholeExample {
    example: Example,
    steps: usize,
}

impl Encoding<'_> {
    /// The example of a row, whose number and place are named in errors.
    fn example(&self, row: &Row, number: usize, place: &str) -> Result<Example, DataError> {
        Ok(self.padded(self.whole_example(row, number, place)?.example))
    }

    fn whole_example(&self, row: &Row, number: usize, place: &str) -> Result<WholeExample, DataError> {
        let class = label_class(row, number, place, self.labels)?;
        match self.encoder.encode_counted(&row.content, self.config.max_length) {
            Ok(CutSequence { sequence, steps }) => Ok(WholeExample { example: Example { sequence, class }, steps }),
            Err(mismatch) => Err(DataError::Mismatch { place: place.into(), mismatch }),
        }
    }

    fn padded(&self, example: Example) -> Example {
        Example { sequence: example.sequence.padded(self.config.pad_to), ..example }
    }
}

/// The examples of rows.
///
/// # Errors
/// [`DataError::UnknownLabel`]; [`DataError::Mismatch`] for rows that the encoder does not take.
pub fn encode_rows(
    rows: &[Row],
    place: &str,
    labels: &[String],
    encoder: &Encoder,
    config: &TrainingConfig,
) -> Result<Examples, DataError> {
    let encoding = Encoding { labels, encoder, config };
    rows.iter().enumerate().map(|(number, row)| encoding.example(row, number, place)).collect()
}

/// The number of a row's class; `number`, from 0, and `place` are the row's in errors.
///
/// # Errors
/// [`DataError::UnknownLabel`].
pub fn label_class<Label: AsRef<str>>(
    row: &Row,
    number: usize,
    place: &str,
    labels: &[Label],
) -> Result<usize, DataError> {
    labels.iter().position(|label| label.as_ref() == row.label).ok_or_else(|| DataError::UnknownLabel {
        place: place.into(),
        row: number + 1,
        label: row.label.clone(),
        known: first_of(labels.iter(), MOST_LISTED),
    })
}

/// Labels that an error lists at most.
const MOST_LISTED: usize = 10;
