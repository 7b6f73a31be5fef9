//! Names for the labels of a file.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use super::DataError;
use super::label_order::sort_by_label;

/// Labels that an error lists at most.
const MOST_LISTED: usize = 10;

/// The name of each label, as `--label-names` gives it.
///
/// An entry is `LABEL=NAME`, or a name alone. Names alone are those of the labels 1, 2 and so on, or of 0, 1 and so on
/// where the first rows have a label 0 and none that is the number of names. Several labels may have one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelNames(BTreeMap<String, String>);

impl LabelNames {
    /// The names that entries give, for rows whose first labels are these; none where there is no entry.
    ///
    /// # Errors
    /// [`DataError::LabelNames`] where entries do not tell which label each is of.
    pub(super) fn of<'l>(entries: &[String], labels: impl Iterator<Item = &'l str>) -> Result<Option<Self>, DataError> {
        if entries.is_empty() {
            return Ok(None);
        }
        let refuse = |problem: String| Err(DataError::LabelNames { problem });
        let pairs: Vec<(&str, &str)> = entries.iter().filter_map(|entry| entry.split_once('=')).collect();
        let names = match pairs.len() {
            0 => {
                let numbers: Vec<usize> = labels.filter_map(|label| label.parse().ok()).collect();
                let first = match (numbers.contains(&0), numbers.contains(&entries.len())) {
                    (true, false) => 0,
                    (false, true) => 1,
                    (true, true) => {
                        let count = entries.len();
                        return refuse(format!("{count} names without labels, but the labels count from 0 to {count}"));
                    }
                    (false, false) => {
                        let problem =
                            "names without labels, and the first rows do not tell whether they count from 0 or 1";
                        return refuse(format!("{} {problem}", entries.len()));
                    }
                };
                (first..).zip(entries).map(|(number, name)| (number.to_string(), name.trim().to_owned())).collect()
            }
            some if some == entries.len() => {
                let names: BTreeMap<String, String> =
                    pairs.iter().map(|(label, name)| (label.trim().to_owned(), name.trim().to_owned())).collect();
                if names.len() < pairs.len() {
                    return refuse("a label has two names".into());
                }
                names
            }
            _ => return refuse("some names have a label, others have none".into()),
        };
        if names.values().any(|name: &String| name.is_empty()) {
            return refuse("an empty name".into());
        }
        Ok(Some(Self(names)))
    }

    fn sorted(&self) -> Vec<(&String, &String)> {
        let mut pairs: Vec<(&String, &String)> = self.0.iter().collect();
        sort_by_label(&mut pairs, |(label, _)| label);
        pairs
    }

    /// The name of a label; the label of no row that has none stays empty.
    ///
    /// # Errors
    /// [`DataError::UnnamedLabel`], with the row.
    pub(super) fn name(&self, label: String, path: &Path, row: usize) -> Result<String, DataError> {
        if label.is_empty() {
            return Ok(label);
        }
        match self.0.get(&label) {
            Some(name) => Ok(name.clone()),
            None => {
                let known = super::first_of(self.sorted().into_iter().map(|(label, _)| label), MOST_LISTED);
                Err(DataError::UnnamedLabel { path: path.into(), row, label, known })
            }
        }
    }
}

impl fmt::Display for LabelNames {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pairs = self.sorted().into_iter();
        let pairs = pairs.map(|(label, name)| format!("{label} is {}", name.escape_debug()));
        write!(formatter, "labels: {}", super::first_of(pairs, MOST_LISTED))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn names(entries: &str, labels: &[&str]) -> Result<String, String> {
        let entries: Vec<String> = entries.split(',').map(str::to_owned).collect();
        let names = LabelNames::of(&entries, labels.iter().copied()).map_err(|error| error.to_string())?;
        Ok(names.unwrap().to_string())
    }

    #[test]
    fn names_are_those_of_numbers_or_of_the_labels_they_are_given_with() {
        assert_eq!(names("a,b", &["1", "2", "1"]).unwrap(), "labels: 1 is a, 2 is b");
        assert_eq!(names("a,b", &["1", "0"]).unwrap(), "labels: 0 is a, 1 is b");
        assert_eq!(names("x=a,y=a", &[]).unwrap(), "labels: x is a, y is a");
        for (entries, labels, problem) in [
            (
                "a,b",
                &["1"][..],
                "2 names without labels, and the first rows do not tell whether they count from 0 or 1",
            ),
            ("a,b", &["0", "2"], "2 names without labels, but the labels count from 0 to 2"),
            ("1=a,b", &[], "some names have a label, others have none"),
            ("1=a,1=b", &[], "a label has two names"),
            ("1=,2=b", &[], "an empty name"),
        ] {
            let error = names(entries, labels).unwrap_err();
            assert_eq!(error, format!("--label-names: {problem}; give the label of each name, as 1=NAME,2=NAME"));
        }
        let of_three = LabelNames::of(&["1=a".into()], std::iter::empty()).unwrap().unwrap();
        let error = of_three.name("3".into(), Path::new("a.csv"), 7).unwrap_err().to_string();
        assert_eq!(error, "a.csv, row 7: --label-names has no name for the label `3`; it has names for 1");
    }
}
