use super::arithmetic::Arithmetic;

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

    /// For each of `units` units, and without an end empty rows after them, the unit's row of each gate.
    #[inline(always)]
    pub(crate) fn of_units<const GATES: usize>(&self, units: usize) -> UnitRows<'m, A::Item, GATES> {
        let of_gate = self.stride.wrapping_mul(units);
        let mut rest = self.items;
        let gates = [(); GATES].map(|()| {
            let (gate, after) = rest.split_at_checked(of_gate).unwrap_or_default();
            rest = after;
            gate
        });
        UnitRows { gates, stride: self.stride }
    }
}

/// The rows of one unit after the other.
pub(crate) struct UnitRows<'m, Item, const GATES: usize> {
    /// The rows of each gate that are left.
    gates: [&'m [Item]; GATES],
    stride: usize,
}

impl<'m, Item, const GATES: usize> Iterator for UnitRows<'m, Item, GATES> {
    type Item = [&'m [Item]; GATES];

    #[inline(always)]
    fn next(&mut self) -> Option<Self::Item> {
        let stride = self.stride;
        Some(self.gates.each_mut().map(|rest| {
            let (row, after) = rest.split_at_checked(stride).unwrap_or_default();
            *rest = after;
            row
        }))
    }
}
