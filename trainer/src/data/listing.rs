//! Lists in messages.

/// The first `most` items, and how many there are beside them.
pub(crate) fn first_of<Item: AsRef<str>>(items: impl ExactSizeIterator<Item = Item>, most: usize) -> String {
    let more = items.len().saturating_sub(most);
    let mut shown = String::new();
    for (number, item) in items.take(most).enumerate() {
        shown += if number == 0 { "" } else { ", " };
        shown += item.as_ref();
    }
    if more == 0 { shown } else { format!("{shown} and {more} more") }
}

/// A number of things, such as `1 file` or `2 files`.
pub(super) fn counted(number: usize, one: &str) -> String {
    format!("{number} {one}{}", if number == 1 { "" } else { "s" })
}
