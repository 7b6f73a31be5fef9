//! Data files of any bytes, and the lines that their faults are found on.

use std::path::Path;

use proptest::prelude::*;
use trainer::data::{DataError, ReadOptions, Row, parse_rows};

fn parse(name: &str, content: &[u8]) -> Result<Vec<Row>, DataError> {
    parse_rows(Path::new(name), content, &ReadOptions::default())
}

/// The line that an error names.
fn line(error: &DataError) -> Option<usize> {
    let message = error.to_string();
    let (_, after) = message.split_once(", line ")?;
    after.split(|character: char| !character.is_ascii_digit()).next()?.parse().ok()
}

/// What must hold for any content.
fn check(name: &str, content: &[u8]) -> Result<(), TestCaseError> {
    match parse(name, content) {
        Ok(rows) => {
            prop_assert!(!rows.is_empty());
            for Row { label, .. } in &rows {
                prop_assert!((1..=255).contains(&label.len()) && label.trim() == label, "{label:?}");
            }
        }
        Err(error) => {
            let message = error.to_string();
            prop_assert!(message.starts_with(name), "{message}");
            prop_assert_eq!(message.lines().count(), 1, "{}", message);
            let lines = 1 + content.iter().filter(|byte| **byte == b'\n').count();
            match line(&error) {
                Some(line) => prop_assert!((1..=lines).contains(&line), "{message}; {lines} lines"),
                None => {
                    let named = matches!(
                        error,
                        DataError::Empty { .. }
                            | DataError::DamagedGzip { .. }
                            | DataError::OtherFormat { .. }
                            | DataError::WideText { .. }
                    );
                    prop_assert!(named, "{message}");
                }
            }
        }
    }
    Ok(())
}

/// A field as a file has it, quoted where it must be; with tabs a quote is a character like any other, and a field has
/// neither tabs nor line ends.
fn quoted(field: &str, delimiter: char) -> String {
    if delimiter == '\t' {
        return field.replace(['\t', '\n', '\r'], "_");
    }
    if field.contains([delimiter, '"', '\n', '\r']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.into()
    }
}

fn any_rows() -> impl Strategy<Value = Vec<(String, String)>> {
    let label = "[a-zé][a-zé ,\"]{0,8}[a-z]";
    let text = "([a-z,\t\"\n\r灯][a-z ,\t\"\n\r灯]{0,20}[a-z\"灯])?";
    prop::collection::vec((label, text), 1..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn any_bytes_are_rows_or_a_fault_on_a_line(content in prop::collection::vec(any::<u8>(), 0..200)) {
        check("a.csv", &content)?;
        check("a.tsv", &content)?;
    }

    #[test]
    fn what_looks_like_a_table_is_rows_or_a_fault_on_a_line(content in "([ab,\t\"é \u{feff}\r\n]|label|text){0,40}") {
        check("a.csv", content.as_bytes())?;
        check("a.tsv", content.as_bytes())?;
    }

    #[test]
    fn rows_that_are_written_are_read_back(rows in any_rows(), tabs in any::<bool>(), crlf in any::<bool>()) {
        let (name, delimiter) = if tabs { ("a.tsv", '\t') } else { ("a.csv", ',') };
        let end = if crlf { "\r\n" } else { "\n" };
        let lines = rows.iter().map(|(label, text)| {
            format!("{}{delimiter}{}{end}", quoted(label, delimiter), quoted(text, delimiter))
        });
        let content = format!("label{delimiter}text{end}{}", lines.collect::<String>());
        let field = |field: &str| if tabs { quoted(field, delimiter) } else { field.to_owned() };
        let expected: Vec<Row> =
            rows.iter().map(|(label, text)| Row::of_text(field(label), field(text).trim())).collect();
        prop_assert_eq!(parse(name, content.as_bytes()).unwrap(), expected);
    }
}

#[test]
fn a_fault_is_named_with_its_own_line() {
    let cases = [
        ("a,b\nc,d\ne\n", 3),
        ("a,b\r\nc,d\r\ne\r\n", 3),
        ("a,b\r\nc,d\r\n,f\r\n", 3),
        ("label,text\r\nc,d\r\ne\r\n", 3),
        ("a,b\n\n\ne\n", 4),
        ("a,b\r\n\r\ne\r\n", 3),
        ("\n\na\n", 3),
        ("a,\"b\nb\nb\"\nc\n", 4),
        ("a,\"b\r\nb\"\r\nc\r\n", 3),
        ("a,\"b\nb\"\n,d\n", 3),
        ("a,b\n\"c\nc\nc\"\n", 2),
        ("a,b\r\nc,\"d\r\n", 2),
        ("a,b\n\nc,\"d\"d\n", 3),
    ];
    let found = cases.map(|(content, _)| (content, line(&parse("a.csv", content.as_bytes()).unwrap_err())));
    assert_eq!(found, cases.map(|(content, expected)| (content, Some(expected))));
}
