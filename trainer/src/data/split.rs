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

/// Deals the items of each label out to `folds` parts, as evenly as the labels' numbers of items allow, and holds out the
/// part `fold`, counted from 0; both parts are shuffled.
///
/// Returns the remaining items and the held-out ones. Over all folds each item is held out once.
pub fn fold_by_label<Item, Label: Ord>(
    mut items: Vec<Item>,
    label: impl Fn(&Item) -> Label,
    fold: usize,
    folds: usize,
    rng: &mut ChaCha8Rng,
) -> (Vec<Item>, Vec<Item>) {
    items.shuffle(rng);
    let mut of_label = BTreeMap::<Label, Vec<usize>>::new();
    for (place, item) in items.iter().enumerate() {
        of_label.entry(label(item)).or_default().push(place);
    }
    let mut is_held_out = vec![false; items.len()];
    let dealt = of_label.into_values().flatten().enumerate();
    dealt.filter(|(number, _)| number % folds.max(1) == fold).for_each(|(_, place)| is_held_out[place] = true);
    let mut place = is_held_out.into_iter();
    items.into_iter().partition(|_| !place.next().unwrap_or(false))
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
    fn over_all_folds_each_row_is_held_out_once_and_the_labels_are_spread() {
        let all = rows(&[("a", 23), ("b", 7), ("c", 1)]);
        let fold =
            |fold| fold_by_label(all.clone(), |row| row.label.clone(), fold, 5, &mut ChaCha8Rng::seed_from_u64(2));
        let mut held_out = Vec::new();
        for (training, validation) in (0..5).map(fold) {
            assert_eq!(training.len() + validation.len(), 31);
            let count = |label: &str| validation.iter().filter(|row| row.label == label).count();
            assert!((4..=5).contains(&count("a")) && (1..=2).contains(&count("b")), "{validation:?}");
            held_out.extend(validation.into_iter().map(|row| row.content.text().map(str::to_owned)));
        }
        held_out.sort();
        let mut expected: Vec<_> = all.iter().map(|row| row.content.text().map(str::to_owned)).collect();
        expected.sort();
        assert_eq!(held_out, expected);
    }

    #[test]
    fn the_seed_decides() {
        let split = |seed| split(rows(&[("a", 50), ("b", 50)]), 0.2, seed);
        assert_eq!(split(7), split(7));
        assert_ne!(split(7).1, split(8).1);
    }
}
