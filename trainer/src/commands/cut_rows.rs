use trainer::inference::Answer;
use trainer::note;

/// Rows that were answered, and how many of them have more steps than the model keeps.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct CutRows {
    pub(super) rows: usize,
    pub(super) cut: usize,
}

impl CutRows {
    /// Counts the answer to a row.
    pub(super) fn count(&mut self, answer: &Answer) {
        self.rows += 1;
        self.cut += usize::from(answer.refused > 0);
    }

    /// Says on standard error how many rows were cut, if one was; `longest`: the steps that the model keeps.
    pub(super) fn note(self, longest: usize) {
        let Self { rows, cut } = self;
        let (are, their) = if cut == 1 { ("is", "its") } else { ("are", "their") };
        if cut > 0 {
            note(&format!(
                "{cut} of {rows} rows {are} longer than the {longest} steps this model keeps; {their} later steps were ignored"
            ));
        }
    }
}
