//! Which columns of a file of frames are what.

use std::collections::HashSet;

use super::content::Column;
use super::texts::{known_label, named_label, no_label};
use super::{Columns, Ignored, SEQUENCE, Table, names};
use crate::data::frames::MOST_CHANNELS;
use crate::data::{ColumnError, DataError};

/// Values of a row from which a row of numbers is a sequence of its own.
const FEWEST_VALUES: usize = 8;

/// The sequence, the label and the channels; `None` for a file of texts.
pub(super) fn columns(table: &Table<'_>) -> Result<Option<(Columns, Vec<Ignored>)>, DataError> {
    let is_named = |column: &usize| table.name(*column).is_some_and(|name| name.eq_ignore_ascii_case(SEQUENCE));
    let of_path = table.of_path.map(|of_path| of_path.file).filter(|_| !has_texts(table));
    let named = of_path.or_else(|| (0..table.width()).find(is_named));
    if let Some(column) = named.and_then(|_| table.options.text_columns.first().cloned()) {
        let (place, known) = (table.path.display().to_string(), "frames of numbers".into());
        return Err(ColumnError::UnknownTextColumn { place, column, known }.into());
    }
    let found = match named {
        Some(sequence) => Some((sequence, label(table, sequence)?)),
        None if has_texts(table) => None,
        None => sequence_and_label(table)?,
    };
    let Some((sequence, label)) = found else {
        return if has_texts(table) { Ok(None) } else { rows_of_numbers(table) };
    };
    if label.is_none() && !table.options.labels_are_optional {
        return Err(ColumnError::NoLabelOfSequences {
            path: table.path.into(),
            line: table.line,
            sequence: table.shown(sequence),
            known: table.known(Some(sequence)),
        }
        .into());
    }
    let roles: Vec<usize> = [sequence].into_iter().chain(label).collect();
    let reason = |column| left_out(table, sequence, label, column);
    let (channels, ignored) = channels(table, &roles, reason)?;
    Ok(Some((Columns::Frames { sequence: Some(sequence), label, channels, runs: None }, ignored)))
}

/// The columns of a file whose form tells them: the label is the last one, all others are channels.
pub(super) fn dimensions(table: &Table<'_>, has_labels: bool) -> Result<(Columns, Vec<Ignored>), DataError> {
    let label = has_labels.then(|| table.width().saturating_sub(1));
    if label.is_none() && !table.options.labels_are_optional {
        return Err(no_label(table));
    }
    let roles: Vec<usize> = label.into_iter().collect();
    let (channels, ignored) = channels(table, &roles, |_| None)?;
    Ok((Columns::Dimensions { label, channels }, ignored))
}

/// The channels, and the columns that are not read: the channels are those that `--channels` gives, or else all columns
/// without a role and without a `reason` to leave them out.
///
/// # Errors
/// [`ColumnError::UnknownChannel`]; [`ColumnError::ChannelCount`] for no channel, or more than a model can have.
pub(super) fn channels(
    table: &Table<'_>,
    roles: &[usize],
    reason: impl Fn(usize) -> Option<&'static str>,
) -> Result<(Vec<usize>, Vec<Ignored>), DataError> {
    let mut channels = given_channels(table, roles)?;
    if channels.is_empty() {
        channels = (0..table.width()).filter(|column| !roles.contains(column) && reason(*column).is_none()).collect();
    }
    let (found, largest) = (channels.len(), MOST_CHANNELS);
    if !(1..=largest).contains(&found) {
        return Err(ColumnError::ChannelCount { path: table.path.into(), line: table.line, found, largest }.into());
    }
    let read: Vec<usize> = roles.iter().chain(&channels).copied().collect();
    Ok((channels, table.ignored(&read, reason)))
}

/// The channels that `--channels` gives, in its order; none if it is not given.
pub(super) fn given_channels(table: &Table<'_>, not: &[usize]) -> Result<Vec<usize>, DataError> {
    table.options.channels.iter().map(|name| given_channel(table, name, not)).collect()
}

/// Whether a column is one of texts, by an option, by its name, or by several words in a row.
pub(super) fn has_texts(table: &Table<'_>) -> bool {
    let by_name = |column: usize| table.text_rank(column).is_some_and(|rank| rank < names::TEXT_WORD_RANK);
    let is_text = |column: usize| {
        let Some(found) = table.columns.get(column) else { return false };
        !found.is_numeric() && (by_name(column) || (found.numbers == 0 && found.words >= 1.5 && found.is_text()))
    };
    !table.options.text_columns.is_empty()
        || table.filled_but(&[]).any(is_text)
        || (table.records.is_empty() && (0..table.width()).any(by_name))
}

/// The columns of the sequence and of the label where the frames are not called so.
fn sequence_and_label(table: &Table<'_>) -> Result<Option<(usize, Option<usize>)>, DataError> {
    let by_name: Vec<usize> =
        table.filled_but(&[]).filter(|column| table.name(*column).is_some_and(names::is_sequence)).collect();
    let others =
        table.filled_but(&by_name).filter(|column| table.options.label_column.is_none() || !is_label(table, *column));
    let order: Vec<(usize, bool)> =
        by_name.iter().map(|column| (*column, true)).chain(others.map(|column| (column, false))).collect();
    for (sequence, is_named) in order {
        let Some(runs) = runs(table, sequence) else { continue };
        if 2 * runs > table.records.len() || (runs < 2 && !is_named) {
            continue;
        }
        let Ok(label) = label(table, sequence) else { continue };
        let changes = label.is_some_and(|label| !is_constant_within(table, sequence, label));
        if changes && table.name(sequence).is_some_and(names::is_person) {
            continue;
        }
        let distinct = |column: usize| table.columns.get(column).map_or(0, |found| found.distinct);
        let is_nested = label.is_some_and(|label| distinct(label) < runs);
        let has_channel = table.filled_but(&[sequence]).any(|column| {
            Some(column) != label
                && table.columns.get(column).is_some_and(Column::is_numeric)
                && !is_constant_within(table, sequence, column)
        });
        if has_channel && (is_nested || (is_named && (label.is_some() || table.options.labels_are_optional))) {
            return Ok(Some((sequence, label)));
        }
    }
    Ok(None)
}

fn is_label(table: &Table<'_>, column: usize) -> bool {
    table.options.label_column.as_ref().and_then(|given| table.given(given)) == Some(column)
}

/// The column of labels of frames whose sequences are known: as given, by name, by the labels that are expected, or the
/// only column that is no number and the same in all frames of a sequence.
fn label(table: &Table<'_>, sequence: usize) -> Result<Option<usize>, DataError> {
    if let Some(given) = table.given_label()? {
        return Ok(Some(given));
    }
    if let Some(named) = named_label(table, &[sequence])? {
        return Ok(Some(named));
    }
    if let Some(known) = known_label(table, &[sequence]) {
        return Ok(Some(known));
    }
    let is_name = |column: &usize| {
        let found = table.columns.get(*column);
        let is_person = table.name(*column).is_some_and(|name| names::is_person(name) || names::is_identifier(name));
        !is_person
            && found.is_some_and(|found| found.numbers == 0 && found.filled == found.rows)
            && is_constant_within(table, sequence, *column)
    };
    let by_content: Vec<usize> = table.filled_but(&[sequence]).filter(is_name).collect();
    Ok(match by_content.as_slice() {
        [label] => Some(*label),
        _ => None,
    })
}

/// Why a column of a file of frames is no channel; nothing if it is one.
fn left_out(table: &Table<'_>, sequence: usize, label: Option<usize>, column: usize) -> Option<&'static str> {
    let found = table.columns.get(column)?;
    let name = table.name(column).unwrap_or_default();
    let is_row_name = !name.is_empty() && names::is_identifier(name);
    if table.group == Some(column) {
        return Some("the group");
    }
    if table.is_empty(column) {
        return Some("empty");
    }
    if found.rows == 0 {
        return None;
    }
    if (names::is_time(name) || (is_row_name && !found.is_identifier())) && rises_within(table, sequence, column) {
        return Some("time or frame numbers");
    }
    if found.numbers == 0 && found.filled > 1 {
        return Some("no numbers");
    }
    let is_same = || is_constant_within(table, sequence, column);
    if (names::is_person(name) || is_row_name || names::is_sequence(name)) && (is_same() || found.is_identifier()) {
        return Some("identifies the sequence or the row");
    }
    let is_label_again = |label| table.label_rank(column).is_some() && table.say_the_same(label, column);
    label.filter(|label| is_label_again(*label)).map(|_| "the label again")
}

fn given_channel(table: &Table<'_>, name: &str, not: &[usize]) -> Result<usize, DataError> {
    table.given(name).filter(|column| !not.contains(column)).ok_or_else(|| {
        let others = || (0..table.width()).filter(|column| !not.contains(column));
        let known = table.list(others()) + &table.nearest(name, others());
        ColumnError::UnknownChannel { place: table.path.display().to_string(), column: name.into(), known }.into()
    })
}

/// A file of numbers alone beside the label: rows of many numbers are a sequence each.
fn rows_of_numbers(table: &Table<'_>) -> Result<Option<(Columns, Vec<Ignored>)>, DataError> {
    let Some(label) = label_of_numbers(table)? else {
        return Ok(None);
    };
    let not: Vec<usize> = label.into_iter().collect();
    let is_value = |column: &usize| {
        let is_other = |name| names::is_identifier(name) || names::is_person(name);
        !table.name(*column).is_some_and(is_other) && !table.columns.get(*column).is_some_and(Column::is_identifier)
    };
    let values: Vec<usize> = table.filled_but(&not).filter(is_value).collect();
    let are_numbers = values.iter().all(|column| table.columns.get(*column).is_some_and(Column::is_numeric));
    let has_time = || table.filled_but(&not).any(|column| table.name(column).is_some_and(names::is_time));
    let are_few = values.is_empty() || (values.len() < 2 && !has_time());
    if are_few || !are_numbers || table.records.is_empty() {
        return Ok(None);
    }
    let are_numbered = |names: &Vec<String>| {
        let stem = |column: &usize| {
            names.get(*column).map(|name| name.trim_end_matches(|symbol: char| symbol.is_ascii_digit()))
        };
        let first = values.first().and_then(stem);
        values.iter().all(|column| stem(column) == first)
    };
    if values.len() >= FEWEST_VALUES && table.names.as_ref().is_none_or(are_numbered) {
        let read: Vec<usize> = values.iter().copied().chain(label).collect();
        let ignored = table.ignored(&read, |_| None);
        return Ok(Some((Columns::Series { label, values }, ignored)));
    }
    let is_channel = |column: &usize| !table.name(*column).is_some_and(names::is_time);
    Err(ColumnError::NoSequenceColumn {
        path: table.path.into(),
        line: table.line,
        channels: table.list(values.into_iter().filter(is_channel)),
    }
    .into())
}

/// The label beside numbers, if there is one; nothing if the file is not of numbers.
fn label_of_numbers(table: &Table<'_>) -> Result<Option<Option<usize>>, DataError> {
    if let Some(label) = table.given_label()?.or(named_label(table, &[])?) {
        return Ok(Some(Some(label)));
    }
    let strings: Vec<usize> = table
        .filled_but(&[])
        .filter(|column| table.columns.get(*column).is_some_and(|found| !found.is_numeric() && !found.is_identifier()))
        .collect();
    let repeats = |column: &usize| table.columns.get(*column).is_some_and(Column::repeats);
    let ends = [0, table.width().saturating_sub(1)];
    Ok(match strings.as_slice() {
        [] => match ends.into_iter().find(repeats) {
            Some(label) => Some(Some(label)),
            None if table.options.labels_are_optional => Some(None),
            None => None,
        },
        [only] => Some(Some(*only)),
        _ => None,
    })
}

/// How often the value of a column changes from row to row; nothing if one comes back after another.
fn runs(table: &Table<'_>, column: usize) -> Option<usize> {
    let mut seen = HashSet::new();
    let mut before = None;
    for record in &table.records {
        let value = record.field(column);
        if before != Some(value) && !seen.insert(value) {
            return None;
        }
        before = Some(value);
    }
    Some(seen.len())
}

/// Pairs of a column's values in rows that follow another of the same sequence.
fn pairs_within<'t>(table: &'t Table<'_>, sequence: usize, column: usize) -> impl Iterator<Item = [&'t str; 2]> {
    table.records.windows(2).filter_map(move |pair| match pair {
        [one, next] if one.field(sequence) == next.field(sequence) => Some([one.field(column), next.field(column)]),
        _ => None,
    })
}

pub(super) fn is_constant_within(table: &Table<'_>, sequence: usize, column: usize) -> bool {
    pairs_within(table, sequence, column).all(|[one, next]| one == next)
}

/// Whether a column never falls within a sequence, and rises somewhere; times as text rise as text.
fn rises_within(table: &Table<'_>, sequence: usize, column: usize) -> bool {
    let number = |value: &str| super::number(value, table.decimal_comma);
    let (mut rises, mut falls) = (false, false);
    for [one, next] in pairs_within(table, sequence, column) {
        let order = match (number(one), number(next)) {
            (Some(one), Some(next)) => one.total_cmp(&next),
            _ => one.cmp(next),
        };
        rises |= order.is_lt();
        falls |= order.is_gt();
    }
    rises && !falls
}
