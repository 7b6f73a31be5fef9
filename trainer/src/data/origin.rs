//! Where rows come from, as a split has to know it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::DataError;
use super::listing::counted;

/// Parts of a run that windows are dealt out by where a label has no other recording.
const PARTS_OF_A_RUN: usize = 10;
/// Groups from which on a column that nobody named tells which rows stay together: with fewer, holding out one takes
/// too many rows.
const FEWEST_GROUPS: usize = 5;

/// Where a row comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Origin {
    /// The number of its group, where rows have groups.
    pub(super) group: Option<u32>,
    /// Where it lies in a recording, if it was cut from one.
    pub(super) part: Option<RunPart>,
}

/// Where a window lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RunPart {
    /// The number of its recording, where recordings have names.
    pub(super) recording: Option<u32>,
    /// The number of its run.
    pub(super) run: u32,
    /// Its number in the run.
    pub(super) window: u32,
}

/// Numbers for the values of a column, in the order in which they occur.
#[derive(Debug, Default)]
pub(super) struct Numbers(HashMap<String, u32>);

impl Numbers {
    pub(super) fn of(&mut self, value: &str) -> u32 {
        if let Some(number) = self.0.get(value) {
            return *number;
        }
        let next = self.0.len() as u32;
        self.0.insert(value.to_owned(), next);
        next
    }
}

/// The column of groups.
#[derive(Debug, Clone)]
pub(super) struct GroupColumn {
    /// As a message has it.
    pub(super) name: String,
    /// Whether an option says it.
    pub(super) is_given: bool,
}

/// Rows that a split keeps on one side.
#[derive(Debug, Clone)]
pub struct Groups {
    /// The group of each row.
    pub of_row: Vec<u32>,
    /// Different groups.
    pub count: usize,
    /// What they are, as a message has it: `values of `subject``, `recordings`.
    pub name: String,
}

impl Groups {
    /// What is said of a split: how many groups the rows of these numbers are of.
    pub fn describe(&self, held_out: &[u32]) -> String {
        match self.count_of(held_out) {
            0 => format!("a split keeps each of {} {} on one side", self.count, self.name),
            held_out => format!("held out are the rows of {held_out} of {} {}", self.count, self.name),
        }
    }

    /// The groups that the rows of these numbers are of.
    pub(super) fn count_of(&self, rows: &[u32]) -> usize {
        let groups = rows.iter().filter_map(|row| self.of_row.get(*row as usize));
        groups.collect::<BTreeSet<_>>().len()
    }

    /// The rows of the smallest and of the largest group.
    pub fn sizes(&self) -> (usize, usize) {
        let mut sizes = BTreeMap::<u32, usize>::new();
        self.of_row.iter().for_each(|group| *sizes.entry(*group).or_default() += 1);
        (sizes.values().copied().min().unwrap_or(0), sizes.values().copied().max().unwrap_or(0))
    }

    /// Refuses a cross-validation with more parts than groups.
    ///
    /// # Errors
    /// [`DataError::FewerGroups`].
    pub(super) fn check_folds(&self, place: &str, folds: usize) -> Result<(), DataError> {
        let Self { count, name, .. } = self;
        if folds <= *count {
            return Ok(());
        }
        Err(DataError::FewerGroups { place: place.into(), folds, count: *count, name: name.clone() })
    }

    /// The groups of rows with these origins and classes; none where each row stands for itself, and no row has an
    /// origin. Beside it what is to be said of the choice.
    ///
    /// The column of groups decides. Windows of recordings stay together by recording; where all windows of a class are
    /// of one recording, by run, and where they are of one run, by tenth of the run.
    pub(super) fn of(
        origins: &[Origin],
        classes: &[u32],
        column: Option<&GroupColumn>,
    ) -> (Option<Self>, Option<String>) {
        let mut said = None;
        if let Some(GroupColumn { name, is_given }) = column.filter(|_| !origins.is_empty()) {
            let of_row: Vec<u32> = origins.iter().map(|origin| origin.group.unwrap_or_default()).collect();
            let count = of_row.iter().collect::<BTreeSet<_>>().len();
            if *is_given || count >= FEWEST_GROUPS {
                return (Some(Self { of_row, count, name: format!("values of {name}") }), None);
            }
            let problem =
                "too few to keep each on one side of a split unasked; to do so, choose it with --group-column";
            said = Some(format!("{name} has {}, {problem}", counted(count, "value")));
        }
        let parts: Option<Vec<RunPart>> = origins.iter().map(|origin| origin.part).collect();
        let Some(parts) = parts.filter(|parts| !parts.is_empty()) else {
            return (None, said);
        };
        let (groups, single) = Self::of_windows(&parts, classes);
        if single > 0 {
            let s = if single == 1 { " has all its" } else { "es have all their" };
            said = said.or_else(|| {
                Some(format!(
                    "{single} class{s} windows in one run of frames: rows that are held out of it lie beside rows that are \
                     trained on"
                ))
            });
        }
        (Some(groups), said)
    }

    /// The groups of windows, and the number of classes whose windows are of one run.
    fn of_windows(parts: &[RunPart], classes: &[u32]) -> (Self, usize) {
        let mut of_class = BTreeMap::<u32, (BTreeSet<Option<u32>>, BTreeSet<u32>)>::new();
        let mut windows = HashMap::<u32, u32>::new();
        for (part, class) in parts.iter().zip(classes) {
            let (recordings, runs) = of_class.entry(*class).or_default();
            recordings.insert(part.recording);
            runs.insert(part.run);
            *windows.entry(part.run).or_default() += 1;
        }
        let mut numbers = BTreeMap::<(u8, u32, u32), u32>::new();
        let mut single = BTreeSet::new();
        let of_row = parts.iter().zip(classes).map(|(part, class)| {
            let (recordings, runs) =
                of_class.get(class).map_or((0, 0), |(recordings, runs)| (recordings.len(), runs.len()));
            let key = match (part.recording, recordings, runs) {
                (Some(recording), 2.., _) => (0, recording, 0),
                (_, _, 2..) => (1, part.run, 0),
                _ => {
                    single.insert(*class);
                    let of_run = windows.get(&part.run).copied().unwrap_or(1).max(1) as usize;
                    (2, part.run, (part.window as usize * PARTS_OF_A_RUN / of_run) as u32)
                }
            };
            let next = numbers.len() as u32;
            *numbers.entry(key).or_insert(next)
        });
        let of_row: Vec<u32> = of_row.collect();
        let name = if parts.iter().any(|part| part.recording.is_some()) { "recordings" } else { "runs of one label" };
        (Self { of_row, count: numbers.len(), name: name.into() }, single.len())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn window(recording: Option<u32>, run: u32, window: u32) -> Origin {
        Origin { group: None, part: Some(RunPart { recording, run, window }) }
    }

    #[test]
    fn windows_stay_together_by_recording_else_by_run_else_by_part_of_the_run() {
        let origins = [
            // Class 0 in two recordings, class 1 in two runs of one, class 2 in one run.
            window(Some(0), 0, 0),
            window(Some(0), 0, 1),
            window(Some(1), 3, 0),
            window(Some(0), 1, 0),
            window(Some(0), 2, 0),
            window(Some(0), 4, 0),
            window(Some(0), 4, 1),
        ];
        let (groups, said) = Groups::of(&origins, &[0, 0, 0, 1, 1, 2, 2], None);
        let groups = groups.unwrap();
        assert_eq!((groups.of_row, groups.count), (vec![0, 0, 1, 2, 3, 4, 5], 6));
        assert!(said.unwrap().starts_with("1 class has all its windows in one run"));
        let (groups, said) = Groups::of(&[], &[0, 1, 1], None);
        assert!(groups.is_none() && said.is_none());
    }

    #[test]
    fn a_column_that_nobody_named_needs_several_values() {
        let origins =
            |count: u32| (0..20).map(|row| Origin { group: Some(row % count), part: None }).collect::<Vec<_>>();
        let column = |is_given| GroupColumn { name: "`subject`".into(), is_given };
        let of = |count, is_given| Groups::of(&origins(count), &[0; 20], Some(&column(is_given)));
        assert_eq!(of(5, false).0.unwrap().count, 5);
        let (groups, said) = of(4, false);
        assert!(groups.is_none() && said.unwrap().starts_with("`subject` has 4 values, too few"));
        let (groups, said) = of(2, true);
        assert_eq!((groups.unwrap().name.as_str(), said), ("values of `subject`", None));
    }
}
