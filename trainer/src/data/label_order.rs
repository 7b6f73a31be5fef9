//! The order of the classes.

/// Sorts items by their labels: by number where each label is one, so that `2` stands before `10`, else by name.
pub(super) fn sort_by_label<Item>(items: &mut [Item], label: impl Fn(&Item) -> &str) {
    let number = |label: &str| label.parse::<f64>().ok().filter(|number| number.is_finite());
    let are_numbers = items.iter().all(|item| number(label(item)).is_some());
    items.sort_by(|one, other| {
        let (one, other) = (label(one), label(other));
        match (number(one), number(other)) {
            (Some(first), Some(second)) if are_numbers => first.total_cmp(&second).then_with(|| one.cmp(other)),
            _ => one.cmp(other),
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(labels: &[&'static str]) -> Vec<&'static str> {
        let mut labels = labels.to_vec();
        sort_by_label(&mut labels, |label| label);
        labels
    }

    #[test]
    fn numbers_are_sorted_as_numbers_and_names_as_names() {
        assert_eq!(sorted(&["10", "9", "-1", "1.5"]), ["-1", "1.5", "9", "10"]);
        assert_eq!(sorted(&["10", "9", "none"]), ["10", "9", "none"]);
        assert_eq!(sorted(&["1.0", "1"]), ["1", "1.0"]);
    }
}
