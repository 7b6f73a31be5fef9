use crate::error::{Error, Field, expect, expect_within, invalid};
use crate::format::{
    ALIGNMENT, CharacterRule, FingerprintTable, HEADER_LENGTH, Header, Input, Manifest, Precision, Provenance,
    StringTable, Tensors, TokenVectors, checksum,
};
#[cfg(feature = "float")]
use crate::network::{DirectionStep, Half, ProductInputs, Single};
use crate::network::{Int8, Network};
use crate::text::{FingerprintVocabulary, MAX_COMPOSED_ROWS, TextInput, UNKNOWN_TOKEN, Vocabulary, composed_rows};

/// Most buckets of hashed words.
const MAX_BUCKETS: usize = 1 << 24;

/// A verified model, borrowed from the bytes of its file.
pub struct Model<'m> {
    pub(crate) network: AnyNetwork<'m>,
    /// How text becomes tokens; none for frames.
    pub(crate) text: Option<TextInput<'m>>,
    labels: StringTable<'m>,
    provenance: Provenance<'m>,
    header: Header,
    pad_to: u32,
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
    /// Verifies a model file and borrows from it: header, checksum, manifest, and every number that a later
    /// step relies on. The only step in which a model can fail; nothing is copied.
    ///
    /// # Shapes and units
    /// `file` starts at a multiple of 16 bytes (see [`crate::Aligned`]) and ends where the model does. The
    /// file is read three times from start to end; under 5 KiB of stack.
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

    /// [`Self::parse`] for whoever writes a model file: does not check the header's capacity, so that
    /// [`Self::required_words`] can tell what to write there.
    ///
    /// # Errors
    /// As [`Self::parse`].
    ///
    /// # Panics
    /// Never.
    pub fn parse_any_capacity(file: &'m [u8]) -> Result<Self, Error> {
        let sections = Sections::read(file)?;
        let Sections { header, tensors, .. } = sections;
        let decoded = sections.decode();
        let Ok((manifest, rest)) = &decoded else {
            return Err(Error::UnreadableManifest);
        };
        expect(Field::ManifestLength, 0, rest.len())?;
        let labels = StringTable::parse(&tensors, &manifest.labels, Field::Labels)?;
        let classes = labels.len();
        expect_within(Field::ClassCount, 1, u16::MAX as usize, classes)?;
        let text = parse_text(&tensors, &manifest.input)?;
        let tokens = text.map_or(0, |text| text.token_count());
        let (provenance, pad_to) = (manifest.provenance.clone(), manifest.pad_to);
        let with = |network| Self { network, text, labels, provenance, header, pad_to };
        match header.precision {
            Precision::Int8 => {
                Network::parse(&tensors, manifest, tokens, classes).map(|network| with(AnyNetwork::Int8(network)))
            }
            #[cfg(feature = "float")]
            Precision::F16 => {
                Network::parse(&tensors, manifest, tokens, classes).map(|network| with(AnyNetwork::Half(network)))
            }
            #[cfg(feature = "float")]
            Precision::F32 => {
                Network::parse(&tensors, manifest, tokens, classes).map(|network| with(AnyNetwork::Single(network)))
            }
            #[cfg(not(feature = "float"))]
            precision => Err(Error::UnsupportedPrecision { found: precision.code() }),
        }
    }

    /// The manifest of a model file, checked as far as the header and the checksum go.
    ///
    /// # Errors
    /// As [`Self::parse`].
    ///
    /// # Panics
    /// Never.
    pub fn manifest(file: &'m [u8]) -> Result<Manifest<'m>, Error> {
        let (manifest, rest) = Sections::read(file)?.decode().map_err(|_| Error::UnreadableManifest)?;
        expect(Field::ManifestLength, 0, rest.len())?;
        Ok(manifest)
    }

    /// Names of the classes, in the order of the logits.
    pub fn labels(&self) -> impl Iterator<Item = &'m str> + use<'m> {
        self.labels.iter()
    }

    /// The name of a class.
    pub fn label(&self, class: usize) -> Option<&'m str> {
        self.labels.get(class)
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
        with_network!(&self.network, network => network.input.channels())
    }

    /// What 1 in a frame of integers stands for, in the units of the training data; `None` of a text.
    pub fn frame_unit(&self) -> Option<f32> {
        with_network!(&self.network, network => network.input.unit())
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
        self.pad_to
    }

    /// Whether a layer runs from the last step to the first as well: such a model keeps its steps, and computes
    /// all of them when an answer is asked for. Any other computes each step when it comes.
    pub fn is_bidirectional(&self) -> bool {
        with_network!(&self.network, network => network.is_buffered())
    }

    /// Where the model comes from.
    pub fn provenance(&self) -> &Provenance<'m> {
        &self.provenance
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
    /// `W [x; h] + b` with the kernels and the rounding of a step, on desktop machines, for looking at. Returns `[x; h]`
    /// as the product takes it in; `None` if the model has no such layer or direction, or a slice is too short.
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

/// The parts of a model file whose lengths and checksum are right.
struct Sections<'m> {
    header: Header,
    manifest: &'m [u8],
    tensors: Tensors<'m>,
}

impl<'m> Sections<'m> {
    fn read(file: &'m [u8]) -> Result<Self, Error> {
        let header = Header::read(file)?;
        if header.total_length as usize != file.len() {
            return Err(Error::WrongLength {
                expected: header.total_length,
                found: crate::error::saturated(file.len()),
            });
        }
        if !file.as_ptr().addr().is_multiple_of(ALIGNMENT) {
            return Err(Error::Misaligned { required: ALIGNMENT as u32 });
        }
        let found = checksum(file);
        if found != header.checksum {
            return Err(Error::WrongChecksum { expected: header.checksum, found });
        }
        let end = HEADER_LENGTH.saturating_add(header.manifest_length as usize);
        let outside = invalid(Field::ManifestLength, file.len(), end);
        let manifest = file.get(HEADER_LENGTH..end).ok_or(outside)?;
        let tensors = file.get(header.tensors_offset as usize..).ok_or(outside)?;
        Ok(Self { header, manifest, tensors: Tensors(tensors) })
    }

    /// The manifest, and the bytes left over. The decoder's stack is free again before the weights are looked at.
    #[inline(never)]
    fn decode(&self) -> postcard::Result<(Manifest<'m>, &'m [u8])> {
        postcard::take_from_bytes(self.manifest)
    }
}

#[inline(never)]
fn parse_text<'m>(tensors: &Tensors<'m>, input: &Input) -> Result<Option<TextInput<'m>>, Error> {
    Ok(Some(match input {
        Input::Words(words) => {
            TextInput::Words { rule: words.rule, known: Vocabulary::parse(tensors, &words.vocabulary)? }
        }
        Input::HashedWords(words) => {
            expect_within(Field::Buckets, 1, MAX_BUCKETS, words.buckets as usize)?;
            TextInput::HashedWords { rule: words.rule, buckets: words.buckets }
        }
        Input::Characters(characters) => {
            let CharacterRule::Lowercase = characters.rule;
            TextInput::Characters(Vocabulary::parse_alphabet(tensors, &characters.alphabet)?)
        }
        Input::FingerprintedWords(words) => {
            let table = FingerprintTable::parse(tensors, &words.table)?;
            TextInput::FingerprintedWords { rule: words.rule, known: FingerprintVocabulary::new(table) }
        }
        Input::ComposedWords(words) => {
            let table = FingerprintTable::parse(tensors, &words.known.table)?;
            let others = FingerprintVocabulary::new(table).token_count();
            let most = MAX_COMPOSED_ROWS.saturating_sub(others);
            expect_within(Field::Buckets, 1, most, words.buckets as usize)?;
            expect(Field::OneHot, 0, matches!(words.known.vectors, TokenVectors::OneHot).into())?;
            let known = FingerprintVocabulary::composing(table, words.parts, words.buckets);
            TextInput::FingerprintedWords { rule: words.known.rule, known }
        }
        Input::Bytes(_) => TextInput::Bytes,
        Input::Frames(_) => return Ok(None),
    }))
}

impl core::fmt::Debug for Model<'_> {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.debug_struct("Model").field("header", &self.header).finish_non_exhaustive()
    }
}
