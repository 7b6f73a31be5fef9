use crate::error::{Error, Field, expect, expect_within};
use crate::format::{
    Extensions, File, FingerprintTable, Frames, Header, Input, Precision, SMALLEST_ALIGNMENT, Tensors, Tokens,
    UNICODE_VERSION, Vectors, WordSplit, check_alignment,
};
#[cfg(feature = "float")]
use crate::network::{DirectionStep, Half, ProductInputs, Single};
use crate::network::{Int8, Network};
use crate::numeric::Probability;
use crate::text::{FingerprintVocabulary, MAX_COMPOSED_ROWS, TextInput, UNKNOWN_TOKEN, Vocabulary, composed_rows};

/// Most buckets of hashed words.
const MAX_BUCKETS: usize = 1 << 24;

/// A verified model, borrowed from the bytes of its file.
pub struct Model<'m> {
    pub(crate) network: AnyNetwork<'m>,
    /// How text becomes tokens; none for frames.
    pub(crate) text: Option<TextInput<'m>>,
    header: Header,
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

/// A network of one of the precisions.
#[allow(clippy::large_enum_variant, reason = "there is no allocator, and a model is made once")]
pub(crate) enum AnyNetwork<'m> {
    Int8(Network<'m, Int8>),
    #[cfg(feature = "float")]
    Half(Network<'m, Half>),
    #[cfg(feature = "float")]
    Single(Network<'m, Single>),
}

/// An expression on the network of a model, whatever its precision.
macro_rules! with_network {
    ($any:expr, $network:ident => $expression:expr) => {
        match $any {
            $crate::model::AnyNetwork::Int8($network) => $expression,
            #[cfg(feature = "float")]
            $crate::model::AnyNetwork::Half($network) => $expression,
            #[cfg(feature = "float")]
            $crate::model::AnyNetwork::Single($network) => $expression,
        }
    };
}
pub(crate) use with_network;

impl<'m> Model<'m> {
    /// Verifies a model file and borrows from it: header, checksums, parts, and every number that a later step relies
    /// on. The only step in which a model can fail; nothing is copied.
    ///
    /// # Shapes and units
    /// `file` starts at a multiple of the file's alignment, 16 at most (see [`crate::Aligned`]), and is the whole file
    /// or what a device needs of it ([`Header::device_length`]). It is read three times from start to end; under 5 KiB
    /// of stack.
    ///
    /// # Errors
    /// Any [`Error`] that speaks of a file.
    ///
    /// # Panics
    /// Never.
    #[inline(never)]
    pub fn parse(file: &'m [u8]) -> Result<Self, Error> {
        // Looked at where it lies: a model is large, and a move may be a copy on the stack.
        let parsed = Self::parse_any_capacity(file);
        if let Ok(model) = &parsed {
            expect(Field::Capacity, model.required_words(), model.header.capacity as usize)?;
        }
        parsed
    }

    /// [`Self::parse`] of a region that begins with a model file and may be longer, as a partition of a flash memory
    /// is: what a device needs of the file is read, and nothing behind it.
    ///
    /// # Errors
    /// As [`Self::parse`].
    ///
    /// # Panics
    /// Never.
    pub fn parse_prefix(region: &'m [u8]) -> Result<Self, Error> {
        check_alignment(region, SMALLEST_ALIGNMENT)?;
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
    pub fn parse_any_capacity(file: &'m [u8]) -> Result<Self, Error> {
        let File { header, part_one, extensions, mut tensors, part_two, .. } = File::read(file)?;
        let text = parse_text(&mut tensors, &part_one.input)?;
        let tokens = text.map_or(0, |text| text.token_count());
        let with = |network| Self { network, text, header, extensions, part_two };
        match header.precision {
            Precision::Int8 => {
                Network::parse(&mut tensors, &part_one, tokens).map(|network| with(AnyNetwork::Int8(network)))
            }
            #[cfg(feature = "float")]
            Precision::F16 => {
                Network::parse(&mut tensors, &part_one, tokens).map(|network| with(AnyNetwork::Half(network)))
            }
            #[cfg(feature = "float")]
            Precision::F32 => {
                Network::parse(&mut tensors, &part_one, tokens).map(|network| with(AnyNetwork::Single(network)))
            }
            #[cfg(not(feature = "float"))]
            _ => Err(Error::MissingFeature { feature: crate::format::Feature::Float }),
        }
    }

    /// What tells this model from any other: of its content alone, so that a stripped file has the same.
    pub fn id(&self) -> [u8; 16] {
        self.header.id
    }

    /// The number that its user gave it.
    pub fn version(&self) -> u32 {
        self.header.model_version
    }

    /// The records behind part one.
    pub fn extensions(&self) -> Extensions<'m> {
        self.extensions.clone()
    }

    /// What desktop programs read of the file, postcard; `None` of a stripped file.
    pub fn part_two(&self) -> Option<&'m [u8]> {
        self.part_two
    }

    /// How much the model computes, at most, whatever is pushed.
    pub fn work(&self) -> Work {
        let (step, head) = with_network!(&self.network, network => (network.step_products(), network.head.products()));
        let answered = match (self.is_bidirectional(), self.text) {
            (true, _) => self.max_steps().into(),
            (false, Some(_)) => u64::from(self.pad_to()).saturating_add(1),
            (false, None) => u64::from(self.frames().is_some_and(|frames| frames.are_gathered())),
        };
        let pushed = if self.is_bidirectional() { 0 } else { step };
        Work { step: pushed, answer: step.saturating_mul(answered).saturating_add(head) }
    }

    /// Names of the classes, in the order of the logits.
    pub fn labels(&self) -> impl Iterator<Item = &'m str> + use<'m> {
        with_network!(&self.network, network => network.head.labels).iter()
    }

    /// The name of a class.
    pub fn label(&self, class: usize) -> Option<&'m str> {
        with_network!(&self.network, network => network.head.labels).get(class)
    }

    /// What a step takes in.
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
    pub fn vocabulary(&self) -> Option<&Vocabulary<'m>> {
        self.text.as_ref().and_then(TextInput::vocabulary)
    }

    /// Number of tokens that have a vector of their own; 0 of frames.
    pub fn token_count(&self) -> usize {
        self.text.as_ref().map_or(0, TextInput::token_count)
    }

    /// Values of a frame; 0 of a text.
    pub fn channels(&self) -> usize {
        self.frames().map_or(0, |frames| frames.channels.into())
    }

    /// How frames become steps; `None` of a text.
    pub fn frames(&self) -> Option<Frames> {
        with_network!(&self.network, network => network.input.frames().map(|input| input.frames))
    }

    /// What 1 in a channel of a frame of integers stands for, in the units of the training data; `None` of a text, and
    /// of a channel that does not exist.
    pub fn frame_unit(&self, channel: usize) -> Option<f32> {
        let units = with_network!(&self.network, network => network.input.frames().map(|input| input.units))?;
        let has_one = self.frames().is_some_and(|frames| frames.has_one_unit && channel < frames.channels.into());
        units.get(if has_one { 0 } else { channel }).copied()
    }

    /// Steps after which a sequence is full; `u32::MAX` if none is: a stream goes on.
    pub fn max_steps(&self) -> u32 {
        with_network!(&self.network, network => network.max_steps)
    }

    /// Whether a sequence is full after [`Self::max_steps`].
    pub(crate) fn has_limit(&self) -> bool {
        self.max_steps() < u32::MAX
    }

    /// Steps up to which a shorter sequence is padded when an answer is asked for; 0 if it is not.
    pub fn pad_to(&self) -> u32 {
        with_network!(&self.network, network => network.pad_to)
    }

    /// Whether a layer runs from the last step to the first as well: such a model keeps its steps, and computes
    /// all of them when an answer is asked for. Any other computes each step when it comes.
    pub fn is_bidirectional(&self) -> bool {
        with_network!(&self.network, network => network.is_buffered())
    }

    /// What logits are multiplied with before the softmax, in Q4.12.
    pub(crate) fn inverse_temperature(&self) -> u16 {
        with_network!(&self.network, network => network.head.inverse_temperature)
    }

    /// Whether an answer of that probability is accepted.
    pub(crate) fn accepts(&self, class: usize, probability: Probability) -> bool {
        with_network!(&self.network, network => network.head.accepts(class, probability))
    }

    /// `token`, or that of an unknown word if the model does not have it.
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
    pub fn precision(&self) -> Precision {
        self.header.precision
    }

    /// 32-bit words of state that a classifier of this model needs.
    pub fn required_words(&self) -> usize {
        with_network!(&self.network, network => network.required_words())
    }

    /// The pre-activations of one direction of a layer at a step, computed again from what the step took in:
    /// `W x + U h + b` with the kernels and the rounding of a step, on desktop machines, for looking at. Returns `x` and
    /// `h` as the product takes them in; `None` if the model has no such layer or direction, or a slice is too short.
    ///
    /// # Shapes and units
    /// `words`: [`Self::required_words`], overwritten. `target`: `[results * hidden_size]`, see
    /// [`crate::format::Cell::results`]; the gates one after another. In an int8 model numbers of Q3.12, of a rectifier
    /// with the fraction bits of its state. Hidden states are given as the numbers that
    /// [`crate::Classifier::observe`] shows.
    ///
    /// # Panics
    /// Never.
    #[cfg(feature = "float")]
    pub fn pre_activations<'w>(
        &self,
        step: DirectionStep<'_>,
        words: &'w mut [u32],
        target: &mut [f32],
    ) -> Option<ProductInputs<'w>> {
        with_network!(&self.network, network => network.pre_activations(step, words, target))
    }
}

#[inline(never)]
fn parse_text<'m>(tensors: &mut Tensors<'m>, input: &Input) -> Result<Option<TextInput<'m>>, Error> {
    let Input::Text(text) = input else { return Ok(None) };
    match text.tokens {
        Tokens::Words { split, .. }
        | Tokens::HashedWords { split, .. }
        | Tokens::FingerprintedWords { split, .. }
        | Tokens::ComposedWords { split, .. } => check_split(split)?,
        Tokens::Characters { unicode, .. } => expect(Field::Unicode, UNICODE_VERSION.into(), unicode.into())?,
        Tokens::Bytes => {}
    }
    Ok(Some(match text.tokens {
        Tokens::Words { split, vocabulary } => {
            TextInput::Words { rule: split.rule, known: Vocabulary::parse(tensors, vocabulary)? }
        }
        Tokens::HashedWords { split, buckets } => {
            expect_within(Field::Buckets, 1, MAX_BUCKETS, buckets as usize)?;
            TextInput::HashedWords { rule: split.rule, buckets }
        }
        Tokens::Characters { alphabet, .. } => TextInput::Characters(Vocabulary::parse_alphabet(tensors, alphabet)?),
        Tokens::FingerprintedWords { split, table } => {
            let table = FingerprintTable::parse(tensors, table)?;
            TextInput::FingerprintedWords { rule: split.rule, known: FingerprintVocabulary::new(table) }
        }
        Tokens::ComposedWords { split, table, parts, buckets } => {
            let table = FingerprintTable::parse(tensors, table)?;
            let others = FingerprintVocabulary::new(table).token_count();
            let most = MAX_COMPOSED_ROWS.saturating_sub(others);
            expect_within(Field::Buckets, 1, most, buckets as usize)?;
            expect(Field::OneHot, 0, (text.vectors == Vectors::OneHot).into())?;
            let known = FingerprintVocabulary::composing(table, parts, buckets);
            TextInput::FingerprintedWords { rule: split.rule, known }
        }
        Tokens::Bytes => TextInput::Bytes,
    }))
}

fn check_split(split: WordSplit) -> Result<(), Error> {
    expect(Field::Unicode, split.rule.unicode().into(), split.unicode.into())
}

impl core::fmt::Debug for Model<'_> {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.debug_struct("Model").field("header", &self.header).finish_non_exhaustive()
    }
}
