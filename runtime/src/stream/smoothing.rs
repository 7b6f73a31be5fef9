use crate::answer::Logits;
#[cfg(feature = "float")]
use crate::numeric::FloatSoftmax;
use crate::numeric::{FixedSoftmax, Probability};
use crate::plan::Model;

/// The last answers of a stream, in a ring of their classes' probabilities.
#[derive(Debug, Clone, Copy)]
pub(super) struct Smoothing {
    /// Answers since the beginning, at most as many as are averaged.
    answers: u16,
    /// Where the next one is kept.
    next: u16,
}

/// A class, and its mean probability.
pub(super) struct Smoothed {
    pub(super) class: usize,
    pub(super) probability: Probability,
}

impl Smoothing {
    pub(super) const START: Self = Self { answers: 0, next: 0 };

    /// Counts an answer; its place in the ring of so many.
    #[inline]
    pub(super) fn count(&mut self, length: u16) -> usize {
        let place = self.next;
        let next = place.saturating_add(1);
        self.next = if next < length { next } else { 0 };
        self.answers = self.answers.saturating_add(1).min(length);
        place.into()
    }

    /// Whether there are as many answers as are averaged.
    #[inline]
    pub(super) const fn is_full(self, length: u16) -> bool {
        self.answers >= length
    }

    /// The class of the largest mean over the answers that are kept, the first of equal ones:
    /// `floor((sum + answers / 2) / answers)`, in Q0.15.
    #[inline]
    pub(super) fn mean(self, probabilities: &[u16], classes: usize) -> Smoothed {
        let kept = || probabilities.chunks_exact(classes.max(1)).take(self.answers.into());
        let (mut best, mut largest) = (0, None);
        for class in 0..classes {
            let sum: u32 = kept().filter_map(|answer| answer.get(class)).map(|value| u32::from(*value)).sum();
            if largest.is_none_or(|largest| sum > largest) {
                (best, largest) = (class, Some(sum));
            }
        }
        let answers = u32::from(self.answers);
        let mean = largest.unwrap_or(0).saturating_add(answers / 2).checked_div(answers).unwrap_or(0);
        Smoothed { class: best, probability: Probability::from_q15(mean) }
    }
}

/// Writes the probabilities of all classes.
#[inline]
pub(super) fn write_probabilities(model: &Model<'_>, logits: Logits<'_>, target: &mut [u16]) {
    let inverse_temperature = model.head.inverse_temperature;
    match logits {
        Logits::Fixed(logits) => {
            let softmax = FixedSoftmax::of(logits, inverse_temperature);
            for (target, logit) in target.iter_mut().zip(logits) {
                *target = softmax.probability(*logit).q15();
            }
        }
        #[cfg(feature = "float")]
        Logits::Float(logits) => {
            let softmax = FloatSoftmax::of(logits, inverse_temperature);
            for (target, logit) in target.iter_mut().zip(logits) {
                *target = softmax.probability(*logit).q15();
            }
        }
        #[cfg(not(feature = "float"))]
        Logits::Float(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_is_of_the_last_answers_and_rounded() {
        let mut smoothing = Smoothing::START;
        let mut ring = [0; 3 * 2];
        let mut mean_after = |answer: [u16; 2]| {
            let place = smoothing.count(3);
            ring[2 * place..2 * place + 2].copy_from_slice(&answer);
            let Smoothed { class, probability } = smoothing.mean(&ring, 2);
            (class, probability.q15(), smoothing.is_full(3))
        };
        assert_eq!(mean_after([32_768, 0]), (0, 32_768, false));
        assert_eq!(mean_after([0, 32_767]), (0, 16_384, false));
        assert_eq!(mean_after([0, 32_768]), (1, 21_845, true));
        assert_eq!(mean_after([1, 32_767]), (1, 32_767, true));
        assert_eq!(mean_after([10, 10]), (1, 21_848, true));
    }
}
