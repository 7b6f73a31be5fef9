use super::arithmetic::Arithmetic;

/// Rows of stored numbers.
pub(crate) struct Rows<'m, A: Arithmetic> {
    pub(crate) items: &'m [A::Item],
    pub(crate) layout: A::Layout,
    /// Items of a row.
    pub(crate) stride: usize,
}

impl<'m, A: Arithmetic> Rows<'m, A> {
    /// The items of a row; none for a row that does not exist.
    pub(crate) fn row(&self, row: usize) -> &'m [A::Item] {
        let start = row.wrapping_mul(self.stride);
        self.items.get(start..start.wrapping_add(self.stride)).unwrap_or_default()
    }
}
