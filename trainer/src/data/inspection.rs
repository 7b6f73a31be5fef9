//! What is noticed about rows while they are read for the first time.

use std::collections::{BTreeMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use super::{Content, Row};

/// Classes that are listed one by one; of more, the largest and the smallest.
const MOST_LISTED: usize = 12;
/// Classes at each end of a list that is cut.
const AT_EACH_END: usize = 4;
/// The share of rows from which on a class is said to be nearly all of them.
const NEARLY_ALL: f64 = 0.95;
/// Steps of a channel's integers below which rounding is said to lose what it says.
const FEWEST_LEVELS: f64 = 16.0;
/// Groups of labels, or channels, that one line names.
const MOST_NAMED: usize = 4;

/// What is said about rows at the start of a training.
#[derive(Debug, Clone, Default)]
pub struct RowNotes {
    /// What each file is, and which of its columns is what.
    pub reading: Vec<String>,
    /// The classes with the training rows of each.
    pub classes: String,
    /// What may be wrong with the rows.
    pub notices: Vec<String>,
}

impl RowNotes {
    /// All of it, a line each.
    pub fn lines(&self) -> impl Iterator<Item = &String> {
        self.reading.iter().chain([&self.classes]).chain(&self.notices).filter(|line| !line.is_empty())
    }
}

/// The values of a channel.
#[derive(Debug, Clone, Copy)]
struct Extent {
    smallest: f32,
    largest: f32,
    are_integers: bool,
}

/// Sums over the frames of a channel, for its roughness.
#[derive(Debug, Clone, Copy, Default)]
struct ChannelSums {
    frames: f64,
    values: f64,
    squares: f64,
    changes: f64,
    squared_changes: f64,
}

impl ChannelSums {
    fn add(&mut self, value: f32, before: Option<f32>) {
        let value = f64::from(value);
        self.frames += 1.0;
        self.values += value;
        self.squares += value * value;
        if let Some(before) = before {
            self.changes += 1.0;
            self.squared_changes += (value - f64::from(before)).powi(2);
        }
    }

    /// Root mean square of the change from a frame to the next, divided by the standard deviation; none for a channel that
    /// does not change.
    fn roughness(&self) -> Option<f64> {
        let mean = self.values / self.frames;
        let variance = self.squares / self.frames - mean * mean;
        let change = self.squared_changes / self.changes.max(1.0);
        (variance > 0.0 && change > 0.0).then(|| (change / variance).sqrt())
    }
}

/// What was noticed about the rows of one source: 8 bytes a row.
#[derive(Debug, Clone, Default)]
pub(super) struct Inspection {
    /// A hash of each row's content.
    contents: Vec<u64>,
    extents: Vec<Extent>,
    sums: Vec<ChannelSums>,
}

impl Inspection {
    pub(super) fn add(&mut self, row: &Row) {
        let mut hasher = DefaultHasher::new();
        match &row.content {
            Content::Text(text) => text.trim().hash(&mut hasher),
            Content::Frames(frames) => {
                hasher.write(bytemuck::cast_slice(&frames.values));
                let nothing = Extent { smallest: f32::INFINITY, largest: f32::NEG_INFINITY, are_integers: true };
                self.extents.resize(frames.channels, nothing);
                self.sums.resize(frames.channels, ChannelSums::default());
                let mut before: Option<&[f32]> = None;
                for frame in frames.iter() {
                    for (channel, sums) in self.sums.iter_mut().enumerate() {
                        sums.add(frame[channel], before.map(|before| before[channel]));
                    }
                    before = Some(frame);
                    for (extent, value) in self.extents.iter_mut().zip(frame) {
                        extent.smallest = extent.smallest.min(*value);
                        extent.largest = extent.largest.max(*value);
                        extent.are_integers &= value.fract() == 0.0;
                    }
                }
            }
        }
        self.contents.push(hasher.finish());
    }

    /// Mean roughness of the channels: the root mean square of the change from a frame to the next, divided by the
    /// channel's standard deviation. About 0 for a slow signal, 1.4 for noise; none without a channel that changes.
    pub(super) fn roughness(&self) -> Option<f64> {
        let found: Vec<f64> = self.sums.iter().filter_map(ChannelSums::roughness).collect();
        (!found.is_empty()).then(|| found.iter().sum::<f64>() / found.len() as f64)
    }

    /// How many of the rows to measure with are rows to train on too; `is_training` tells them apart by their number,
    /// and those of `beside` are all to measure with.
    pub(super) fn shared_rows(&self, is_training: impl Fn(usize) -> bool, beside: &Self) -> usize {
        let rows = || self.contents.iter().enumerate();
        let training: HashSet<u64> = rows().filter(|(row, _)| is_training(*row)).map(|(_, content)| *content).collect();
        let held_out = rows().filter(|(row, _)| !is_training(*row)).map(|(_, content)| content);
        held_out.chain(&beside.contents).filter(|content| training.contains(content)).count()
    }

    /// How many rows have the content of a row before them.
    pub(super) fn repeated_rows(&self) -> usize {
        let mut seen = HashSet::new();
        self.contents.iter().filter(|content| !seen.insert(**content)).count()
    }

    /// Gives the memory of the rows back.
    pub(super) fn forget_rows(&mut self) {
        self.contents = Vec::new();
    }

    /// Lines about channels that say nothing, or whose values an integer of `unit` does not tell apart.
    pub(super) fn channel_notices(&self, names: &[String], units: &[f32]) -> Vec<String> {
        let named = || names.iter().zip(&self.extents);
        let constant: Vec<String> = named()
            .filter(|(_, extent)| extent.smallest == extent.largest)
            .map(|(name, extent)| format!("{name} (always {})", extent.smallest))
            .collect();
        let rounded: Vec<String> =
            named().zip(units).filter_map(|((name, extent), unit)| extent.rounded(name, *unit)).collect();
        let mut lines = Vec::new();
        if !constant.is_empty() {
            lines.push(format!("channels that never change and tell nothing: {}", named_list(&constant, ", ")));
        }
        if !rounded.is_empty() {
            lines.push(format!(
                "channels whose integers have few values, as their unit (--frame-unit) is coarse: {}",
                named_list(&rounded, "; ")
            ));
        }
        lines
    }
}

impl Extent {
    /// What the unit leaves of a channel that changes, if that is little.
    fn rounded(self, name: &str, unit: f32) -> Option<String> {
        let (smallest, largest) = (self.smallest, self.largest);
        let raw = |value: f32| f64::from((value / unit).round());
        let levels = raw(largest) - raw(smallest) + 1.0;
        let is_exact = self.are_integers && (1.0 / unit).fract() == 0.0;
        let loses = smallest < largest && levels < FEWEST_LEVELS && !is_exact;
        let s = if levels == 1.0 { "" } else { "s" };
        loses.then(|| format!("{name} ({smallest} to {largest}) becomes {levels} value{s} in units of {unit}"))
    }
}

/// A line about channels with so many values far from the others.
pub(super) fn outlier_notice(names: &[String], counts: &[usize]) -> Option<String> {
    let named = names.iter().zip(counts).filter(|(_, count)| **count > 0);
    let named: Vec<String> = named.map(|(name, count)| format!("{name} ({count})")).collect();
    (!named.is_empty()).then(|| {
        format!(
            "training values more than 10 standard deviations from their channel's mean, all the same to an int8 model: {}",
            named_list(&named, ", ")
        )
    })
}

/// The first items, and how many there are beside them.
fn named_list(items: &[String], separator: &str) -> String {
    let shown = items.get(..MOST_NAMED).unwrap_or(items).join(separator);
    match items.len().saturating_sub(MOST_NAMED) {
        0 => shown,
        more => format!("{shown}{separator}and {more} more"),
    }
}

/// The classes with the training rows of each, the largest first; a long list without its middle.
pub(super) fn class_sizes(labels: &[String], sizes: &[usize]) -> String {
    let mut classes: Vec<(&String, usize)> = labels.iter().zip(sizes.iter().copied()).collect();
    classes.sort_by(|(label, size), (other, of_other)| of_other.cmp(size).then_with(|| label.cmp(other)));
    let list = |classes: &[(&String, usize)]| {
        classes.iter().map(|(label, size)| format!("{} {size}", label.escape_debug())).collect::<Vec<_>>().join(", ")
    };
    if classes.len() <= MOST_LISTED {
        return format!("rows of each class: {}", list(&classes));
    }
    let (largest, rest) = classes.split_at(AT_EACH_END);
    let smallest = rest.get(rest.len() - AT_EACH_END..).unwrap_or_default();
    let count = classes.len();
    format!("rows of each of {count} classes: largest {}; smallest {}", list(largest), list(smallest))
}

/// Lines about labels that are probably one class, and about a class that is nearly all rows.
pub(super) fn label_notices(labels: &[String], sizes: &[usize]) -> Vec<String> {
    let mut lines = Vec::new();
    let mut alike = BTreeMap::<String, Vec<String>>::new();
    for (label, size) in labels.iter().zip(sizes) {
        let shown = format!("`{}` ({size} rows)", label.escape_debug());
        alike.entry(plain_label(label)).or_default().push(shown);
    }
    let groups: Vec<String> =
        alike.into_values().filter(|group| group.len() > 1).map(|group| group.join(" and ")).collect();
    if !groups.is_empty() {
        lines.push(format!(
            "labels that differ only in case, spaces or form, and are classes of their own: {}",
            named_list(&groups, "; ")
        ));
    }
    let rows: usize = sizes.iter().sum();
    let largest = labels.iter().zip(sizes).max_by_key(|(_, size)| **size);
    if let Some((label, size)) =
        largest.filter(|(_, size)| **size as f64 >= NEARLY_ALL * rows as f64 && labels.len() > 1)
    {
        let percent = 100.0 * *size as f64 / rows as f64;
        lines.push(format!(
            "{percent:.1} % of the training rows are of class `{}`: to answer it always is right as often",
            label.escape_debug()
        ));
    }
    lines
}

/// A line about rows that are trained on and measured with.
pub(super) fn shared_notice(shared: usize, validation_rows: usize) -> Option<String> {
    (shared > 0).then(|| {
        format!(
            "{shared} of {validation_rows} validation rows have the content of a training row: their accuracy says little \
             about new rows"
        )
    })
}

/// A line about rows that parts of a cross-validation may share.
pub(super) fn repeated_notice(repeated: usize, rows: usize) -> Option<String> {
    (repeated > 0).then(|| {
        format!(
            "{repeated} of {rows} rows have the content of another row: networks of the cross-validation are measured on \
             rows that they know, and their accuracy says little about new rows"
        )
    })
}

/// A label without what may differ by mistake: `Spam ` is `spam`, `1.0` is `1`.
fn plain_label(label: &str) -> String {
    let words: Vec<String> = label.to_lowercase().split_whitespace().map(str::to_owned).collect();
    let plain = words.join(" ");
    match plain.parse::<f64>() {
        Ok(number) if number.is_finite() => number.to_string(),
        _ => plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Frames;

    fn strings(items: &[&str]) -> Vec<String> {
        items.iter().map(|item| item.to_string()).collect()
    }

    #[test]
    fn classes_are_listed_by_size_and_a_long_list_is_cut() {
        assert_eq!(class_sizes(&strings(&["a", "b", "c"]), &[2, 9, 2]), "rows of each class: b 9, a 2, c 2");
        let labels: Vec<String> = (0..20).map(|number| format!("l{number:02}")).collect();
        let sizes: Vec<usize> = (1..=20).collect();
        let expected = "rows of each of 20 classes: largest l19 20, l18 19, l17 18, l16 17; \
                        smallest l03 4, l02 3, l01 2, l00 1";
        assert_eq!(class_sizes(&labels, &sizes), expected);
    }

    #[test]
    fn labels_that_are_probably_one_are_named() {
        let found = label_notices(&strings(&["1", "1.0", "Spam", "ham", "spam"]), &[1, 2, 3, 4, 5]);
        let expected = "labels that differ only in case, spaces or form, and are classes of their own: \
                        `1` (1 rows) and `1.0` (2 rows); `Spam` (3 rows) and `spam` (5 rows)";
        assert_eq!(found, [expected]);
        let found = label_notices(&strings(&["a", "b"]), &[99, 1]);
        assert_eq!(found, ["99.0 % of the training rows are of class `a`: to answer it always is right as often"]);
        assert!(label_notices(&strings(&["a", "b"]), &[3, 2]).is_empty());
    }

    #[test]
    fn channels_that_do_not_change_or_lose_what_they_say_are_named() {
        let mut rows = Inspection::default();
        let values = vec![-0.5, 101_325.0, 0.0, 3.0, 0.5, 101_325.0, 20_000.0, 4.0];
        let content = Content::Frames(Frames { channels: 4, values });
        rows.add(&Row { label: "a".into(), content });
        let names = strings(&["`x`", "`p`", "`y`", "`flag`"]);
        let found = rows.channel_notices(&names, &[8.0; 4]);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0], "channels that never change and tell nothing: `p` (always 101325)");
        assert!(
            found[1].contains(
                "`x` (-0.5 to 0.5) becomes 1 value in units of 8; `flag` (3 to 4) becomes 2 values in units of 8"
            ),
            "{}",
            found[1]
        );
        let of_its_own = [1.0 / 8_192.0, 1.0, 1.0, 8.0];
        let found = rows.channel_notices(&names, &of_its_own);
        assert!(found.len() == 2 && !found[1].contains("`x`") && found[1].contains("`flag`"), "{found:?}");
        let fine = [1.0 / 8_192.0; 4];
        assert_eq!(rows.channel_notices(&names, &fine).len(), 1, "integers are exact in this unit");
    }

    #[test]
    fn rows_of_both_parts_are_counted() {
        let mut rows = Inspection::default();
        ["a", "b", "a", "c"].iter().for_each(|text| rows.add(&Row::of_text("x", *text)));
        assert_eq!(rows.shared_rows(|row| row < 2, &Inspection::default()), 1);
        let mut beside = Inspection::default();
        ["b ", "d", "b"].iter().for_each(|text| beside.add(&Row::of_text("y", *text)));
        assert_eq!(rows.shared_rows(|_| true, &beside), 2);
    }
}
