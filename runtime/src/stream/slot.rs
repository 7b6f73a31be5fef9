use bytemuck::{Pod, Zeroable};

use super::settings::StreamSettings;
use crate::network::{StateArena, Step, clear};
use crate::plan::Model;
use crate::sequence::{Sequence, SequencePlace};

/// Words of a [`Slot`].
pub(super) const SLOT_WORDS: usize = size_of::<Slot>() / size_of::<u32>();

/// Where one of a stream's classifiers is in its sequence.
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub(super) struct Slot {
    place: SequencePlace,
    /// Frames since its start.
    frames: u32,
    /// 1 if it has a step that is not computed yet.
    is_prepared: u32,
}

/// A classifier of a stream: where it is, and its words of state.
pub(super) struct Member<'w> {
    slot: &'w mut Slot,
    words: &'w mut [u32],
}

/// The parts of a stream's words.
pub(super) struct Parts<'w> {
    slots: &'w mut [Slot],
    words: &'w mut [u32],
    /// The probabilities that are averaged, `[smoothing, classes]`.
    probabilities: &'w mut [u16],
}

/// The words of state of a classifier, and the probabilities that are averaged.
pub(super) struct Answered<'p> {
    pub(super) words: &'p mut [u32],
    pub(super) probabilities: &'p mut [u16],
}

impl<'w> Parts<'w> {
    #[inline]
    pub(super) fn take(settings: &StreamSettings, model: &Model<'_>, state: &'w mut [u32]) -> Self {
        let classifiers = settings.classifiers() as usize;
        let mut arena = StateArena(state);
        Self {
            slots: arena.take(classifiers),
            words: arena.take_words(classifiers.saturating_mul(model.required_words())).0,
            probabilities: arena.take(settings.smoothing_values(model)),
        }
    }

    /// The classifier in a place; there is one for each that a schedule names.
    #[inline]
    pub(super) fn member(&mut self, model: &Model<'_>, place: u32) -> Option<Member<'_>> {
        let slot = self.slots.get_mut(place as usize)?;
        Some(Member { slot, words: words_of(self.words, model, place) })
    }

    /// What an answer left, and where its probabilities are kept.
    #[inline]
    pub(super) fn answered(&mut self, model: &Model<'_>, place: u32) -> Answered<'_> {
        Answered { words: words_of(self.words, model, place), probabilities: self.probabilities }
    }

    /// The words of state of the classifier in a place.
    #[inline]
    pub(super) fn into_words(self, model: &Model<'_>, place: u32) -> &'w mut [u32] {
        words_of(self.words, model, place)
    }
}

#[inline]
fn words_of<'w>(words: &'w mut [u32], model: &Model<'_>, place: u32) -> &'w mut [u32] {
    let required = model.required_words();
    let start = (place as usize).saturating_mul(required);
    words.get_mut(start..start.saturating_add(required)).unwrap_or_default()
}

impl<'w> Member<'w> {
    /// Begins a sequence.
    #[inline]
    pub(super) fn start(&mut self) {
        *self.slot = Slot { place: Sequence::START, frames: 0, is_prepared: 0 };
        clear(self.words);
    }

    /// Takes in a frame or a token of the model's input. A step that several frames make is computed later, by
    /// [`Self::compute_prepared`].
    #[inline]
    pub(super) fn take(&mut self, model: &Model<'_>, step: Step<'_>) {
        let mut sequence = Sequence::resumed(self.slot.place);
        match sequence.gather(model, self.words, step) {
            Some(Step::Gathered(gathering)) if !model.is_bidirectional() => {
                if self.slot.is_prepared != 0 {
                    sequence.take(model, self.words, Step::Prepared);
                }
                Sequence::prepare(model, self.words, gathering);
                self.slot.is_prepared = 1;
            }
            Some(step) => {
                sequence.take(model, self.words, step);
            }
            None => {}
        }
        self.slot.place = sequence.place_reached();
        self.slot.frames = self.slot.frames.saturating_add(1);
    }

    /// Computes a step that was left; whether there was one.
    #[inline]
    pub(super) fn compute_prepared(&mut self, model: &Model<'_>) -> bool {
        let is_prepared = self.slot.is_prepared != 0;
        if is_prepared {
            let mut sequence = Sequence::resumed(self.slot.place);
            sequence.take(model, self.words, Step::Prepared);
            self.slot.place = sequence.place_reached();
            self.slot.is_prepared = 0;
        }
        is_prepared
    }

    /// Frames since its start.
    #[inline]
    pub(super) fn frames(&self) -> u32 {
        self.slot.frames
    }

    /// Computes the logits of what was taken in; they stay in the words, which are those of the result, until the classifier
    /// starts anew.
    #[inline]
    pub(super) fn answer(mut self, model: &Model<'_>) -> &'w mut [u32] {
        self.compute_prepared(model);
        Sequence::resumed(self.slot.place).answer(model, self.words, None, u32::MAX);
        self.words
    }
}
