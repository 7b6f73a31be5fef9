use crate::error::{Error, Field, expect, expect_within, invalid};
use crate::format::{
    ALIGNMENT, HEADER_LENGTH, Header, Input, Manifest, Precision, Provenance, StringTable, Tensors, WordRule, checksum,
};
#[cfg(feature = "float")]
use crate::network::{Half, Single};
use crate::network::{Int8, Network};
use crate::text::{UNKNOWN_TOKEN, Vocabulary};

/// A verified model, borrowed from the bytes of its file.
pub struct Model<'m> {
    pub(crate) network: AnyNetwork<'m>,
    pub(crate) vocabulary: Vocabulary<'m>,
    pub(crate) max_steps: u32,
    labels: StringTable<'m>,
    provenance: Provenance<'m>,
    header: Header,
}

/// A network of one of the precisions.
pub(crate) enum AnyNetwork<'m> {
    Int8(Network<'m, Int8>),
    #[cfg(feature = "float")]
    Half(Network<'m, Half>),
    #[cfg(feature = "float")]
    Single(Network<'m, Single>),
}

impl<'m> Model<'m> {
    /// Verifies a model file and borrows from it: header, checksum, manifest, and every number that a later
    /// step relies on. The only step that can fail; nothing is copied.
    ///
    /// # Shapes and units
    /// `file` starts at a multiple of 16 bytes (see [`crate::Aligned`]) and ends where the model does. The
    /// file is read three times from start to end; under 5 KiB of stack.
    ///
    /// # Errors
    /// Any [`Error`] but [`Error::CapacityTooSmall`].
    ///
    /// # Panics
    /// Never.
    pub fn parse(file: &'m [u8]) -> Result<Self, Error> {
        let model = Self::parse_any_capacity(file)?;
        expect(Field::Capacity, model.required_words(), model.header.capacity as usize)?;
        Ok(model)
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
        let (header, manifest, tensors) = Self::read(file)?;
        let labels = StringTable::parse(&tensors, &manifest.labels, Field::Labels)?;
        let classes = labels.len();
        expect_within(Field::ClassCount, 1, u16::MAX as usize, classes)?;
        let Input::Words(words) = manifest.input;
        let WordRule::LowercaseAlphanumeric = words.rule;
        let vocabulary = Vocabulary::parse(&tensors, &words.vocabulary)?;
        let tokens = vocabulary.token_count();
        let network = match header.precision {
            Precision::Int8 => {
                AnyNetwork::Int8(Network::parse(&tensors, &manifest, &words.embedding, tokens, classes)?)
            }
            #[cfg(feature = "float")]
            Precision::F16 => AnyNetwork::Half(Network::parse(&tensors, &manifest, &words.embedding, tokens, classes)?),
            #[cfg(feature = "float")]
            Precision::F32 => {
                AnyNetwork::Single(Network::parse(&tensors, &manifest, &words.embedding, tokens, classes)?)
            }
            #[cfg(not(feature = "float"))]
            precision => return Err(Error::UnsupportedPrecision { found: precision.code() }),
        };
        Ok(Self {
            network,
            vocabulary,
            max_steps: if manifest.max_steps == 0 { u32::MAX } else { manifest.max_steps },
            labels,
            provenance: manifest.provenance,
            header,
        })
    }

    /// The manifest of a model file, checked as far as the header and the checksum go.
    ///
    /// # Errors
    /// As [`Self::parse`].
    ///
    /// # Panics
    /// Never.
    pub fn manifest(file: &'m [u8]) -> Result<Manifest<'m>, Error> {
        Self::read(file).map(|(_, manifest, _)| manifest)
    }

    fn read(file: &'m [u8]) -> Result<(Header, Manifest<'m>, Tensors<'m>), Error> {
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
        let (manifest, rest) = postcard::take_from_bytes(manifest).map_err(|_| Error::UnreadableManifest)?;
        expect(Field::ManifestLength, 0, rest.len())?;
        Ok((header, manifest, Tensors(tensors)))
    }

    /// Names of the classes, in the order of the logits.
    pub fn labels(&self) -> impl Iterator<Item = &'m str> + use<'m> {
        self.labels.iter()
    }

    /// The name of a class.
    pub fn label(&self, class: usize) -> Option<&'m str> {
        self.labels.get(class)
    }

    /// The words that the model knows.
    pub fn vocabulary(&self) -> &Vocabulary<'m> {
        &self.vocabulary
    }

    /// Where the model comes from.
    pub fn provenance(&self) -> &Provenance<'m> {
        &self.provenance
    }

    /// `token`, or that of an unknown word if the model does not have it.
    pub(crate) fn known_token(&self, token: u32) -> u32 {
        if (token as usize) < self.vocabulary.token_count() { token } else { UNKNOWN_TOKEN }
    }

    /// How its weights are stored and computed with.
    pub fn precision(&self) -> Precision {
        self.header.precision
    }

    /// 32-bit words of state that a classifier of this model needs.
    pub fn required_words(&self) -> usize {
        match &self.network {
            AnyNetwork::Int8(network) => network.required_words(),
            #[cfg(feature = "float")]
            AnyNetwork::Half(network) => network.required_words(),
            #[cfg(feature = "float")]
            AnyNetwork::Single(network) => network.required_words(),
        }
    }
}

impl core::fmt::Debug for Model<'_> {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.debug_struct("Model").field("header", &self.header).finish_non_exhaustive()
    }
}
