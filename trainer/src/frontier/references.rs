use std::path::Path;

use serde::Deserialize;

use crate::error::Error;

/// A point that others reached.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Reference {
    /// What it is.
    pub name: String,
    /// Bytes of its file.
    pub bytes: u64,
    /// Share of rows that are right, 0 to 1.
    pub accuracy: f64,
}

/// Reads a CSV file with a header `name,bytes,accuracy`; lines that begin with `#` are remarks.
///
/// # Errors
/// [`Error::Unreadable`]; [`Error::Setting`] with file and line.
pub fn read_references(path: &Path) -> Result<Vec<Reference>, Error> {
    let bytes = std::fs::read(path).map_err(|source| Error::Unreadable { path: path.into(), source })?;
    let refuse = |line: u64, problem: &str| Err(Error::Setting(format!("{}, line {line}: {problem}", path.display())));
    let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(bytes.as_slice());
    let mut references = Vec::new();
    let headers = reader.headers().cloned().unwrap_or_default();
    for record in reader.records() {
        let found = record.and_then(|record| {
            let line = record.position().map_or(1, csv::Position::line);
            record.deserialize(Some(&headers)).map(|reference: Reference| (line, reference))
        });
        match found {
            Ok((_, reference)) if reference.bytes > 0 && (0.0..=1.0).contains(&reference.accuracy) => {
                references.push(reference);
            }
            Ok((line, _)) => return refuse(line, "expected bytes above 0 and an accuracy from 0 to 1"),
            Err(error) => {
                let line = error.position().map_or(1, csv::Position::line);
                return refuse(line, &format!("expected name,bytes,accuracy ({error})"));
            }
        }
    }
    Ok(references)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<Reference>, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("points.csv");
        std::fs::write(&path, text).unwrap();
        read_references(&path).map_err(|error| error.to_string())
    }

    #[test]
    fn points_are_read_and_wrong_ones_named() {
        let points = read("# from somewhere\nname,bytes,accuracy\n\"a, b\",1024,0.5\n").unwrap();
        assert_eq!(points, [Reference { name: "a, b".into(), bytes: 1024, accuracy: 0.5 }]);
        for (text, line) in [
            ("name,bytes,accuracy\na,1,0.5\nb,1,91.6\n", "line 3"),
            ("name,bytes,accuracy\na,x,0.5\n", "line 2"),
            ("name,bytes\na,1\n", "line 2"),
            ("name,bytes,accuracy\na,1\n", "line 2"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(line), "{error}");
        }
    }
}
