mod sources;

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

pub(super) use self::sources::{BuiltIn, RowSource};
use super::columns::{ColumnNames, ColumnRole};
use super::hasher::Hasher;
use super::inspection::{
    Inspection, RowNotes, class_sizes, label_notices, outlier_notice, repeated_notice, shared_notice,
};
use super::label_order::sort_by_label;
use super::origin::{Groups, Origin};
use super::records::Fingerprint;
use super::{
    DataError, HeldOut, ReadOptions, Row, SegmentCounts, Selection, fold_by_group, fold_by_label, split_by_group,
    split_by_label,
};

/// What a row is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// To train on.
    Training,
    /// To measure epochs with.
    Validation,
}

/// A row of training data.
#[derive(Debug, Clone, Copy)]
pub struct TrainingRow<'r> {
    /// What it is for.
    pub part: Part,
    /// Its number among the rows of its part, from 0.
    pub number: usize,
    /// Itself.
    pub row: &'r Row,
}

/// Rows to train on and rows to choose by, which are read from where they are whenever they are needed; in memory is
/// a number a row.
#[derive(Debug, Clone)]
pub struct TrainingData {
    /// Rows to train on.
    pub training_rows: usize,
    /// Rows to measure epochs with.
    pub validation_rows: usize,
    /// Labels of the training rows, sorted, by number where all of them are numbers.
    pub labels: Vec<String>,
    /// What is said about the rows at the start of a training.
    pub notes: RowNotes,
    /// Values of a training row's frames; nothing for texts.
    pub channels: Option<usize>,
    /// Mean number of frames of the rows; 0 for texts.
    pub mean_frames: f64,
    /// How much a channel changes from a frame to the next, as a share of its standard deviation, on average over the
    /// channels: about 0 for a slow signal, 1.4 for noise. None for texts, and where no channel changes.
    pub roughness: Option<f64>,
    /// How the source is named in messages.
    pub place: String,
    /// How the validation rows' source is named in messages.
    pub validation_place: String,
    /// SHA-256 of all labels, texts and frames as they were read, hexadecimal.
    pub hash: String,
    rows: Known,
    /// Validation rows that stand elsewhere.
    validation: Option<Known>,
    /// The number of each of `rows`: first those to train on, then those held out.
    order: Vec<u32>,
    inspection: Inspection,
    channel_names: Vec<String>,
    /// The names of the columns that are read.
    pub columns: ColumnNames,
    /// What each column of the training rows' file is; none for rows that are built in.
    pub roles: Vec<ColumnRole>,
    /// The rows of each label, in the order of [`Self::labels`].
    pub class_sizes: Vec<usize>,
    /// What a split keeps on one side, where rows belong together.
    pub groups: Option<Groups>,
    /// Groups of the rows to measure epochs with, where they have groups.
    pub validation_groups: Option<usize>,
    /// What became of the recordings that the rows to train on were cut from.
    pub segments: Option<SegmentCounts>,
}

/// A source, and what reading it gave.
#[derive(Debug, Clone)]
struct Known {
    source: RowSource,
    fingerprint: Fingerprint,
    /// Labels that its rows are expected to have.
    labels: Vec<String>,
    /// Columns that it is expected to have.
    schema: ColumnNames,
}

/// Validation rows of their own.
pub(super) struct ValidationRows {
    pub(super) source: RowSource,
    /// How the source is named in messages.
    pub(super) place: String,
}

impl ValidationRows {
    pub(super) fn of_file(path: PathBuf) -> Result<Self, DataError> {
        let place = path.display().to_string();
        Ok(Self { source: RowSource::file(path)?, place })
    }
}

impl TrainingData {
    /// Reads all rows once: which are trained on, and what must be known of them before they are read again.
    pub(super) fn survey(
        source: RowSource,
        validation: Option<ValidationRows>,
        selection: &Selection<'_>,
        place: String,
    ) -> Result<Self, DataError> {
        let mut hasher = Hasher::default();
        let mut labels = HashMap::<String, u32>::new();
        let (mut classes, mut channels, mut frames) = (Vec::<u32>::new(), None, 0);
        let mut origins = Vec::new();
        let (mut inspection, mut inspection_beside) = (Inspection::default(), Inspection::default());
        let reading = source.for_each::<DataError>(selection.reading, |row, origin| {
            hasher.add(row);
            if origin != Origin::default() {
                origins.push(origin);
            }
            inspection.add(row);
            channels = row.content.frames().map(|frames| frames.channels);
            frames += row.content.frames().map_or(0, |frames| frames.iter().len());
            let next = labels.len() as u32;
            classes.push(match labels.get(&row.label) {
                Some(class) => *class,
                None => *labels.entry(row.label.clone()).or_insert(next),
            });
            Ok(())
        })?;
        let total = classes.len();
        DataError::check_labels(&place, reading.label, labels.len(), total)?;
        let (groups, said) = Groups::of(&origins, &classes, reading.group.as_ref());
        drop(origins);
        let mut layouts: Vec<String> = reading.layout.into_iter().collect();
        let mut validation_rows = 0;
        let mut validation_place = format!("validation rows of {place}");
        let mut beside = None;
        let mut validation_groups = None;
        if let Some(ValidationRows { source, place }) = validation {
            let known: Vec<String> = labels.keys().cloned().collect();
            let schema = reading.columns.clone();
            let options = selection.reading.clone().with_known_labels(&known).with_schema(schema.clone());
            let options = ReadOptions { group_is_optional: true, ..options };
            let mut groups_beside = BTreeSet::new();
            let reading = source.for_each::<DataError>(&options, |row, origin| {
                groups_beside.extend(origin.group);
                hasher.add(row);
                inspection_beside.add(row);
                validation_rows += 1;
                Ok(())
            })?;
            validation_place = place;
            validation_groups = Some(groups_beside.len()).filter(|groups| *groups > 0);
            layouts.extend(reading.layout);
            beside = Some(Known { source, fingerprint: reading.fingerprint, labels: known, schema });
        }
        let mut training: Vec<u32> = (0..total as u32).collect();
        let mut order: Vec<u32> = training.clone();
        if beside.is_none() {
            let (kept, held_out) = hold_out(selection, &classes, groups.as_ref(), &place)?;
            layouts.extend(groups.as_ref().map(|groups| groups.describe(&held_out)));
            validation_groups = groups.as_ref().map(|groups| groups.count_of(&held_out));
            for (number, row) in (0..).zip(kept.iter().chain(&held_out)) {
                order[*row as usize] = number;
            }
            validation_rows = held_out.len();
            training = kept;
        }
        if (validation_rows == 0 && selection.held_out != HeldOut::Nothing) || training.is_empty() {
            if let Some(Groups { count, name, .. }) = groups {
                return Err(DataError::TooFewGroups { place, count, name });
            }
            return Err(DataError::TooFewRows { place, rows: total });
        }
        let keeps_all = !matches!(selection.held_out, HeldOut::Share(_));
        let (labels, sizes): (Vec<String>, Vec<usize>) =
            labels_of(labels, training.iter().map(|row| classes[*row as usize]), keeps_all).into_iter().unzip();
        let training_rows = training.len();
        let is_training = |row: usize| beside.is_some() || (order[row] as usize) < training_rows;
        let shared = inspection.shared_rows(is_training, &inspection_beside);
        let repeated = if selection.held_out == HeldOut::Nothing { inspection.repeated_rows() } else { 0 };
        inspection.forget_rows();
        let twice = shared_notice(shared, validation_rows).or(repeated_notice(repeated, total));
        let notes = RowNotes {
            reading: layouts,
            classes: class_sizes(&labels, &sizes),
            notices: twice.into_iter().chain(label_notices(&labels, &sizes)).chain(said).collect(),
        };
        Ok(Self {
            training_rows,
            validation_rows,
            labels,
            notes,
            channels,
            mean_frames: frames as f64 / total.max(1) as f64,
            roughness: inspection.roughness(),
            place,
            validation_place,
            hash: hasher.finish(),
            rows: Known {
                source,
                fingerprint: reading.fingerprint,
                labels: selection.reading.known_labels.clone(),
                schema: selection.reading.schema.clone(),
            },
            validation: beside,
            order,
            inspection,
            channel_names: reading.channels,
            columns: reading.columns,
            roles: reading.roles,
            class_sizes: sizes,
            groups,
            validation_groups,
            segments: reading.segments,
        })
    }

    /// Whether the validation rows are held out of the training rows.
    pub fn holds_out(&self) -> bool {
        self.validation.is_none() && self.validation_rows > 0
    }

    /// Lines about channels that tell nothing, or that a device's integers, a unit for each channel, hardly tell.
    pub fn channel_notices(&self, units: &[f32]) -> Vec<String> {
        self.inspection.channel_notices(&self.channel_names, units)
    }

    /// A line about values far from the others of their channel, of which there are so many in each.
    pub fn outlier_notice(&self, counts: &[usize]) -> Option<String> {
        outlier_notice(&self.channel_names, counts)
    }

    /// Reads all rows again, in the order in which they stand, each with its number among those of its part.
    ///
    /// # Errors
    /// [`DataError`]; [`DataError::Changed`] if they are not those that were read first.
    pub fn for_each<Error: From<DataError>>(
        &self,
        options: &ReadOptions,
        mut each: impl FnMut(TrainingRow<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut numbers = self.order.iter().map(|number| *number as usize);
        self.rows.read_again(options, &self.place, |row, _| {
            let number = numbers.next().ok_or_else(|| DataError::Changed { place: self.place.clone() })?;
            each(match number.checked_sub(self.training_rows) {
                None => TrainingRow { part: Part::Training, number, row },
                Some(number) => TrainingRow { part: Part::Validation, number, row },
            })
        })?;
        let Some(validation) = &self.validation else {
            return Ok(());
        };
        let mut numbers = 0..self.validation_rows;
        let options = &ReadOptions { group_is_optional: true, ..options.clone() };
        validation.read_again(options, &self.validation_place, |row, _| {
            let number = numbers.next().ok_or_else(|| DataError::Changed { place: self.validation_place.clone() })?;
            each(TrainingRow { part: Part::Validation, number, row })
        })
    }
}

impl Known {
    fn read_again<Error: From<DataError>>(
        &self,
        options: &ReadOptions,
        place: &str,
        each: impl FnMut(&Row, Origin) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let options = options.clone().with_known_labels(&self.labels).with_schema(self.schema.clone());
        let found = self.source.for_each(&options, each)?;
        if found.fingerprint == self.fingerprint {
            Ok(())
        } else {
            Err(DataError::Changed { place: place.into() }.into())
        }
    }
}

/// The numbers of the rows that are trained on and of those that are held out, both shuffled but where all are trained on.
///
/// # Errors
/// [`DataError::FewerGroups`].
fn hold_out(
    selection: &Selection<'_>,
    classes: &[u32],
    groups: Option<&Groups>,
    place: &str,
) -> Result<(Vec<u32>, Vec<u32>), DataError> {
    let mut rng = ChaCha8Rng::seed_from_u64(selection.seed);
    let rows: Vec<u32> = (0..classes.len() as u32).collect();
    let class = |row: &u32| classes[*row as usize];
    Ok(match (selection.held_out, groups) {
        (HeldOut::Nothing, _) => (rows, Vec::new()),
        (HeldOut::Share(share), None) => split_by_label(rows, class, share, &mut rng),
        (HeldOut::Share(share), Some(groups)) => split_by_group(classes, &groups.of_row, share, &mut rng),
        (HeldOut::Fold { fold, folds }, None) => fold_by_label(rows, class, fold, folds, &mut rng),
        (HeldOut::Fold { fold, folds }, Some(groups)) => {
            groups.check_folds(place, folds)?;
            fold_by_group(classes, &groups.of_row, fold, folds, &mut rng)
        }
    })
}

/// A label, and how many rows have it.
type LabelSize = (String, usize);

/// The labels of these classes, sorted, by number where all are numbers, each with its rows; `keeps_all`: also labels without rows here.
fn labels_of(labels: HashMap<String, u32>, classes: impl Iterator<Item = u32>, keeps_all: bool) -> Vec<LabelSize> {
    let mut sizes = vec![0; labels.len()];
    classes.for_each(|class| sizes[class as usize] += 1);
    let mut labels: Vec<LabelSize> = labels
        .into_iter()
        .map(|(label, class)| (label, sizes[class as usize]))
        .filter(|(_, size)| keeps_all || *size > 0)
        .collect();
    sort_by_label(&mut labels, |(label, _)| label);
    labels
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
impl TrainingData {
    /// Rows to train on that stand nowhere else, which choose the epoch too.
    pub(crate) fn of_rows(rows: &[Row], place: &str) -> Result<Self, DataError> {
        let source = || RowSource::Rows(rows.to_vec());
        let validation = ValidationRows { source: source(), place: place.into() };
        let selection =
            Selection { validation: None, held_out: HeldOut::Share(0.1), seed: 1, reading: &ReadOptions::default() };
        Self::survey(source(), Some(validation), &selection, place.into())
    }

    /// The rows of a part, by their numbers.
    pub(crate) fn part(&self, part: Part, options: &ReadOptions) -> Vec<Row> {
        let mut rows = std::collections::BTreeMap::new();
        let keep = |found: TrainingRow<'_>| {
            if found.part == part {
                assert_eq!(rows.insert(found.number, found.row.clone()), None);
            }
            Ok(())
        };
        self.for_each::<DataError>(options, keep).unwrap();
        assert_eq!(rows.keys().next_back(), Some(&(rows.len() - 1)));
        rows.into_values().collect()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
