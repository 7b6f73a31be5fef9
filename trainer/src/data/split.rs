use std::collections::BTreeMap;

use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

/// Takes `share` of the items of each label, at least one where there are two, as held-out items; both
/// parts are shuffled.
///
/// Returns the remaining items and the held-out ones.
pub fn split_by_label<Item, Label: Ord>(
    mut items: Vec<Item>,
    label: impl Fn(&Item) -> Label,
    share: f64,
    rng: &mut ChaCha8Rng,
) -> (Vec<Item>, Vec<Item>) {
    items.shuffle(rng);
    let mut counts = BTreeMap::<Label, Count>::new();
    for item in &items {
        counts.entry(label(item)).or_default().total += 1;
    }
    items.into_iter().partition(|item| !counts.get_mut(&label(item)).is_some_and(|count| count.hold_out(share)))
}

/// The items of a label.
#[derive(Default)]
struct Count {
    total: usize,
    held_out: usize,
}

impl Count {
    /// Whether the next item is held out.
    fn hold_out(&mut self, share: f64) -> bool {
        let wanted = (self.total as f64 * share).round() as usize;
        let wanted = wanted.clamp(usize::from(self.total > 1), self.total - 1);
        let hold_out = self.held_out < wanted;
        self.held_out += usize::from(hold_out);
        hold_out
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;
    use crate::data::Row;

    fn split(rows: Vec<Row>, share: f64, seed: u64) -> (Vec<Row>, Vec<Row>) {
        split_by_label(rows, |row| row.label.clone(), share, &mut ChaCha8Rng::seed_from_u64(seed))
    }

    fn rows(labels: &[(&str, usize)]) -> Vec<Row> {
        let row = |label: &str, number: usize| Row::of_text(label, format!("{label} {number}"));
        labels.iter().flat_map(|(label, count)| (0..*count).map(move |number| row(label, number))).collect()
    }

    #[test]
    fn every_label_gives_its_share_and_no_row_is_lost_or_used_twice() {
        let all = rows(&[("a", 100), ("b", 10), ("c", 2), ("d", 1)]);
        let (training, validation) = split(all.clone(), 0.1, 1);
        let count = |rows: &[Row], label: &str| rows.iter().filter(|row| row.label == label).count();
        assert_eq!(["a", "b", "c", "d"].map(|label| count(&validation, label)), [10, 1, 1, 0]);
        let mut joined: Vec<_> = training.iter().chain(&validation).map(|row| row.content.text()).collect();
        joined.sort();
        let mut expected: Vec<_> = all.iter().map(|row| row.content.text()).collect();
        expected.sort();
        assert_eq!(joined, expected);
    }

    #[test]
    fn the_seed_decides() {
        let split = |seed| split(rows(&[("a", 50), ("b", 50)]), 0.2, seed);
        assert_eq!(split(7), split(7));
        assert_ne!(split(7).1, split(8).1);
    }
}
