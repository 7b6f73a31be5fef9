use super::direction::{Direction, Layer, Shape};
use super::head::Head;
use super::input::StepInput;
use super::text;
use crate::Aligned;
use crate::error::{Error, Field, attempt, expect, expect_within, invalid};
use crate::format::{
    Extensions, Feature, Frames, Header, Input, Layers, MAX_HEADS, MAX_KEPT_STEPS, MAX_LAYERS, MAX_PADDING, MAX_SIZE,
    Precision, Sections, Tensors, Text, Tokens, check_alignment,
};
use crate::numeric::Probability;
use crate::text::{TextInput, UNKNOWN_TOKEN, Vocabulary, composed_rows};

/// Tokens that fit into 16 bits.
const NARROW_TOKENS: usize = 1 << 16;

/// A verified model, borrowed from the bytes of its file.
#[derive(Clone)]
pub struct Model<'m> {
    pub(super) header: Header,
    /// How text becomes tokens; none for frames.
    pub(crate) text: Option<TextInput<'m>>,
    pub(crate) input: StepInput<'m>,
    layers: [Layer<'m>; MAX_LAYERS],
    layer_count: usize,
    pub(crate) head: Head<'m>,
    /// Most steps; `u32::MAX`: there is no limit. At most [`MAX_KEPT_STEPS`] where a layer has a reverse direction.
    pub(crate) max_steps: u32,
    pub(crate) pad_to: u32,
    /// Whether a token takes more than 16 bits.
    pub(crate) has_wide_tokens: bool,
    /// Whether there is text of which a word or a character may have begun.
    pub(super) can_have_begun: bool,
    extensions: Extensions<'m>,
    part_two: Option<&'m [u8]>,
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
    /// Verifies a model file and borrows from it: header, checksums, parts, and every number that a later step relies
    /// on. Only here can a model fail; nothing is copied.
    ///
    /// # Shapes and units
    /// `file` starts at a multiple of the file's alignment, 16 at most (see [`crate::Aligned`]), and is the whole file
    /// or what a device needs of it ([`Header::device_length`]).
    ///
    /// # Errors
    /// Any [`Error`] that speaks of a file.
    ///
    /// # Panics
    /// Never.
    #[inline]
    pub fn parse(file: &'m [u8]) -> Result<Self, Error> {
        attempt!(check_alignment(file));
        Self::read::<true>(file)
    }

    /// [`Self::parse`] as a constant function: a firmware that holds its model checks it while compiling, and the parser is
    /// no part of the image. See [`crate::include_model`].
    ///
    /// # Errors
    /// As [`Self::parse`].
    ///
    /// # Panics
    /// Never.
    #[inline]
    pub const fn parse_aligned(file: &'m Aligned<[u8]>) -> Result<Self, Error> {
        Self::read::<true>(&file.0)
    }

    /// [`Self::parse`] of a region that begins with a model file and may be longer, as a partition of a flash memory
    /// is: what a device needs of the file is read, and nothing behind it.
    ///
    /// # Errors
    /// As [`Self::parse`].
    ///
    /// # Panics
    /// Never.
    #[inline]
    pub fn parse_prefix(region: &'m [u8]) -> Result<Self, Error> {
        attempt!(check_alignment(region));
        let length = Header::read(region)?.device_length as usize;
        Self::parse(region.get(..length).unwrap_or(region))
    }

    /// [`Self::parse`] for whoever writes a model file: does not check the header's capacity, so that
    /// [`Self::required_words`] can tell what to write there.
    ///
    /// # Errors
    /// As [`Self::parse`].
    ///
    /// # Panics
    /// Never.
    #[inline]
    pub fn parse_any_capacity(file: &'m [u8]) -> Result<Self, Error> {
        attempt!(check_alignment(file));
        Self::read::<false>(file)
    }

    /// The model is filled where it lies: it is large, and a move may be a copy on the stack. Not inlined, so that the stack
    /// is free again when the model runs; generic, so that it is compiled as the calling program is, for size.
    #[inline(never)]
    const fn read<const CHECKS_CAPACITY: bool>(file: &'m [u8]) -> Result<Self, Error> {
        let mut parsed = Ok(Self {
            header: Header::EMPTY,
            text: None,
            input: StepInput::OneHot { tokens: 0 },
            layers: [Layer::EMPTY; MAX_LAYERS],
            layer_count: 0,
            head: Head::EMPTY,
            max_steps: 0,
            pad_to: 0,
            has_wide_tokens: false,
            can_have_begun: false,
            extensions: Extensions::EMPTY,
            part_two: None,
        });
        let filled = match &mut parsed {
            Ok(model) => model.fill::<CHECKS_CAPACITY>(file),
            Err(_) => Ok(()),
        };
        if let Err(error) = filled {
            parsed = Err(error);
        }
        parsed
    }

    #[inline(never)]
    const fn fill<const CHECKS_CAPACITY: bool>(&mut self, file: &'m [u8]) -> Result<(), Error> {
        let Sections { header, outline, extensions, mut tensors, part_two, .. } = attempt!(Sections::read(file));
        let precision = header.precision;
        let input = &outline.input;
        (self.header, self.extensions, self.part_two) = (header, extensions, part_two);
        if let Input::Text(text) = input
            && Feature::HAS_TEXT
        {
            self.text = Some(attempt!(text::parse(&mut tensors, text)));
            self.can_have_begun = !matches!(text.tokens, Tokens::Bytes);
        }
        let tokens = match &self.text {
            Some(text) => text.token_count(),
            None => 0,
        };
        let is_composed = matches!(input, Input::Text(Text { tokens: Tokens::ComposedWords { .. }, .. }));
        self.has_wide_tokens = tokens > NARROW_TOKENS || is_composed;
        let is_bidirectional = outline.needs & Feature::Bidirectional.bit() != 0;
        attempt!(check_steps(input, is_bidirectional, outline.max_steps as usize, outline.pad_to as usize));
        self.max_steps = if outline.max_steps == 0 { u32::MAX } else { outline.max_steps };
        self.pad_to = outline.pad_to as u32;
        self.input = attempt!(StepInput::parse(&mut tensors, precision, input, tokens));
        self.layer_count = outline.layers.len();
        let width = attempt!(self.parse_layers(&mut tensors, outline.layers));
        let Some(head) = outline.head else { return Err(invalid(Field::HeadCount, MAX_HEADS, 0)) };
        self.head = attempt!(Head::parse(&mut tensors, precision, head, width));
        attempt!(tensors.end());
        if CHECKS_CAPACITY {
            attempt!(expect(Field::Capacity, self.required_words(), header.capacity as usize));
        }
        Ok(())
    }

    /// Puts the layers in their places; values of the last one's output.
    #[inline]
    const fn parse_layers(&mut self, tensors: &mut Tensors<'m>, mut unread: Layers<'_>) -> Result<usize, Error> {
        attempt!(expect_within(Field::LayerCount, 1, MAX_LAYERS, unread.len()));
        let Header { precision, packing, .. } = self.header;
        let mut input_size = self.input.size();
        let mut one_hot_tokens = self.input.one_hot_tokens();
        let mut places: &mut [Layer<'m>] = &mut self.layers;
        while let Some(layer) = unread.next()
            && let Some((place, rest)) = places.split_first_mut()
        {
            let hidden_size = layer.hidden_size as usize;
            attempt!(expect_within(Field::HiddenSize, 1, MAX_SIZE, hidden_size));
            let (cell, bits) = (layer.cell, layer.bits);
            let shape = Shape { precision, packing, cell, bits, input_size, hidden_size, one_hot_tokens };
            place.forward = attempt!(Direction::parse(tensors, shape, layer.forward));
            if let Some(reverse) = layer.reverse
                && Feature::Bidirectional.is_built()
            {
                place.reverse = Some(attempt!(Direction::parse(tensors, shape, reverse)));
            }
            input_size = place.width();
            one_hot_tokens = None;
            places = rest;
        }
        Ok(input_size)
    }

    /// Its recurrent layers, the first one nearest to the input.
    #[inline]
    pub(crate) const fn layers(&self) -> &[Layer<'m>] {
        match self.layers.split_at_checked(self.layer_count) {
            Some((layers, _)) => layers,
            None => &[],
        }
    }

    /// What tells this model from any other: of its content alone, so that a stripped file has the same.
    #[inline]
    pub fn id(&self) -> [u8; 16] {
        self.header.id
    }

    /// The number that its user gave it.
    #[inline]
    pub fn version(&self) -> u32 {
        self.header.model_version
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
        let directions = self.layers().iter().flat_map(Layer::directions);
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
        let mut layers = self.layers();
        while let Some((layer, after)) = layers.split_first() {
            if Feature::Bidirectional.is_built() && layer.reverse.is_some() {
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
        self.header.precision
    }
}

/// Checks the numbers of steps against one another.
#[inline]
const fn check_steps(input: &Input, is_bidirectional: bool, max_steps: usize, pad_to: usize) -> Result<(), Error> {
    if is_bidirectional {
        attempt!(expect_within(Field::MaxSteps, 1, MAX_KEPT_STEPS, max_steps));
    }
    if let Input::Frames(_) = input {
        attempt!(expect(Field::PadTo, 0, pad_to));
    }
    let longest = if max_steps > 0 && max_steps < MAX_PADDING { max_steps } else { MAX_PADDING };
    expect_within(Field::PadTo, 0, longest, pad_to)
}

impl core::fmt::Debug for Model<'_> {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.debug_struct("Model").field("header", &self.header).finish_non_exhaustive()
    }
}
