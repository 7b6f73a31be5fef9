use super::direction::{Direction, Layer};
use super::head::Head;
use super::input::StepInput;
use super::verified::Verified;
use crate::format::{
    CHECKSUM_OFFSET, DEVICE_LENGTH_OFFSET, Extensions, Feature, Frames, Header, MAX_LAYERS, Precision, id_of, u32_at,
};
use crate::numeric::Probability;
use crate::text::{TextInput, UNKNOWN_TOKEN, Vocabulary, composed_rows};

/// A verified model, borrowed from the bytes of its file.
#[derive(Clone)]
pub struct Model<'m> {
    /// The file, or what a device needs of it.
    pub(super) file: &'m [u8],
    pub(super) precision: Precision,
    /// How text becomes tokens; none for frames.
    pub(crate) text: Option<TextInput<'m>>,
    pub(crate) input: StepInput<'m>,
    /// The first one is nearest to the input; `None` behind the last one.
    pub(super) layers: [Option<Layer<'m>>; MAX_LAYERS],
    pub(super) layer_count: usize,
    pub(crate) head: Head<'m>,
    /// Most steps; `u32::MAX`: there is no limit. At most [`MAX_KEPT_STEPS`] where a layer has a reverse direction.
    pub(crate) max_steps: u32,
    pub(crate) pad_to: u32,
    /// 32-bit words of a classifier's state, and those of a running state in them.
    pub(super) required_words: usize,
    pub(super) running_words: usize,
    /// Whether a token takes more than 16 bits.
    pub(crate) has_wide_tokens: bool,
    /// Whether there is text of which a word or a character may have begun.
    pub(super) can_have_begun: bool,
    pub(super) extensions: Extensions<'m>,
    pub(super) part_two: Option<&'m [u8]>,
}

/// What a model takes in as a step.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InputKind {
    /// Words of a text, known by a vocabulary.
    Words,
    /// Words of a text, known by their hash.
    HashedWords,
    /// Characters of a text.
    Characters,
    /// Bytes of a text.
    Bytes,
    /// Frames of numbers.
    Frames,
    /// Words of a text, known by parts of their hashes.
    FingerprintedWords,
    /// The same, and other words are composed of two vectors.
    ComposedWords,
}

/// How much a model computes, at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Work {
    /// Products of a weight and a value when one step is pushed: none where steps are kept.
    pub step: u64,
    /// Products when an answer is asked for: the head, a step for a word that has begun, those of padding; of a model
    /// that keeps its steps all of them.
    pub answer: u64,
}

impl<'m> Model<'m> {
    /// Its recurrent layers, the first one nearest to the input.
    #[inline]
    pub(crate) fn layers(&self) -> impl Iterator<Item = &Layer<'m>> {
        self.layers.iter().flatten()
    }

    /// The places of its layers, for constant functions.
    #[inline]
    pub(super) const fn layer_places(&self) -> &[Option<Layer<'m>>] {
        &self.layers
    }

    /// A layer; `None` if there is no such layer.
    #[inline]
    pub(crate) fn layer(&self, number: usize) -> Option<&Layer<'m>> {
        self.layers.get(number)?.as_ref()
    }

    /// Number of its layers.
    #[inline]
    pub(crate) const fn layer_count(&self) -> usize {
        self.layer_count
    }

    /// 32-bit words of state that a classifier of this model needs; saturates.
    ///
    /// # Panics
    /// Never.
    #[inline]
    pub const fn required_words(&self) -> usize {
        self.required_words
    }

    /// Words of the values pooled so far and of all layers' states.
    #[inline]
    pub(crate) const fn running_words(&self) -> usize {
        self.running_words
    }

    /// What tells this file's content from any other, as proof that it passed all checks: [`Self::parse_verified`] makes
    /// them no more.
    ///
    /// # Panics
    /// Never.
    #[inline]
    pub fn verified(&self) -> Verified {
        Verified {
            id: self.id(),
            checksum: u32_at(self.file, CHECKSUM_OFFSET),
            length: u32_at(self.file, DEVICE_LENGTH_OFFSET),
        }
    }

    /// What tells this model from any other: of its content alone, so that a stripped file has the same.
    #[inline]
    pub fn id(&self) -> [u8; 16] {
        id_of(self.file)
    }

    /// The number that its user gave it.
    #[inline]
    pub fn version(&self) -> u32 {
        u32_at(self.file, 32)
    }

    /// The records behind part one.
    #[inline]
    pub fn extensions(&self) -> Extensions<'m> {
        self.extensions.clone()
    }

    /// What desktop programs read of the file, postcard; `None` of a stripped file.
    #[inline]
    pub fn part_two(&self) -> Option<&'m [u8]> {
        self.part_two
    }

    /// How much the model computes, at most, whatever is pushed.
    #[inline]
    pub fn work(&self) -> Work {
        let directions = self.layers().flat_map(Layer::directions);
        let step = directions.map(Direction::products).fold(0, u64::saturating_add);
        let head = self.head.products();
        let answered = match (self.is_bidirectional(), self.text) {
            (true, _) => self.max_steps().into(),
            (false, Some(_)) => u64::from(self.pad_to()).saturating_add(1),
            (false, None) => u64::from(self.frames().is_some_and(|frames| frames.are_gathered())),
        };
        let pushed = if self.is_bidirectional() { 0 } else { step };
        Work { step: pushed, answer: step.saturating_mul(answered).saturating_add(head) }
    }

    /// Names of the classes, in the order of the logits.
    #[inline]
    pub fn labels(&self) -> impl Iterator<Item = &'m str> + use<'m> {
        self.head.labels.iter()
    }

    /// The name of a class.
    #[inline]
    pub fn label(&self, class: usize) -> Option<&'m str> {
        self.head.labels.get(class)
    }

    /// What a step takes in.
    #[inline]
    pub fn input_kind(&self) -> InputKind {
        match self.text {
            Some(TextInput::Words { .. }) => InputKind::Words,
            Some(TextInput::HashedWords { .. }) => InputKind::HashedWords,
            Some(TextInput::FingerprintedWords { known, .. }) if known.parts().is_some() => InputKind::ComposedWords,
            Some(TextInput::FingerprintedWords { .. }) => InputKind::FingerprintedWords,
            Some(TextInput::Characters(_)) => InputKind::Characters,
            Some(TextInput::Bytes) => InputKind::Bytes,
            None => InputKind::Frames,
        }
    }

    /// The words or the characters that the model knows by name; `None` of hashed and fingerprinted words, bytes and
    /// frames.
    #[inline]
    pub fn vocabulary(&self) -> Option<&Vocabulary<'m>> {
        self.text.as_ref().and_then(TextInput::vocabulary)
    }

    /// Number of tokens that have a vector of their own; 0 of frames.
    #[inline]
    pub fn token_count(&self) -> usize {
        self.text.as_ref().map_or(0, TextInput::token_count)
    }

    /// Values of a frame; 0 of a text.
    #[inline]
    pub fn channels(&self) -> usize {
        self.frames().map_or(0, |frames| frames.channels.into())
    }

    /// How frames become steps; `None` of a text.
    #[inline]
    pub fn frames(&self) -> Option<Frames> {
        self.input.frames().map(|input| input.frames)
    }

    /// What 1 in a channel of a frame of integers stands for, in the units of the training data; `None` of a text, and
    /// of a channel that does not exist.
    #[inline]
    pub fn frame_unit(&self, channel: usize) -> Option<f32> {
        self.input.frames().filter(|input| channel < input.frames.channels.into()).map(|input| input.unit(channel))
    }

    /// Steps after which a sequence is full; `u32::MAX` if none is: a stream goes on.
    #[inline]
    pub fn max_steps(&self) -> u32 {
        self.max_steps
    }

    /// Whether a sequence is full after [`Self::max_steps`].
    #[inline]
    pub(crate) fn has_limit(&self) -> bool {
        self.max_steps() < u32::MAX
    }

    /// Steps up to which a shorter sequence is padded when an answer is asked for; 0 if it is not.
    #[inline]
    pub fn pad_to(&self) -> u32 {
        self.pad_to
    }

    /// Whether a layer runs from the last step to the first as well: such a model keeps its steps, and computes
    /// all of them when an answer is asked for. Any other computes each step when it comes.
    #[inline]
    pub const fn is_bidirectional(&self) -> bool {
        let mut layers = self.layer_places();
        while let Some((Some(layer), after)) = layers.split_first() {
            if Feature::Bidirectional.is_built() && layer.reverse().is_some() {
                return true;
            }
            layers = after;
        }
        false
    }

    /// Whether an answer of that probability is accepted.
    #[inline]
    pub(crate) fn accepts(&self, class: usize, probability: Probability) -> bool {
        probability.q15() >= self.head.threshold(class)
    }

    /// `token`, or that of an unknown word if the model does not have it.
    #[inline]
    pub(crate) fn known_token(&self, token: u32) -> u32 {
        let tokens = self.token_count();
        let is_known = match composed_rows(token) {
            Some(rows) => {
                self.input_kind() == InputKind::ComposedWords && rows.into_iter().all(|row| (row as usize) < tokens)
            }
            None => (token as usize) < tokens,
        };
        if is_known { token } else { UNKNOWN_TOKEN }
    }

    /// How its weights are stored and computed with.
    #[inline]
    pub fn precision(&self) -> Precision {
        self.precision
    }
}

impl core::fmt::Debug for Model<'_> {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.debug_struct("Model").field("header", &Header::read(self.file)).finish_non_exhaustive()
    }
}
