//! Which columns of a file of texts are what.

use super::content::Column;
use super::{Columns, Ignored, Table, names};
use crate::data::{ColumnError, DataError, RecordError};

/// From this rank on, a name alone does not make a column the label: its values must repeat.
const FIRST_DOUBTFUL_RANK: usize = 3;

/// The label and the texts.
pub(super) fn columns(table: &Table<'_>) -> Result<(Columns, Vec<Ignored>), DataError> {
    let label = label(table)?;
    let texts = texts(table, label)?;
    let read: Vec<usize> = texts.iter().copied().chain(label).collect();
    let repeats = |column: usize| table.columns.get(column).is_some_and(Column::repeats);
    let reason = |column| match label {
        Some(label) if repeats(column) && table.say_the_same(label, column) => Some("the label again"),
        _ => None,
    };
    let ignored = table.ignored(&read, reason);
    Ok((Columns::Texts { label, texts }, ignored))
}

/// The column of labels; none only where rows need no label.
fn label(table: &Table<'_>) -> Result<Option<usize>, DataError> {
    let is_optional = table.options.labels_are_optional;
    if let Some(given) = table.given_label()? {
        return Ok(Some(given));
    }
    if table.width() == 1 {
        return if is_optional { Ok(None) } else { Err(one_column(table)) };
    }
    let texts: Vec<usize> = table.options.text_columns.iter().filter_map(|name| table.given(name)).collect();
    if let Some(named) = named_label(table, &texts)?.or(named_label(table, &[])?) {
        return Ok(Some(named));
    }
    if let Some(known) = known_label(table, &texts) {
        return Ok(Some(known));
    }
    label_by_content(table, &texts)
}

/// The column whose name is one of labels.
///
/// # Errors
/// [`ColumnError::AmbiguousLabel`] for two that are equally sure and do not say the same.
pub(super) fn named_label(table: &Table<'_>, not: &[usize]) -> Result<Option<usize>, DataError> {
    let repeats = |column: usize| table.columns.get(column).is_some_and(Column::repeats);
    let named = (0..table.width()).filter(|column| !not.contains(column));
    let mut named: Vec<(usize, usize)> = named
        .filter_map(|column| table.label_rank(column).map(|rank| (rank, column)))
        .filter(|(rank, column)| *rank < FIRST_DOUBTFUL_RANK || repeats(*column))
        .collect();
    if named.iter().any(|(_, column)| !table.is_empty(*column)) {
        named.retain(|(_, column)| !table.is_empty(*column));
    }
    named.sort_unstable();
    let Some((best, label)) = named.first().copied() else {
        return Ok(None);
    };
    let others = named.iter().skip(1).filter(|(rank, other)| *rank == best && !table.say_the_same(label, *other));
    let others: Vec<usize> = others.map(|(_, other)| *other).collect();
    if others.is_empty() || table.options.labels_are_optional {
        return Ok(Some(label));
    }
    Err(ambiguous(table, label, &others))
}

/// The column with the most labels that are expected, if they are at least half of its rows.
pub(super) fn known_label(table: &Table<'_>, not: &[usize]) -> Option<usize> {
    let known = |column: usize| {
        let found = table.columns.get(column)?;
        let rows = found.rows_of(&table.options.known_labels);
        (rows > 0 && 2 * rows >= found.rows).then_some((rows, std::cmp::Reverse(column)))
    };
    table.filled_but(not).filter_map(known).max().map(|(_, column)| column.0)
}

/// The column that looks like one of labels where no name tells.
fn label_by_content(table: &Table<'_>, not: &[usize]) -> Result<Option<usize>, DataError> {
    let is_optional = table.options.labels_are_optional;
    let of_texts = |column: usize| {
        let of_texts = table.text_rank(column).is_some_and(|rank| rank < names::TEXT_WORD_RANK);
        of_texts || table.name(column).is_some_and(|name| names::is_identifier(name) || names::is_time(name))
    };
    let is_identifier = |column: usize| table.columns.get(column).is_some_and(Column::is_identifier);
    let candidates: Vec<usize> =
        table.filled_but(not).filter(|column| !of_texts(*column) && !is_identifier(*column)).collect();
    let repeating: Vec<(usize, &Column)> = candidates
        .iter()
        .filter_map(|column| table.columns.get(*column).filter(|found| found.repeats()).map(|found| (*column, found)))
        .collect();
    let has_names = table.names.is_some();
    let Some(first) = repeating.first().copied() else {
        return match candidates.as_slice() {
            _ if is_optional => Ok(None),
            [only] if has_names && table.width() > 1 => Ok(Some(*only)),
            [] => Err(no_label(table)),
            _ if has_names => Err(no_label(table)),
            several => Ok(fewest_words(table, several)),
        };
    };
    let best =
        repeating.iter().copied().fold(first, |best, other| if is_clearer(other.1, best.1) { other } else { best });
    let rivals: Vec<usize> = repeating
        .iter()
        .filter(|(column, found)| *column != best.0 && found.is_category() && !table.say_the_same(best.0, *column))
        .map(|(column, _)| *column)
        .collect();
    let others = table.filled_but(not).filter(|column| *column != best.0 && !rivals.contains(column)).count();
    let texts_are_elsewhere = others > 0 || !not.is_empty();
    if is_optional {
        let is_sure = best.1.is_category() && !has_names && table.width() > 1;
        return Ok(is_sure.then_some(best.0));
    }
    if texts_are_elsewhere && !rivals.is_empty() {
        return Err(ambiguous(table, best.0, &rivals));
    }
    Ok(Some(best.0))
}

/// Whether a column is more like one of labels than another that stands before it: fewer values, or as many in fewer
/// words.
fn is_clearer(column: &Column, before: &Column) -> bool {
    if 2 * column.distinct <= before.distinct {
        return true;
    }
    2 * before.distinct > column.distinct && column.words + 0.5 <= before.words
}

fn fewest_words(table: &Table<'_>, columns: &[usize]) -> Option<usize> {
    let words = |column: usize| table.columns.get(column).map_or(0.0, |found| found.words);
    columns.iter().copied().reduce(|best, other| if words(other) + 0.5 <= words(best) { other } else { best })
}

/// The columns of text, in the order in which they are joined.
fn texts(table: &Table<'_>, label: Option<usize>) -> Result<Vec<usize>, DataError> {
    if !table.options.text_columns.is_empty() {
        return table.options.text_columns.iter().map(|name| given_text(table, name, label)).collect();
    }
    let not: Vec<usize> = label.into_iter().collect();
    let ranked = |is_ranked: &dyn Fn(usize) -> bool| {
        let rank = |column: usize| table.text_rank(column).filter(|rank| is_ranked(*rank));
        let columns = (0..table.width()).filter(|column| !not.contains(column));
        let mut found: Vec<(usize, usize)> =
            columns.filter_map(|column| rank(column).map(|rank| (rank, column))).collect();
        if found.iter().any(|(_, column)| !table.is_empty(*column)) {
            found.retain(|(_, column)| !table.is_empty(*column));
        }
        found.sort_unstable();
        found.into_iter().map(|(_, column)| column).collect::<Vec<_>>()
    };
    let exact = ranked(&|rank| rank < names::TEXT_WORD_RANK);
    let named = if exact.is_empty() { ranked(&|_| true) } else { exact };
    if !named.is_empty() {
        return Ok(named);
    }
    let by_content = texts_by_content(table, label);
    if by_content.is_empty() {
        return Err(
            ColumnError::NoTextColumn { path: table.path.into(), line: table.line, known: table.known(label) }.into()
        );
    }
    Ok(by_content)
}

fn texts_by_content(table: &Table<'_>, label: Option<usize>) -> Vec<usize> {
    let not: Vec<usize> = label.into_iter().collect();
    let filled: Vec<usize> = table.filled_but(&not).collect();
    let is_other = |column: &usize| {
        let Some(found) = table.columns.get(*column) else { return true };
        let by_name = |name| names::is_identifier(name) || names::is_time(name);
        let is_label_again = label.is_some_and(|label| found.repeats() && table.say_the_same(label, *column));
        found.is_identifier() || table.name(*column).is_some_and(by_name) || is_label_again
    };
    let rest: Vec<usize> = filled.iter().copied().filter(|column| !is_other(column)).collect();
    let found = |column: &usize| table.columns.get(*column);
    let has_sentences = rest.iter().filter_map(found).any(|found| found.words >= 2.0);
    let is_mark = |column: &usize| found(column).is_some_and(|found| has_sentences && found.is_mark());
    let rest: Vec<usize> = rest.into_iter().filter(|column| !is_mark(column)).collect();
    if table.names.is_none() {
        return if rest.is_empty() { filled } else { rest };
    }
    let texts: Vec<usize> =
        rest.iter().copied().filter(|column| table.columns.get(*column).is_some_and(Column::is_text)).collect();
    let may_be_text = |column: &usize| found(column).is_some_and(|found| !found.is_numeric());
    match (texts.as_slice(), rest.as_slice(), filled.as_slice()) {
        ([], [], [only]) | ([], [only], _) if may_be_text(only) => vec![*only],
        _ => texts,
    }
}

/// The column of text with a given name or number. Where there is no header, the other of two columns is called `text`,
/// the others of three `title` and `description`.
fn given_text(table: &Table<'_>, name: &str, label: Option<usize>) -> Result<usize, DataError> {
    let others: Vec<usize> = (0..table.width()).filter(|column| Some(*column) != label).collect();
    let usual: &[&str] = match (&table.names, others.len()) {
        (None, 1) => &["text"],
        (None, 2) => &["title", "description"],
        _ => &[],
    };
    let by_usual_name = || {
        let place = usual.iter().position(|known| known.eq_ignore_ascii_case(name));
        place.and_then(|place| others.get(place).copied())
    };
    let found = table.given(name).filter(|column| Some(*column) != label).or_else(by_usual_name);
    found.ok_or_else(|| {
        let known = match (&table.names, usual) {
            (Some(_), _) => {
                let others = (0..table.width()).filter(|column| Some(*column) != label);
                table.known(label) + &table.nearest(name, others)
            }
            (None, []) => format!("no header and {} columns, which have numbers from 1 and no names", table.width()),
            (None, usual) => {
                let names: Vec<String> = usual.iter().map(|name| format!("`{name}`")).collect();
                format!("no header, and {}", names.join(", "))
            }
        };
        ColumnError::UnknownTextColumn { place: table.path.display().to_string(), column: name.into(), known }.into()
    })
}

fn one_column(table: &Table<'_>) -> DataError {
    let error = RecordError::Columns {
        path: table.path.into(),
        line: table.line,
        expected: "at least 2: a label and a text, with `,`, `;`, `|` or a tab between them".into(),
        found: 1,
    };
    error.into()
}

pub(super) fn no_label(table: &Table<'_>) -> DataError {
    ColumnError::NoLabelColumn { path: table.path.into(), line: table.line, known: table.known(None) }.into()
}

fn ambiguous(table: &Table<'_>, label: usize, others: &[usize]) -> DataError {
    let flag = match table.name(label) {
        Some(name) if !name.is_empty() => name.to_owned(),
        _ => (label + 1).to_string(),
    };
    let mut columns = vec![label];
    columns.extend(others);
    columns.sort_unstable();
    let error = ColumnError::AmbiguousLabel {
        path: table.path.into(),
        line: table.line,
        columns: table.list(columns.into_iter()),
        example: flag,
    };
    error.into()
}
