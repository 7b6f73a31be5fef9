use std::fmt;

use runtime::text::FIRST_WORD_TOKEN;
use serde::Serialize;

use crate::config::TrainingConfig;
use crate::data::{ColumnRole, Content, DataError, HeldOut, SegmentCounts, TrainingData, TrainingRow};
use crate::encoding::{CutSequence, Encoder};
use crate::error::Error;
use crate::examples::Spill;
use crate::network::Sequence;
use crate::training::Prepared;

/// Rows that are shown as they were understood.
const SHOWN_ROWS: usize = 5;
/// Characters of a text, tokens and frames of a row that are shown.
const SHOWN_CHARACTERS: usize = 120;
const SHOWN_TOKENS: usize = 16;
const SHOWN_FRAMES: usize = 3;

/// What was understood of rows before anything is trained on them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RowsReport {
    /// What each file is, and which of its columns is what.
    pub reading: Vec<String>,
    /// What each column of the training rows' file is, and how that was found.
    pub columns: Vec<ColumnRole>,
    /// Training rows.
    pub rows: usize,
    /// Validation rows that stand elsewhere.
    pub validation_rows: usize,
    /// The classes, sorted by name.
    pub classes: Vec<ClassSize>,
    /// What a split keeps on one side, where rows belong together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub groups: Option<GroupCounts>,
    /// What became of recordings that rows are cut from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub segments: Option<SegmentCounts>,
    /// How many steps rows have.
    pub lengths: Lengths,
    /// The first rows.
    pub first_rows: Vec<ShownRow>,
    /// What may be wrong with the rows.
    pub notices: Vec<String>,
}

/// A class, and how many training rows it has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClassSize {
    /// Its name.
    pub label: String,
    /// Its rows.
    pub rows: usize,
}

/// What a split keeps on one side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GroupCounts {
    /// What they are, as a message has it.
    pub name: String,
    /// How many there are.
    pub count: usize,
    /// Rows of the smallest one.
    pub smallest: usize,
    /// Rows of the largest one.
    pub largest: usize,
}

/// The steps of rows, before any is cut.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Lengths {
    /// `words`, `characters`, `bytes` or `frames`.
    pub unit: &'static str,
    /// Of the shortest row.
    pub smallest: usize,
    /// Half of the rows have no more.
    pub median: usize,
    /// 95 % of the rows have no more.
    pub percentile_95: usize,
    /// Of the longest row.
    pub largest: usize,
}

/// A row as it was understood.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ShownRow {
    /// Its label.
    pub label: String,
    /// The beginning of its text; empty for frames.
    pub text: String,
    /// Its first tokens; `?` for one that is not known. None for frames.
    pub tokens: Vec<String>,
    /// Its first frames; none for texts.
    pub frames: Vec<Vec<f32>>,
    /// Its steps.
    pub steps: usize,
}

impl RowsReport {
    /// Reads the rows that `config` names, all as rows to train on, and describes them.
    ///
    /// # Errors
    /// As [`Prepared::read`].
    pub fn read(config: &TrainingConfig) -> Result<Self, Error> {
        let data = Prepared::survey(config, HeldOut::Nothing)?;
        let prepared = Prepared::encode(config, &data, Spill::beside(&std::env::temp_dir()))?;
        let mut steps = Vec::with_capacity(data.training_rows);
        let mut first_rows = Vec::new();
        data.for_each::<DataError>(&config.read_options(), |found| {
            let shown = shown_row(&prepared.encoder, &data, &found)?;
            steps.push(shown.steps);
            if first_rows.len() < SHOWN_ROWS {
                first_rows.push(shown);
            }
            Ok(())
        })?;
        let sizes = data.labels.iter().zip(&data.class_sizes);
        Ok(Self {
            reading: data.notes.reading.clone(),
            rows: data.training_rows,
            validation_rows: data.validation_rows,
            classes: sizes.map(|(label, rows)| ClassSize { label: label.clone(), rows: *rows }).collect(),
            groups: data.groups.as_ref().map(|groups| {
                let (smallest, largest) = groups.sizes();
                GroupCounts { name: groups.name.clone(), count: groups.count, smallest, largest }
            }),
            segments: data.segments.clone(),
            lengths: Lengths::new(steps, &prepared.encoder),
            columns: data.roles,
            first_rows,
            notices: prepared.notes.notices,
        })
    }
}

impl Lengths {
    /// The lengths of rows with these numbers of steps, in the encoder's unit.
    pub(super) fn new(mut steps: Vec<usize>, encoder: &Encoder) -> Self {
        steps.sort_unstable();
        let last = steps.len().saturating_sub(1);
        let at = |share: f64| steps.get((share * last as f64).round() as usize).copied().unwrap_or(0);
        Self { unit: unit(encoder), smallest: at(0.0), median: at(0.5), percentile_95: at(0.95), largest: at(1.0) }
    }
}

fn unit(encoder: &Encoder) -> &'static str {
    match encoder {
        Encoder::Words(_) | Encoder::HashedWords { .. } | Encoder::FingerprintedWords(_) => "words",
        Encoder::Characters(_) => "characters",
        Encoder::Bytes => "bytes",
        Encoder::Frames(_) => "frames",
    }
}

fn shown_row(encoder: &Encoder, data: &TrainingData, found: &TrainingRow<'_>) -> Result<ShownRow, DataError> {
    let mismatch = |mismatch| DataError::Mismatch { place: data.place.clone(), mismatch };
    let content = &found.row.content;
    let CutSequence { sequence, steps } = encoder.encode_counted(content, SHOWN_TOKENS).map_err(mismatch)?;
    let (text, frames) = match content {
        Content::Text(text) => (text.trim().chars().take(SHOWN_CHARACTERS).collect(), Vec::new()),
        Content::Frames(frames) => (String::new(), frames.iter().take(SHOWN_FRAMES).map(<[f32]>::to_vec).collect()),
    };
    let tokens = match sequence {
        Sequence::Tokens(tokens) => tokens.iter().map(|token| token_name(encoder, *token)).collect(),
        Sequence::Frames { .. } => Vec::new(),
    };
    Ok(ShownRow { label: found.row.label.clone(), text, tokens, frames, steps })
}

/// What a token stands for: a word of the vocabulary, `?`, or its number.
fn token_name(encoder: &Encoder, token: u32) -> String {
    let Some(number) = token.checked_sub(FIRST_WORD_TOKEN) else { return "?".into() };
    match encoder.vocabulary() {
        Some(vocabulary) => vocabulary.words().get(number as usize).cloned().unwrap_or_else(|| "?".into()),
        None => token.to_string(),
    }
}

impl fmt::Display for RowsReport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reading.iter().try_for_each(|line| writeln!(formatter, "{line}"))?;
        if !self.columns.is_empty() {
            let width = self.columns.iter().map(|column| column.name.chars().count()).max().unwrap_or(0);
            writeln!(formatter, "\ncolumn")?;
            for ColumnRole { number, name, role, reason } in &self.columns {
                writeln!(formatter, "{number:6}  {name:width$}  {role:8}  {reason}")?;
            }
        }
        let Lengths { unit, smallest, median, percentile_95, largest } = &self.lengths;
        write!(formatter, "\n{} rows", self.rows)?;
        if self.validation_rows > 0 {
            write!(formatter, " and {} validation rows", self.validation_rows)?;
        }
        writeln!(
            formatter,
            " of {smallest} to {largest} {unit}, median {median}, 95 % have up to {percentile_95}\n\n{} classes",
            self.classes.len()
        )?;
        for ClassSize { label, rows } in &self.classes {
            writeln!(
                formatter,
                "{rows:8}  {:5.1} %  {}",
                100.0 * *rows as f64 / self.rows.max(1) as f64,
                label.escape_debug()
            )?;
        }
        if let Some(GroupCounts { name, count, smallest, largest }) = &self.groups {
            writeln!(formatter, "\n{count} {name}, of {smallest} to {largest} rows; a split keeps each on one side")?;
        }
        writeln!(formatter, "\nthe first rows as they are understood")?;
        for ShownRow { label, text, tokens, frames, steps } in &self.first_rows {
            writeln!(formatter, "{}: {steps} {unit}", label.escape_debug())?;
            if frames.is_empty() {
                writeln!(formatter, "    {}\n    {}", text.escape_debug(), tokens.join(" | ").escape_debug())?;
            }
            frames.iter().try_for_each(|frame| writeln!(formatter, "    {frame:?}"))?;
        }
        let notices = if self.notices.is_empty() { "\nnothing looks wrong" } else { "\nlook at this" };
        write!(formatter, "{notices}")?;
        self.notices.iter().try_for_each(|notice| write!(formatter, "\n  {notice}"))
    }
}
