use super::arithmetic::Arithmetic;
use super::results::{Results, Shifts};
use super::rows::Rows;
use crate::error::{Error, Field, expect_within};
use crate::format::{self, StringTable, Tensors, Thresholds};
use crate::numeric::Probability;

/// Largest magnitude of an int8 model's pooled value.
const LARGEST_POOLED: u32 = 32_767;

/// From the pooled vector to the logits, and when an answer is accepted.
pub(crate) struct Head<'m, A: Arithmetic> {
    pub(crate) labels: StringTable<'m>,
    /// `[classes, pooled size]`.
    rows: Rows<'m, A>,
    results: Results<'m, A>,
    pub(crate) inverse_temperature: u16,
    /// Probabilities from which on a class is accepted, in units of 2^-15: none, one for all, or one each.
    thresholds: ClassThresholds<'m>,
}

enum ClassThresholds<'m> {
    One(u16),
    OfClasses(&'m [u16]),
}

impl<'m, A: Arithmetic> Head<'m, A> {
    /// Borrows and checks a head over `pooled_size` values.
    pub(crate) fn parse(tensors: &mut Tensors<'m>, head: &format::Head, pooled_size: usize) -> Result<Self, Error> {
        let labels = StringTable::parse(tensors, head.labels, Field::Labels)?;
        let classes = labels.len();
        expect_within(Field::ClassCount, 1, u16::MAX as usize, classes)?;
        expect_within(Field::Temperature, 1, u16::MAX.into(), head.inverse_temperature.into())?;
        let rows = A::parse_rows(tensors, A::HEAD_BITS, classes, pooled_size)?;
        let shifts =
            Shifts { accumulator_shift: head.accumulator_shift, state_fraction_bits: 0, largest_fraction_bits: 0 };
        let results = Results::parse(tensors, classes, shifts)?;
        for class in 0..classes {
            let weights = [rows.row(class), &[]];
            A::check_result(&results, class, rows.layout, weights, core::iter::empty(), LARGEST_POOLED)?;
        }
        let thresholds = match head.thresholds {
            Thresholds::None => ClassThresholds::One(0),
            Thresholds::One(threshold) => ClassThresholds::One(threshold),
            Thresholds::OfClasses => ClassThresholds::OfClasses(tensors.take(classes)?),
        };
        for class in 0..classes {
            expect_within(Field::Threshold, 0, Probability::ONE as usize, thresholds.of(class).into())?;
        }
        let inverse_temperature = head.inverse_temperature;
        Ok(Self { labels, rows, results, inverse_temperature, thresholds })
    }

    pub(crate) fn classes(&self) -> usize {
        self.results.bias.len()
    }

    /// Products of a weight and a value in one answer.
    pub(crate) fn products(&self) -> u64 {
        (self.classes() as u64).saturating_mul(self.rows.width as u64)
    }

    /// One logit.
    pub(crate) fn logit(&self, class: usize, pooled: &[A::State]) -> A::Sum {
        A::logit(self.rows.layout, self.rows.row(class), &self.results, class, pooled)
    }

    /// Whether an answer of that probability is accepted.
    pub(crate) fn accepts(&self, class: usize, probability: Probability) -> bool {
        probability.q15() >= self.thresholds.of(class)
    }
}

impl ClassThresholds<'_> {
    fn of(&self, class: usize) -> u16 {
        match self {
            Self::One(threshold) => *threshold,
            Self::OfClasses(thresholds) => thresholds.get(class).copied().unwrap_or(0),
        }
    }
}
