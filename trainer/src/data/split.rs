use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::Row;

/// Takes `share` of the rows of each label, at least one where there are two, as validation rows; both
/// parts are shuffled.
///
/// Returns the remaining rows and the validation rows.
pub fn split_validation(mut rows: Vec<Row>, share: f64, rng: &mut ChaCha8Rng) -> (Vec<Row>, Vec<Row>) {
    rows.shuffle(rng);
    let mut totals = std::collections::BTreeMap::<String, (usize, usize)>::new();
    for row in &rows {
        totals.entry(row.label.clone()).or_default().0 += 1;
    }
    let (mut training, mut validation) = (Vec::new(), Vec::new());
    for row in rows {
        let held_out = totals.get_mut(&row.label).is_some_and(|(total, taken)| {
            let wanted = ((*total as f64 * share).round() as usize).clamp(usize::from(*total > 1), *total - 1);
            let take = *taken < wanted;
            *taken += usize::from(take);
            take
        });
        if held_out { validation.push(row) } else { training.push(row) }
    }
    (training, validation)
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    fn rows(labels: &[(&str, usize)]) -> Vec<Row> {
        let row = |label: &str, number: usize| Row { label: label.into(), text: format!("{label} {number}") };
        labels.iter().flat_map(|(label, count)| (0..*count).map(move |number| row(label, number))).collect()
    }

    #[test]
    fn every_label_gives_its_share_and_no_row_is_lost_or_used_twice() {
        let all = rows(&[("a", 100), ("b", 10), ("c", 2), ("d", 1)]);
        let (training, validation) = split_validation(all.clone(), 0.1, &mut ChaCha8Rng::seed_from_u64(1));
        let count = |rows: &[Row], label: &str| rows.iter().filter(|row| row.label == label).count();
        assert_eq!(["a", "b", "c", "d"].map(|label| count(&validation, label)), [10, 1, 1, 0]);
        let mut joined: Vec<_> = training.iter().chain(&validation).map(|row| &row.text).collect();
        joined.sort();
        let mut expected: Vec<_> = all.iter().map(|row| &row.text).collect();
        expected.sort();
        assert_eq!(joined, expected);
    }

    #[test]
    fn the_seed_decides() {
        let split = |seed| split_validation(rows(&[("a", 50), ("b", 50)]), 0.2, &mut ChaCha8Rng::seed_from_u64(seed));
        assert_eq!(split(7), split(7));
        assert_ne!(split(7).1, split(8).1);
    }
}
