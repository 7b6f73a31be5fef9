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

/// [`split_by_label`] of whole groups: the items of a group are all held out, or none of them. `classes` and `groups`
/// have the class and the group of each item, by its number.
///
/// Groups are taken in an order of chance, each if it brings the held-out items of the classes closer to `share`, by the
/// sum of `((held_out - share total) / total)^2` over the classes. No class loses all its items, and of one with items in
/// several groups some are held out.
///
/// Returns the numbers of the remaining items and of the held-out ones, both shuffled; of items in one group none are held
/// out.
pub fn split_by_group(classes: &[u32], groups: &[u32], share: f64, rng: &mut ChaCha8Rng) -> (Vec<u32>, Vec<u32>) {
    let items = shuffled(classes.len(), rng);
    let tally = Tally::new(classes, groups);
    let order = shuffled(tally.of_group.len(), rng);
    let mut held_out = vec![0; tally.totals.len()];
    let mut is_held_out = vec![false; tally.of_group.len()];
    let cost = |held_out: f64, class: usize| (held_out / tally.totals[class] as f64 - share).powi(2);
    let change = |held_out: &[usize], group: usize| -> f64 {
        let changes = tally.of_group[group].iter().map(|(class, count)| {
            let now = held_out[*class] as f64;
            cost(now + *count as f64, *class) - cost(now, *class)
        });
        changes.sum()
    };
    let leaves_some = |held_out: &[usize], group: usize| {
        tally.of_group[group].iter().all(|(class, count)| held_out[*class] + count < tally.totals[*class])
    };
    let mut take = |group: usize, held_out: &mut [usize]| {
        is_held_out[group] = true;
        tally.of_group[group].iter().for_each(|(class, count)| held_out[*class] += count);
    };
    for group in order.iter().map(|group| *group as usize) {
        if leaves_some(&held_out, group) && change(&held_out, group) < 0.0 {
            take(group, &mut held_out);
        }
    }
    for class in 0..held_out.len() {
        if held_out[class] > 0 {
            continue;
        }
        let has_class = |group: &usize| tally.of_group[*group].iter().any(|(of_group, _)| *of_group == class);
        let groups = order.iter().map(|group| *group as usize).filter(has_class);
        let fitting = groups.filter(|group| leaves_some(&held_out, *group));
        let best = fitting.min_by(|one, other| change(&held_out, *one).total_cmp(&change(&held_out, *other)));
        best.into_iter().for_each(|group| take(group, &mut held_out));
    }
    items.into_iter().partition(|item| !is_held_out[groups[*item as usize] as usize])
}

/// [`fold_by_label`] of whole groups: each goes to the part that then differs least from the others, by the sum of
/// `(items / total)^2` over parts and classes; large groups are dealt out first.
///
/// Returns the numbers of the remaining items and of the held-out ones, both shuffled. Over all folds each item is held out
/// once.
pub fn fold_by_group(
    classes: &[u32],
    groups: &[u32],
    fold: usize,
    folds: usize,
    rng: &mut ChaCha8Rng,
) -> (Vec<u32>, Vec<u32>) {
    let items = shuffled(classes.len(), rng);
    let tally = Tally::new(classes, groups);
    let mut order = shuffled(tally.of_group.len(), rng);
    let size = |group: &u32| tally.of_group[*group as usize].iter().map(|(_, count)| count).sum::<usize>();
    order.sort_by_key(|group| std::cmp::Reverse(size(group)));
    let mut parts = vec![vec![0; tally.totals.len()]; folds.max(1)];
    let mut sizes = vec![0; folds.max(1)];
    let mut part_of = vec![0; tally.of_group.len()];
    for group in order.iter().map(|group| *group as usize) {
        let cost = |part: usize| -> f64 {
            let square = |count: usize, class: usize| (count as f64 / tally.totals[class] as f64).powi(2);
            let changes = tally.of_group[group].iter().map(|(class, count)| {
                let now: usize = parts[part][*class];
                square(now + count, *class) - square(now, *class)
            });
            changes.sum()
        };
        let best = (0..parts.len())
            .min_by(|one, other| cost(*one).total_cmp(&cost(*other)).then_with(|| sizes[*one].cmp(&sizes[*other])));
        let best = best.unwrap_or(0);
        part_of[group] = best;
        for (class, count) in &tally.of_group[group] {
            parts[best][*class] += count;
            sizes[best] += count;
        }
    }
    items.into_iter().partition(|item| part_of[groups[*item as usize] as usize] != fold)
}

/// The numbers below `count`, shuffled.
fn shuffled(count: usize, rng: &mut ChaCha8Rng) -> Vec<u32> {
    let mut numbers: Vec<u32> = (0..count as u32).collect();
    numbers.shuffle(rng);
    numbers
}

/// How many items of each class the groups have.
struct Tally {
    /// The items of each class.
    totals: Vec<usize>,
    /// Of each group its classes, with the items of each.
    of_group: Vec<Vec<(usize, usize)>>,
}

impl Tally {
    fn new(classes: &[u32], groups: &[u32]) -> Self {
        let most = |numbers: &[u32]| numbers.iter().max().map_or(0, |largest| *largest as usize + 1);
        let mut totals = vec![0; most(classes)];
        let mut counts = BTreeMap::<(usize, usize), usize>::new();
        for (class, group) in classes.iter().zip(groups) {
            totals[*class as usize] += 1;
            *counts.entry((*group as usize, *class as usize)).or_default() += 1;
        }
        let mut of_group = vec![Vec::new(); most(groups)];
        counts.into_iter().for_each(|((group, class), count)| of_group[group].push((class, count)));
        Self { totals, of_group }
    }
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
    use std::collections::BTreeSet;

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

    /// 1,000 items of 4 classes in 20 groups; class 3 is in two of them alone.
    fn grouped() -> (Vec<u32>, Vec<u32>) {
        let class = |item: u32| if item % 20 < 2 && item.is_multiple_of(3) { 3 } else { item / 20 % 3 };
        ((0..1_000).map(class).collect(), (0..1_000).map(|item| item % 20).collect())
    }

    fn groups_of(items: &[u32], groups: &[u32]) -> BTreeSet<u32> {
        items.iter().map(|item| groups[*item as usize]).collect()
    }

    #[test]
    fn a_group_stays_on_one_side_and_each_class_gives_about_its_share() {
        let (classes, groups) = grouped();
        for seed in 0..20 {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let (kept, held_out) = split_by_group(&classes, &groups, 0.2, &mut rng);
            assert_eq!(kept.len() + held_out.len(), 1_000);
            assert!(groups_of(&kept, &groups).is_disjoint(&groups_of(&held_out, &groups)));
            assert!((150..=250).contains(&held_out.len()), "{}", held_out.len());
            for class in 0..4 {
                let of_class = |items: &[u32]| items.iter().filter(|item| classes[**item as usize] == class).count();
                assert!(of_class(&kept) > 0 && of_class(&held_out) > 0, "class {class}, seed {seed}");
            }
        }
        let (kept, held_out) = split_by_group(&classes, &[0; 1_000], 0.2, &mut ChaCha8Rng::seed_from_u64(1));
        assert_eq!((kept.len(), held_out.len()), (1_000, 0));
    }

    #[test]
    fn over_all_folds_each_group_is_held_out_once() {
        let (classes, groups) = grouped();
        let mut seen = BTreeSet::new();
        for fold in 0..5 {
            let (kept, held_out) = fold_by_group(&classes, &groups, fold, 5, &mut ChaCha8Rng::seed_from_u64(3));
            let of_fold = groups_of(&held_out, &groups);
            assert!(of_fold.is_disjoint(&groups_of(&kept, &groups)) && seen.is_disjoint(&of_fold));
            assert!((150..=250).contains(&held_out.len()), "{}", held_out.len());
            seen.extend(of_fold);
        }
        assert_eq!(seen.len(), 20);
    }

    #[test]
    fn the_seed_decides() {
        let split = |seed| split(rows(&[("a", 50), ("b", 50)]), 0.2, seed);
        assert_eq!(split(7), split(7));
        assert_ne!(split(7).1, split(8).1);
    }
}
