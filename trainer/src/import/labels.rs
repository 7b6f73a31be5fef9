use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::description::{Description, beside};
use super::error::ImportError;
use crate::error::Error;
use crate::run_folder::read_lines;

/// Longest label, in bytes.
const LONGEST_LABEL: usize = runtime::format::MAX_STRING_BYTES;

/// Names of the classes, in the order of the logits.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged, expecting = "labels: expected a list of labels, or the name of a file with one a line")]
pub enum Labels {
    /// The labels themselves.
    List(Vec<String>),
    /// A file with one a line.
    File(PathBuf),
}

impl Description {
    /// The labels; `path` is the description's own.
    ///
    /// # Errors
    /// [`Error::Unreadable`]; [`ImportError::Description`], [`ImportError::Line`] for fewer than two labels, or one
    /// that is empty, too long, more than a line, or there twice.
    pub fn labels(&self, path: &Path) -> Result<Vec<String>, Error> {
        let (file, labels) = match &self.labels {
            Labels::List(labels) => (None, labels.clone()),
            Labels::File(name) => {
                let file = beside(path, name);
                let labels = read_lines(&file)?;
                (Some(file), labels)
            }
        };
        let fault = labels.iter().enumerate().find_map(|(place, label)| {
            let problem = label_problem(label, &labels[..place])?;
            Some((place, format!("label `{}` {problem}", label.escape_debug())))
        });
        let error = match (fault, file) {
            (Some((place, problem)), Some(path)) => ImportError::Line { path, line: place + 1, problem },
            (Some((place, problem)), None) => {
                let problem = format!("labels, number {}: {problem}", place + 1);
                ImportError::Description { path: path.into(), problem }
            }
            (None, file) if labels.len() < 2 => {
                let problem = format!("{} label(s); a classifier needs at least two", labels.len());
                ImportError::Description { path: file.unwrap_or(path.into()), problem }
            }
            (None, _) => return Ok(labels),
        };
        Err(error.into())
    }
}

/// What is wrong with a label that comes after `before`.
fn label_problem(label: &str, before: &[String]) -> Option<String> {
    if label.trim().is_empty() {
        Some("is empty".into())
    } else if label.trim() != label {
        Some("begins or ends with white space, which the labels of rows never do".into())
    } else if label.contains(['\n', '\r']) {
        Some("has a line end".into())
    } else if label.len() > LONGEST_LABEL {
        Some(format!("has {} bytes, expected at most {LONGEST_LABEL}", label.len()))
    } else if before.iter().any(|other| other == label) {
        Some("is there twice".into())
    } else {
        None
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn shortest() -> Description {
        toml::from_str("framework = \"torch\"\ncell = \"lstm\"\npooling = \"last\"\nlabels = []").unwrap()
    }

    #[test]
    fn labels_must_be_ones_that_rows_can_have() {
        let problem = |labels: &[&str]| {
            let labels = Labels::List(labels.iter().map(|label| label.to_string()).collect());
            let found = Description { labels, ..shortest() }.labels(Path::new("a.toml"));
            found.map_or_else(|error| error.to_string(), |_| String::new())
        };
        assert_eq!(problem(&["off", "on"]), "");
        assert_eq!(problem(&["off"]), "a.toml: 1 label(s); a classifier needs at least two");
        assert_eq!(problem(&["off", "off"]), "a.toml: labels, number 2: label `off` is there twice");
        assert_eq!(problem(&["off", ""]), "a.toml: labels, number 2: label `` is empty");
        assert!(problem(&["off", "o\nn"]).ends_with("label `o\\nn` has a line end"));
    }
}
