use super::arithmetic::Arithmetic;
use crate::kernels::Gates;

/// Rows of stored numbers.
pub(crate) struct Rows<'m, A: Arithmetic> {
    pub(crate) items: &'m [A::Item],
    pub(crate) layout: A::Layout,
    /// Items of a row.
    pub(crate) stride: usize,
    /// Values of a vector that a row is multiplied with: its numbers, and zeros that fill up its last item.
    pub(crate) width: usize,
}

impl<'m, A: Arithmetic> Rows<'m, A> {
    /// The items of a row; none for a row that does not exist.
    pub(crate) fn row(&self, row: usize) -> &'m [A::Item] {
        let start = row.wrapping_mul(self.stride);
        self.items.get(start..start.wrapping_add(self.stride)).unwrap_or_default()
    }

    /// What its rows are multiplied with, of a buffer that may be longer.
    #[inline(always)]
    pub(crate) fn vector<'v>(&self, values: &'v [A::Value]) -> &'v [A::Value] {
        values.get(..self.width).unwrap_or_default()
    }

    /// The rows of the first `GATES` gates, and the vector that they are multiplied with.
    #[inline(always)]
    pub(crate) fn gates<'a, const GATES: usize>(
        &'a self,
        units: usize,
        vector: &'a [A::Value],
    ) -> Gates<'a, A::Item, A::Value, GATES> {
        let of_gate = self.stride.wrapping_mul(units);
        let mut rest = self.items;
        let rows = [(); GATES].map(|()| {
            let (gate, after) = rest.split_at_checked(of_gate).unwrap_or_default();
            rest = after;
            gate
        });
        Gates { rows, stride: self.stride, vector: self.vector(vector) }
    }
}
