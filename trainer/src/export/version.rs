use std::fmt;

/// The identifier that a number of steps follows.
const LONGEST_ROW: &str = "longest-row";

/// A model file's `trainer_version`: the version, and in its build metadata the longest sequence trained on.
///
/// # Examples
/// ```
/// use trainer::export::TrainerVersion;
///
/// let written = TrainerVersion { version: "0.1.0", longest_row: Some(212) };
/// assert_eq!(written.to_string(), "0.1.0+longest-row.212");
/// assert_eq!(TrainerVersion::parse("0.1.0+longest-row.212"), written);
/// assert_eq!(TrainerVersion::parse("0.1.0").longest_row, None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrainerVersion<'v> {
    /// The version without build metadata.
    pub version: &'v str,
    /// Steps of the longest sequence trained on, at least 1; nothing in files that do not say.
    pub longest_row: Option<u32>,
}

impl<'v> TrainerVersion<'v> {
    /// Reads a version, and of its build metadata what is known here.
    pub fn parse(text: &'v str) -> Self {
        let (version, metadata) = text.split_once('+').unwrap_or((text, ""));
        let mut identifiers = metadata.split('.');
        let longest_row = identifiers.find(|identifier| *identifier == LONGEST_ROW).and_then(|_| identifiers.next());
        let longest_row = longest_row.and_then(|steps| steps.parse().ok()).filter(|steps| *steps > 0);
        Self { version, longest_row }
    }
}

impl fmt::Display for TrainerVersion<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.version)?;
        self.longest_row.map_or(Ok(()), |steps| write!(formatter, "+{LONGEST_ROW}.{steps}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_number_of_steps_is_not_taken_for_one() {
        for text in [
            "",
            "0.1.0",
            "0.1.0+",
            "0.1.0+longest-row",
            "0.1.0+longest-row.",
            "0.1.0+longest-row.0",
            "+longest-row.x",
            "0.1.0+longest-row.4294967296",
            "0.1.0+longest-row.-3",
            "0.1.0+a.212",
            "0.1.0-longest-row.212",
            "trainer",
        ] {
            assert_eq!(TrainerVersion::parse(text).longest_row, None, "{text}");
        }
        let among_others = TrainerVersion::parse("1.2.0-rc.1+local.longest-row.9.b");
        assert_eq!(among_others, TrainerVersion { version: "1.2.0-rc.1", longest_row: Some(9) });
    }
}
