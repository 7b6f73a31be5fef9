//! The nearest known name for an unknown one.

use strsim::osa_distance;

/// A misspelt name may have one error for each of so many letters.
const LETTERS_AN_ERROR: usize = 3;

/// The name with the fewest errors in `given`, the first of equal ones: letters left out, added, exchanged, or swapped with
/// their neighbour. None if every name needs more than one error for each three letters of `given`.
///
/// # Source
/// Optimal string alignment distance, of crate strsim.
pub fn nearest<'n>(given: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let plain = given.trim().to_lowercase().replace('_', "-");
    let errors = |name: &str| osa_distance(&plain, &name.to_lowercase().replace('_', "-"));
    let most = plain.chars().count().div_ceil(LETTERS_AN_ERROR);
    let names = names.into_iter().filter(|name| !name.is_empty()).map(|name| (errors(name), name));
    names.filter(|(errors, _)| *errors <= most).min_by_key(|(errors, _)| *errors).map(|(_, name)| name)
}

/// The end of a message about an unknown name: the nearest known one, or nothing.
pub fn did_you_mean<'n>(given: &str, names: impl IntoIterator<Item = &'n str>) -> String {
    nearest(given, names).map_or(String::new(), |name| format!("; did you mean `{}`?", name.escape_debug()))
}

/// A message of serde about an unknown key or choice with the nearest one in place of the list of all, which is long; any
/// other message as it is.
pub fn of_serde(message: &str) -> String {
    let mut quoted = message.split('`').skip(1).step_by(2);
    let is_unknown = message.starts_with("unknown field") || message.starts_with("unknown variant");
    match (is_unknown, quoted.next(), message.split_once(", expected")) {
        (true, Some(given), Some((problem, _))) => match nearest(given, quoted) {
            Some(name) => format!("{problem}; did you mean `{name}`?"),
            None => message.into(),
        },
        _ => message.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_has_the_fewest_errors() {
        let names = ["label", "text", "times"];
        for (given, expected) in [
            ("lable", Some("label")),
            ("LABEL ", Some("label")),
            ("labl", Some("label")),
            ("txt", Some("text")),
            ("tmies", Some("times")),
            ("tx", None),
            ("sequence", None),
            ("", None),
        ] {
            assert_eq!(nearest(given, names), expected, "{given}");
        }
        assert_eq!(nearest("hiden-size", ["hidden_size"]), Some("hidden_size"));
        assert_eq!(did_you_mean("lable", names), "; did you mean `label`?");
        assert_eq!(did_you_mean("lable", ["la\tbel"]), "; did you mean `la\\tbel`?");
        assert_eq!(did_you_mean("other", names), "");
    }

    #[test]
    fn messages_of_serde_name_the_nearest_key() {
        let unknown = "unknown field `hiden_size`, expected one of `cell`, `hidden_size`";
        assert_eq!(of_serde(unknown), "unknown field `hiden_size`; did you mean `hidden_size`?");
        assert_eq!(
            of_serde("unknown variant `lst`, expected `lstm` or `gru`"),
            "unknown variant `lst`; did you mean `lstm`?"
        );
        for other in
            ["unknown field `x`, expected `seed`", "invalid type: string \"a\", expected usize", "unknown field"]
        {
            assert_eq!(of_serde(other), other);
        }
    }
}
