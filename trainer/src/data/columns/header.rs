//! Whether the first record of a file names its columns.

use super::Sample;
use super::content::Column;
use super::names;
use crate::data::records::Record;
use crate::data::{ColumnError, DataError, ReadOptions};

/// Most words of a column's name, where nothing but the content speaks for a header.
const MOST_NAME_WORDS: usize = 8;
/// Rows below a header that its content must differ from.
const FEWEST_ROWS: usize = 3;
/// Rows from which a label that occurs in the first record alone makes it doubtful.
const FEWEST_DOUBTFUL_ROWS: usize = 10;
/// Names that have always made a first record a header.
const SURE_NAMES: [&str; 5] = ["label", "class", "class index", "category", "sequence"];

/// Whether the first record is a header: by names in use that are no values of the rows below, else by fields that are
/// of another kind than those below.
///
/// # Errors
/// [`ColumnError::DoubtfulHeader`] where neither tells.
pub(super) fn is_header(sample: &Sample<'_>, options: &ReadOptions) -> Result<bool, DataError> {
    let Sample { first, body, .. } = sample;
    let fields: Vec<&str> = (0..sample.own_width()).map(|column| first.field(column)).collect();
    if options.names_one_of(fields.iter().copied()) {
        return Ok(true);
    }
    let is_value = |(field, column): (&&str, &Column)| {
        column.has(field) || options.known_labels.iter().any(|label| label.eq_ignore_ascii_case(field))
    };
    let named: Vec<bool> = fields.iter().zip(body).map(|pair| is_name(pair.0) && !is_value(pair)).collect();
    let names_found = named.iter().filter(|is_name| **is_name).count();
    let is_sure = |field: &&str| SURE_NAMES.contains(&names::plain(field).as_str());
    if names_found >= 2 || fields.iter().zip(&named).any(|(field, is_name)| *is_name && is_sure(field)) {
        return Ok(true);
    }
    if sample.body_rows() == 0 {
        return Ok(false);
    }
    let is_label_of_model = |(field, column): (&&str, &Column)| {
        column.filled > 0
            && column.rows_of(&options.known_labels) == column.filled
            && options.known_labels.iter().any(|label| label.eq_ignore_ascii_case(field))
    };
    if fields.iter().zip(body).any(is_label_of_model) {
        return Ok(false);
    }
    if is_row_of_numbers_alone(&fields) {
        return Ok(body.iter().any(|column| column.filled > 0 && column.numbers == 0));
    }
    if fields.iter().any(|field| field.split_whitespace().count() > MOST_NAME_WORDS) {
        return Ok(false);
    }
    if names_found == 1
        && fields.iter().zip(body).zip(&named).all(|((field, column), named)| *named || differs(field, column))
    {
        return Ok(true);
    }
    let has_number = fields.iter().any(|field| field.parse::<f64>().is_ok());
    let over_numbers = |(field, column): (&&str, &Column)| {
        !field.is_empty() && column.is_numeric() && column.filled >= FEWEST_ROWS && field.parse::<f64>().is_err()
    };
    if !has_number && fields.iter().zip(body).any(over_numbers) {
        return Ok(true);
    }
    by_values(sample, &fields, &named, options)
}

/// Whether a field is a name in use, or one word that has one in it, as `review_text`.
fn is_name(field: &str) -> bool {
    let has_name = || names::label_rank(field).or(names::text_rank(field)).is_some();
    names::is_known(field) || (is_word(field) && has_name())
}

/// Fields `0`, `1`, `2` and so on, which some programs write where columns have no names.
fn is_row_of_numbers_alone(fields: &[&str]) -> bool {
    fields.iter().enumerate().all(|(column, field)| *field == column.to_string())
}

/// Whether a field is no value of a column, as a name above texts of several words is none.
fn differs(field: &str, column: &Column) -> bool {
    !column.has(field) && (field.is_empty() || (is_word(field) && (column.words >= 2.0 || column.filled == 0)))
        || (column.is_numeric() && field.parse::<f64>().is_err())
}

fn is_word(field: &str) -> bool {
    !field.contains(char::is_whitespace)
}

/// Decides by a label that occurs in the first record alone.
fn by_values(sample: &Sample<'_>, fields: &[&str], named: &[bool], options: &ReadOptions) -> Result<bool, DataError> {
    let Sample { path, first, body, .. } = sample;
    let rows = sample.body_rows();
    let is_odd_label = |(field, column): (&&str, &Column)| {
        !field.is_empty() && column.repeats() && 3 * column.distinct <= rows && !column.has(field)
    };
    let Some(place) = fields.iter().zip(body).position(is_odd_label) else {
        return Ok(false);
    };
    if rows < FEWEST_ROWS || fields.iter().any(|field| field.is_empty() || !is_word(field)) {
        return Ok(false);
    }
    let others = || fields.iter().zip(body).enumerate().filter(|(column, _)| *column != place).map(|(_, pair)| pair);
    if others().any(|(field, column)| column.has(field)) {
        return Ok(false);
    }
    let is_no_value = |(number, (field, column)): (usize, (&&str, &Column))| {
        number == place || named.get(number) == Some(&true) || differs(field, column)
    };
    if fields.iter().zip(body).enumerate().all(is_no_value) {
        return Ok(true);
    }
    if rows < FEWEST_DOUBTFUL_ROWS || options.has_numbers() {
        return Ok(false);
    }
    Err(doubtful(path, first, place))
}

fn doubtful(path: &std::path::Path, first: &Record, place: usize) -> DataError {
    let error = ColumnError::DoubtfulHeader {
        path: path.into(),
        line: first.line,
        name: first.field(place).into(),
        number: place + 1,
    };
    error.into()
}
