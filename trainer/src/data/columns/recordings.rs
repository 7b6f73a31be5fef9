//! Which columns of long recordings are what, where windows are cut out of them.

use super::content::{Column, number};
use super::frames::{channels, given_channels, has_texts};
use super::texts::{known_label, named_label, no_label};
use super::{Columns, Ignored, RunColumns, Table, names};
use crate::data::records::Record;
use crate::data::{ColumnError, DataError};

/// A step in time of more than so many usual ones is a gap.
const GAP: f64 = 5.0;
/// A column of time rises at least so often for each time that it falls, where a recording ends.
const RISES_FOR_A_FALL: usize = 20;

/// The column of times.
#[derive(Debug, Clone)]
pub(in crate::data) struct TimeColumn {
    pub(in crate::data) column: usize,
    /// As a message has it.
    pub(in crate::data) name: String,
    /// The longest step that is no gap, in the unit of the column, or in seconds for times of day.
    pub(in crate::data) longest_step: f64,
    decimal_comma: bool,
}

impl TimeColumn {
    /// The time of a frame, if it has one.
    pub(in crate::data) fn of(&self, record: &Record) -> Option<f64> {
        time_of(record.field(self.column), self.decimal_comma)
    }
}

/// Label, channels, and what ends a run.
pub(super) fn columns(table: &Table<'_>) -> Result<(Columns, Vec<Ignored>), DataError> {
    if has_texts(table) {
        let known = table.known(None);
        return Err(ColumnError::SegmentOfTexts { path: table.path.into(), line: table.line, known }.into());
    }
    let label = label(table)?;
    if label.is_none() && !table.options.labels_are_optional {
        return Err(no_label(table));
    }
    let mut roles: Vec<usize> = label.into_iter().collect();
    let given = given_channels(table, &roles)?;
    let breaks: Vec<usize> = (0..table.width())
        .filter(|column| !roles.contains(column) && !given.contains(column) && ends_run(table, *column))
        .collect();
    let of_name = breaks.iter().copied().find(|column| table.name(*column).is_some_and(names::is_sequence));
    let sequence = table.of_path.map(|of_path| of_path.file).or(of_name);
    roles.extend(&breaks);
    let time = time(table, &breaks, &roles);
    let reason = |column| match &time {
        Some(time) if time.column == column => Some("time"),
        _ => left_out(table, label, &breaks, column),
    };
    let (channels, ignored) = channels(table, &roles, reason)?;
    let runs = Some(RunColumns { breaks, time });
    Ok((Columns::Frames { sequence, label, channels, runs }, ignored))
}

/// The column of labels: as given, by name, by the labels that are expected, or the only one of words.
fn label(table: &Table<'_>) -> Result<Option<usize>, DataError> {
    if let Some(label) = table.given_label()?.or(named_label(table, &[])?).or_else(|| known_label(table, &[])) {
        return Ok(Some(label));
    }
    let is_words = |column: &usize| {
        let is_other = |name: &str| names::is_time(name) || names::is_identifier(name) || names::is_sequence(name);
        table.columns.get(*column).is_some_and(|found| found.numbers == 0 && 2 * found.distinct <= found.rows)
            && !table.name(*column).is_some_and(|name| is_other(name) || names::is_person(name))
    };
    let words: Vec<usize> = table.filled_but(&[]).filter(is_words).collect();
    Ok(match words.as_slice() {
        [label] => Some(*label),
        _ => None,
    })
}

/// Whether a change in a column ends a run: it is the one of groups or files, or has a name of persons or recordings
/// and seldom changes.
fn ends_run(table: &Table<'_>, column: usize) -> bool {
    let is_of_path = table.of_path.is_some_and(|of_path| of_path.file == column);
    let is_named = |name: &str| names::is_sequence(name) || names::group_rank(name).is_some();
    let stays = || {
        let pairs = table.records.windows(2);
        let stays = pairs.filter(|pair| matches!(pair, [one, next] if one.field(column) == next.field(column))).count();
        2 * stays + 1 >= table.records.len()
    };
    table.group == Some(column) || is_of_path || (table.name(column).is_some_and(is_named) && stays())
}

/// Why a column is no channel; nothing if it is one.
fn left_out(table: &Table<'_>, label: Option<usize>, breaks: &[usize], column: usize) -> Option<&'static str> {
    let found = table.columns.get(column)?;
    let name = table.name(column).unwrap_or_default();
    let may_count =
        names::is_time(name) || names::is_sequence(name) || (!name.is_empty() && names::is_identifier(name));
    let is_label_again = |label| table.label_rank(column).is_some() && table.say_the_same(label, column);
    match found {
        _ if table.is_empty(column) => Some("empty"),
        Column { rows: 0, .. } => None,
        _ if (may_count && rises(table, breaks, column)) || found.is_counting => Some("time or frame numbers"),
        Column { numbers: 0, .. } => Some("no numbers"),
        _ => label.filter(|label| is_label_again(*label)).map(|_| "the label again"),
    }
}

/// Whether a column rises from frame to frame, but where a recording ends.
fn rises(table: &Table<'_>, breaks: &[usize], column: usize) -> bool {
    let (mut rises, mut falls) = (0, 0);
    for step in steps(table, breaks, column) {
        rises += usize::from(step > 0.0);
        falls += usize::from(step < 0.0);
    }
    rises > 0 && RISES_FOR_A_FALL * falls <= rises
}

/// By how much a column of times changes from frame to frame, where nothing breaks.
fn steps<'t>(table: &'t Table<'_>, breaks: &'t [usize], column: usize) -> impl Iterator<Item = f64> + 't {
    let time = move |record: &Record| time_of(record.field(column), table.decimal_comma);
    table.records.windows(2).filter_map(move |pair| match pair {
        [one, next] if breaks.iter().all(|column| one.field(*column) == next.field(*column)) => {
            time(one).zip(time(next)).map(|(one, next)| next - one)
        }
        _ => None,
    })
}

/// The first column with a name of times that rises.
fn time(table: &Table<'_>, breaks: &[usize], not: &[usize]) -> Option<TimeColumn> {
    let is_time = |column: &usize| {
        !not.contains(column) && table.name(*column).is_some_and(names::is_time) && rises(table, breaks, *column)
    };
    let column = (0..table.width()).find(is_time)?;
    let mut steps: Vec<f64> = steps(table, breaks, column).filter(|step| *step > 0.0).collect();
    steps.sort_unstable_by(f64::total_cmp);
    let usual = steps.get(steps.len() / 2)?;
    let decimal_comma = table.decimal_comma;
    Some(TimeColumn { column, name: table.shown(column), longest_step: GAP * usual, decimal_comma })
}

/// A time: a number, or a date and a time of day, in seconds, as `2026-01-31T23:59:59.5Z` or `23:59:59`.
fn time_of(value: &str, decimal_comma: bool) -> Option<f64> {
    number(value, decimal_comma).or_else(|| {
        let (date, of_day) = match value.split_once(['T', ' ']) {
            Some((date, of_day)) => (days(date)?, of_day),
            None => (0, value),
        };
        let of_day = of_day.trim().trim_end_matches('Z');
        let of_day = of_day.split_once(['+', '-']).map_or(of_day, |(of_day, _)| of_day);
        let parts: Vec<f64> = of_day.split(':').map(|part| part.parse().ok()).collect::<Option<_>>()?;
        match parts.as_slice() {
            [hours, minutes, seconds] => Some(date as f64 * 86_400.0 + hours * 3_600.0 + minutes * 60.0 + seconds),
            [hours, minutes] => Some(date as f64 * 86_400.0 + hours * 3_600.0 + minutes * 60.0),
            _ => None,
        }
    })
}

/// The number of a day of the Gregorian calendar, from its year, month and day with `-` or `/` between them.
fn days(date: &str) -> Option<i64> {
    let parts: Vec<i64> = date.split(['-', '/']).map(|part| part.parse().ok()).collect::<Option<_>>()?;
    let [year, month, day] = parts.as_slice() else { return None };
    // Years begin in March, so that the leap day is a year's last.
    let (year, month) = if *month > 2 { (*year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    Some(365 * year + leap_days + (153 * month + 2) / 5 + day)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn times_are_numbers_or_dates() {
        assert_eq!(time_of("12.5", false), Some(12.5));
        assert_eq!(time_of("12,5", true), Some(12.5));
        let between = |one: &str, next: &str| time_of(next, false).unwrap() - time_of(one, false).unwrap();
        assert_eq!(between("2024-02-28T23:59:59", "2024-02-29 00:00:01.5"), 2.5);
        assert_eq!(between("2023-02-28 12:00:00Z", "2023/03/01 12:00:00"), 86_400.0);
        assert_eq!(between("1999-12-31 23:00", "2000-01-01T00:00:00+01:00"), 3_600.0);
        assert_eq!(between("09:00:01.25", "10:00:01.5"), 3_600.25);
        assert_eq!([time_of("noon", false), time_of("2024-1 1", false), time_of("", false)], [None; 3]);
    }
}
