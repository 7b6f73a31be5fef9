//! How the columns of a file are separated, which its first records tell.

use std::cmp::Reverse;
use std::fmt;
use std::path::Path;

use super::records::Records;

/// Records that are looked at before the first row is handed out.
pub(super) const SAMPLE: usize = 1_000;
/// What each line of a fastText file starts with.
const FASTTEXT_MARK: &str = "__label__";

/// How a record becomes fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Form {
    /// Columns with a byte between them.
    Separated { delimiter: u8, quotes: Quotes },
    /// A line is a text.
    Lines,
    /// `__label__x text`.
    FastText,
    /// A JSON object a line; the keys that occur.
    JsonLines { keys: Vec<String> },
    /// Lists of values with `:` between them, as the UEA and UCR archives have them; the label stands behind the last.
    TimeSeries { dimensions: usize, has_labels: bool, preamble: u64 },
    /// A file is a text.
    WholeFile,
}

/// What a quote is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quotes {
    /// Around a field as RFC 4180 has it: delimiters and line ends inside it are text.
    Rfc4180,
    /// A character like any other.
    Ordinary,
    /// Around every field that is no number, and no line end is inside; elsewhere a character like any other.
    AroundFields,
}

impl Form {
    pub(super) const fn separated(delimiter: u8) -> Self {
        let quotes = if delimiter == b'\t' { Quotes::Ordinary } else { Quotes::Rfc4180 };
        Self::Separated { delimiter, quotes }
    }

    /// The form that the beginning of a file has; `path` decides where its content does not. `one_column`: a line may be a
    /// text and nothing else.
    pub(super) fn detect(path: &Path, head: &[u8], one_column: bool) -> Self {
        let lines = first_lines(head);
        if let Some(form) = time_series(head) {
            return form;
        }
        if !lines.is_empty() && lines.iter().all(|line| line.starts_with(FASTTEXT_MARK)) {
            return Self::FastText;
        }
        if let Some(keys) = keys_of(&lines) {
            return Self::JsonLines { keys };
        }
        let usual = if is_tab_separated(path) { b'\t' } else { b',' };
        let others = [b',', b'\t', b';', b'|'].into_iter().filter(|delimiter| *delimiter != usual);
        let tried: Vec<Tried> =
            [usual].into_iter().chain(others).map(|delimiter| Tried::new(head, delimiter)).collect();
        let fits = |tried: &&Tried| tried.is_even && tried.width >= 2;
        let first_record_alone = || {
            let usual_width = tried.first().map_or(0, |tried| tried.width);
            if usual_width >= 2 {
                return None;
            }
            let mut split = tried.iter().filter(|tried| tried.width >= 2);
            split.next().filter(|_| split.next().is_none() && !one_column)
        };
        let mut best = tried.iter().find(fits);
        for other in tried.iter().filter(fits) {
            best = best.map(|best| if other.is_clearer(best) { other } else { best });
        }
        match best.or_else(first_record_alone) {
            Some(tried) => tried.form(&lines),
            None if one_column && tried.iter().all(|tried| tried.width < 2 || is_plain_text(path)) => Self::Lines,
            None => Self::separated(usual),
        }
    }

    /// The names of the columns where the form gives them.
    pub(super) fn column_names(&self) -> Option<Vec<String>> {
        match self {
            Self::JsonLines { keys } => Some(keys.clone()),
            Self::FastText => Some(vec!["label".into(), "text".into()]),
            Self::TimeSeries { dimensions, has_labels, .. } => {
                let names = (1..=*dimensions).map(|number| format!("dimension_{number}"));
                Some(names.chain(has_labels.then(|| "label".into())).collect())
            }
            Self::Separated { .. } | Self::Lines | Self::WholeFile => None,
        }
    }

    /// The bytes that stand before the rows and belong to all of them.
    pub(super) fn preamble(&self) -> Option<std::ops::Range<u64>> {
        match self {
            Self::TimeSeries { preamble, .. } => Some(0..*preamble),
            _ => None,
        }
    }

    /// Whether a line is no record.
    pub(super) fn is_no_record(&self, line: &str) -> bool {
        matches!(self, Self::TimeSeries { .. }) && line.starts_with(['#', '@'])
    }

    pub(super) fn may_have_decimal_commas(&self) -> bool {
        matches!(self, Self::Separated { delimiter, .. } if *delimiter != b',')
    }

    /// The extension of a file of this form.
    pub(super) fn extension(&self) -> &'static str {
        match self {
            Self::Separated { delimiter: b'\t', .. } => "tsv",
            Self::Separated { .. } => "csv",
            Self::Lines | Self::FastText | Self::WholeFile => "txt",
            Self::TimeSeries { .. } => "ts",
            Self::JsonLines { .. } => "jsonl",
        }
    }

    /// The fields of a record; `problem` of a record that is not of this form.
    pub(super) fn fields(&self, record: &str) -> Result<csv::StringRecord, &'static str> {
        match self {
            Self::Separated { delimiter, quotes: Quotes::Rfc4180 } => Ok(quoted_fields(record, *delimiter)),
            Self::Separated { delimiter, quotes } => {
                let fields = record.split(char::from(*delimiter));
                let bare = |field| if *quotes == Quotes::AroundFields { unquoted(field) } else { None };
                Ok(fields.map(|field| bare(field).unwrap_or_else(|| field.to_owned())).collect())
            }
            Self::Lines | Self::WholeFile => Ok([record].into_iter().collect()),
            Self::TimeSeries { .. } => Ok(record.split(':').map(str::trim).collect()),
            Self::FastText => fasttext_fields(record),
            Self::JsonLines { keys } => json_fields(record, keys),
        }
    }
}

impl fmt::Display for Form {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Separated { delimiter: b',', .. } => write!(formatter, "CSV"),
            Self::Separated { delimiter: b'\t', quotes: Quotes::AroundFields } => write!(formatter, "TSV in quotes"),
            Self::Separated { delimiter: b'\t', .. } => write!(formatter, "TSV"),
            Self::Separated { delimiter, .. } => write!(formatter, "CSV with `{}`", char::from(*delimiter)),
            Self::Lines => write!(formatter, "a text a line"),
            Self::FastText => write!(formatter, "fastText lines"),
            Self::JsonLines { .. } => write!(formatter, "JSON lines"),
            Self::TimeSeries { .. } => write!(formatter, "UEA/UCR time series (.ts)"),
            Self::WholeFile => write!(formatter, "a text a file"),
        }
    }
}

/// What a delimiter makes of the first records.
struct Tried {
    delimiter: u8,
    /// Fields of the first record.
    width: usize,
    /// Whether all records have as many.
    is_even: bool,
    /// Names in use among the fields of the first record.
    names: usize,
    /// Fields that begin with a space, as what follows a comma in a text does.
    spaced: usize,
    /// Fields that are numbers, with a comma for a point too where it does not separate.
    numbers: usize,
}

impl Tried {
    fn new(head: &[u8], delimiter: u8) -> Self {
        let mut found = Self { delimiter, width: 0, is_even: true, names: 0, spaced: 0, numbers: 0 };
        let mut records = Records::new(Path::new(""), head, Form::separated(delimiter));
        let mut texts = Vec::new();
        while texts.len() < SAMPLE {
            match records.next_text() {
                Ok(Some(text)) => texts.push(text),
                Ok(None) => break,
                // A first record that is broken has columns, which a reader then says.
                Err(_) if texts.is_empty() => return Self { width: 2, is_even: false, ..found },
                Err(_) => break,
            }
        }
        let form = Form::separated(delimiter);
        for (number, text) in texts.iter().enumerate() {
            let Ok(fields) = form.fields(text) else { continue };
            if number == 0 {
                found.width = fields.len();
                found.names = fields.iter().filter(|name| super::columns::is_known_name(name)).count();
            }
            found.is_even &= fields.len() == found.width;
            let is_number = |field: &&str| super::columns::number(field.trim(), delimiter != b',').is_some();
            found.spaced += fields.iter().filter(|field| field.starts_with(' ')).count();
            found.numbers += fields.iter().filter(is_number).count();
        }
        found
    }

    /// Whether this one is the more likely of two that fit: a tab, which texts seldom have, then names in use, then fewer
    /// fields that begin with a space, then more numbers.
    fn is_clearer(&self, other: &Self) -> bool {
        let key = |tried: &Self| (tried.delimiter == b'\t', tried.names, Reverse(tried.spaced), tried.numbers);
        key(self) > key(other)
    }

    fn form(&self, lines: &[&str]) -> Form {
        let form = Form::separated(self.delimiter);
        if self.delimiter != b'\t' {
            return form;
        }
        let is_in_quotes = |field: &str| unquoted(field).is_some() || field.is_empty() || field.parse::<f64>().is_ok();
        let all_are = lines.iter().all(|line| line.split('\t').all(is_in_quotes));
        let some_are = lines.iter().any(|line| line.starts_with('"') || line.contains("\t\""));
        let quotes = if all_are && some_are { Quotes::AroundFields } else { Quotes::Ordinary };
        Form::Separated { delimiter: b'\t', quotes }
    }
}

/// The first lines that are whole and not blank.
fn first_lines(head: &[u8]) -> Vec<&str> {
    let lines = head.split(|byte| matches!(byte, b'\n' | b'\r')).filter(|line| !line.is_empty());
    lines.take(SAMPLE).map_while(|line| std::str::from_utf8(line).ok()).collect()
}

/// The form of a file that starts with lines of `@problemName` and others, and has `@data` before its rows.
fn time_series(head: &[u8]) -> Option<Form> {
    let (mut at, mut has_labels, mut starts) = (0, true, false);
    for line in head.split_inclusive(|byte| *byte == b'\n') {
        let text = std::str::from_utf8(line).ok()?.trim();
        let start = at;
        at += line.len();
        let (tag, value) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        match tag.to_ascii_lowercase().as_str() {
            "" => {}
            _ if tag.starts_with('#') => {}
            "@problemname" => starts = true,
            "@classlabel" => has_labels = !value.trim_start().to_ascii_lowercase().starts_with("false"),
            "@data" if starts => {
                let rows = head.get(at..)?.split(|byte| *byte == b'\n');
                let row = rows.map(<[u8]>::trim_ascii).find(|row| !row.is_empty() && !row.starts_with(b"#"));
                let fields = row.map_or(1, |row| 1 + row.iter().filter(|byte| **byte == b':').count());
                let dimensions = fields.saturating_sub(usize::from(has_labels));
                let preamble = (start + line.trim_ascii_end().len()) as u64;
                return Some(Form::TimeSeries { dimensions, has_labels, preamble });
            }
            _ if tag.starts_with('@') && starts => {}
            _ => return None,
        }
    }
    None
}

/// The keys of the objects that lines are, if they are; the last line may be cut off.
fn keys_of(lines: &[&str]) -> Option<Vec<String>> {
    let mut keys: Vec<String> = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        let is_last = number > 0 && number + 1 == lines.len();
        match serde_json::from_str::<serde_json::Value>(line) {
            Ok(serde_json::Value::Object(object)) => {
                let new: Vec<String> = object.keys().filter(|key| !keys.contains(key)).cloned().collect();
                keys.extend(new);
            }
            _ if is_last && line.starts_with('{') => {}
            _ => return None,
        }
    }
    (!keys.is_empty()).then_some(keys)
}

fn fasttext_fields(record: &str) -> Result<csv::StringRecord, &'static str> {
    let expected = "expected `__label__` and a class, then the text";
    let (label, text) = record.trim().split_once(char::is_whitespace).unwrap_or((record.trim(), ""));
    let label = label.strip_prefix(FASTTEXT_MARK).ok_or(expected)?;
    if text.trim_start().starts_with(FASTTEXT_MARK) {
        return Err("two labels in one line; expected one");
    }
    Ok([label, text.trim()].into_iter().collect())
}

fn json_fields(record: &str, keys: &[String]) -> Result<csv::StringRecord, &'static str> {
    let object = match serde_json::from_str(record) {
        Ok(serde_json::Value::Object(object)) => object,
        _ => return Err("expected a JSON object on the line, as on the first one"),
    };
    let field = |key: &String| match object.get(key) {
        None | Some(serde_json::Value::Null) => Ok(String::new()),
        Some(serde_json::Value::String(text)) => Ok(text.clone()),
        Some(serde_json::Value::Number(number)) => Ok(number.to_string()),
        Some(serde_json::Value::Bool(truth)) => Ok(truth.to_string()),
        Some(_) => Err("a list or an object inside the JSON object; expected texts and numbers"),
    };
    keys.iter().map(field).collect()
}

/// The fields of a record whose quotes are in order.
fn quoted_fields(record: &str, delimiter: u8) -> csv::StringRecord {
    let mut fields = csv::StringRecord::new();
    let mut rest = Some(record);
    while let Some(text) = rest {
        let end = field_end(text, delimiter);
        let field = text.get(..end).unwrap_or(text);
        match unquoted(field) {
            Some(inside) => fields.push_field(&inside),
            None => fields.push_field(field),
        }
        rest = text.get(end + 1..);
    }
    fields
}

/// What stands between the quotes of a field, if it has them around it.
fn unquoted(field: &str) -> Option<String> {
    let inside = field.strip_prefix('"')?.strip_suffix('"')?;
    Some(inside.replace("\"\"", "\""))
}

/// Where the first field ends.
fn field_end(text: &str, delimiter: u8) -> usize {
    let is_quoted = text.starts_with('"');
    let mut inside = false;
    let is_end = |byte| {
        inside ^= is_quoted && byte == b'"';
        !inside && byte == delimiter
    };
    text.bytes().position(is_end).unwrap_or(text.len())
}

/// Whether a file's name says that tabs separate its columns; it may end in `.gz`.
fn is_tab_separated(path: &Path) -> bool {
    has_extension(path, &["tsv", "tab"])
}

/// Whether a file's name says that its lines may be nothing but texts.
fn is_plain_text(path: &Path) -> bool {
    has_extension(path, &["txt", "text"])
}

fn has_extension(path: &Path, known: &[&str]) -> bool {
    let extension = |path: &Path| path.extension().and_then(|extension| extension.to_str()).map(str::to_lowercase);
    let unpacked = if extension(path).as_deref() == Some("gz") { path.with_extension("") } else { path.into() };
    extension(&unpacked).is_some_and(|extension| known.contains(&extension.as_str()))
}
