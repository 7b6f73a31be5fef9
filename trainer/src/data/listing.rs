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
