use super::bounds::{LARGEST_POOLED, check_bias, magnitudes};
use super::direction::Results;
use super::matrix::{Matrix, NumberFormat};
use crate::error::Field;
use crate::format::{self, Pooling, Precision, StringTable, Tensors, Thresholds, u16_at};
use crate::numeric::Probability;

/// From the last layer's outputs to the logits, and when an answer is accepted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Head<'m> {
    pub(crate) pooling: Pooling,
    pub(crate) labels: StringTable<'m>,
    /// `[classes, pooled size]`.
    pub(crate) weights: Matrix<'m>,
    pub(crate) results: Results<'m>,
    /// What logits are multiplied with before the softmax, Q4.12.
    pub(crate) inverse_temperature: u16,
    thresholds: Thresholds,
    /// `u16`, one a class, if the classes have thresholds of their own.
    of_classes: &'m [u8],
}

impl<'m> Head<'m> {
    #[inline]
    pub(super) const fn empty(bytes: &'m [u8]) -> Self {
        Self {
            pooling: Pooling::Last,
            labels: StringTable::EMPTY,
            weights: Matrix::empty(bytes),
            results: Results::empty(bytes),
            inverse_temperature: 0,
            thresholds: Thresholds::None,
            of_classes: bytes,
        }
    }

    /// Borrows and checks a head over `pooled_size` values.
    #[inline]
    pub(super) const fn read(
        tensors: &mut Tensors<'m>,
        precision: Precision,
        head: format::Head,
        pooled_size: usize,
    ) -> Self {
        let format::Head { pooling, accumulator_shift, inverse_temperature, thresholds, .. } = head;
        let labels = StringTable::read(tensors, head.labels, Field::Labels);
        let classes = labels.len();
        tensors.expect_within(Field::ClassCount, 1, u16::MAX as usize, classes);
        tensors.expect_within(Field::Temperature, 1, u16::MAX as usize, inverse_temperature as usize);
        let weights = Matrix::take(tensors, NumberFormat::whole(precision), classes, pooled_size);
        let numbers = format::Direction { accumulator_shift, state_fraction_bits: 0 };
        let results = Results::read(tensors, precision, classes, numbers, 0);
        let mut class = 0;
        let most = weights.columns.saturating_mul(weights.format.largest() * LARGEST_POOLED);
        while class < classes && tensors.need_checks() {
            let bias = check_bias(tensors, weights.format, results.bias, class);
            if !precision.is_float() && results.may_overflow(most, bias) {
                results.check_sum(tensors, magnitudes(weights.format, weights.row(class)), LARGEST_POOLED, bias);
            }
            class += 1;
        }
        let has_one_each = matches!(thresholds, Thresholds::OfClasses);
        let of_classes = tensors.take(if has_one_each { classes } else { 0 }, 2);
        let head = Self { pooling, labels, weights, results, inverse_temperature, thresholds, of_classes };
        let mut class = 0;
        while class < classes && tensors.need_checks() {
            let threshold = head.threshold(class) as usize;
            tensors.expect_within(Field::Threshold, 0, Probability::ONE as usize, threshold);
            class += 1;
        }
        head
    }

    #[inline]
    pub(crate) const fn classes(&self) -> usize {
        self.labels.len()
    }

    /// Products of a weight and a value in one answer; saturates.
    #[inline]
    pub(super) const fn products(&self) -> u64 {
        (self.classes() as u64).saturating_mul(self.weights.columns as u64)
    }

    /// The probability from which on a class is accepted, in units of 2^-15.
    #[inline]
    pub(crate) const fn threshold(&self, class: usize) -> u16 {
        match self.thresholds {
            Thresholds::None => 0,
            Thresholds::One(threshold) => threshold,
            Thresholds::OfClasses => u16_at(self.of_classes, class.wrapping_mul(2)),
        }
    }
}
