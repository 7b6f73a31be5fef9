//! From the bytes of a file to a [`Model`].

use super::direction::{Layer, Shape};
use super::head::Head;
use super::input::StepInput;
use super::model::Model;
use super::text;
use super::verified::Verified;
use crate::Aligned;
use crate::error::{Error, Field, Part, attempt};
use crate::format::{
    Checks, Checksums, DEVICE_LENGTH_OFFSET, Extensions, Feature, HEADER_LENGTH, Header, Input, Layers, MAX_HEADS,
    MAX_KEPT_STEPS, MAX_LAYERS, MAX_PADDING, MAX_SIZE, Outline, Packing, Precision, Sections, Tensors, Text, Tokens,
    checked_pieces, u32_at,
};

/// Tokens that fit into 16 bits.
const NARROW_TOKENS: usize = 1 << 16;

/// What a device needs of the model file that a region begins with; all of a region that begins with none, which parsing
/// refuses. The header is not read twice: that would be two copies of the code.
#[inline]
fn device_part(region: &[u8]) -> &[u8] {
    if region.len() < HEADER_LENGTH {
        return region;
    }
    let length = u32_at(region, DEVICE_LENGTH_OFFSET) as usize;
    region.get(..length.max(HEADER_LENGTH)).unwrap_or(region)
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
        Self::read::<true>(file, file.as_ptr().addr(), Checks::All)
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
        Self::read::<true>(&file.0, 0, Checks::All)
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
        Self::parse(device_part(region))
    }

    /// [`Self::parse_prefix`] into the caller's variable, as [`Self::parse_into`].
    ///
    /// # Errors
    /// As [`Self::parse`].
    ///
    /// # Panics
    /// Never.
    #[inline]
    pub fn parse_prefix_into<'p>(place: &'p mut Option<Self>, region: &'m [u8]) -> Result<&'p Self, Error> {
        Self::parse_into(place, device_part(region))
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
        Self::read::<false>(file, file.as_ptr().addr(), Checks::All)
    }

    /// [`Self::parse`] into the caller's variable. A model is large: returned, it may be moved, which takes its size of stack
    /// again, and `memcpy` in the image. `place` is `None` after an error.
    ///
    /// # Errors
    /// As [`Self::parse`].
    ///
    /// # Panics
    /// Never.
    ///
    /// # Examples
    /// ```
    /// # fn main() -> Result<(), runtime::Error> {
    /// # static FILE: &runtime::Aligned<[u8]> =
    /// #     &runtime::Aligned(*include_bytes!("../../../models/digits/digits.int8.rnl"));
    /// let mut place = None;
    /// let model: &runtime::Model<'_> = runtime::Model::parse_into(&mut place, &FILE.0)?;
    /// assert_eq!(model.labels().count(), 10);
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn parse_into<'p>(place: &'p mut Option<Self>, file: &'m [u8]) -> Result<&'p Self, Error> {
        Self::read_into::<true>(place, file, file.as_ptr().addr(), Checks::All)
    }

    /// [`Self::parse`] with checksums that the caller computes, as a microcontroller's peripheral does.
    ///
    /// `crc` returns the CRC-32 (ISO-HDLC, as in zlib: reflected polynomial 0xEDB88320, start and final XOR 0xFFFFFFFF) of
    /// two pieces, one after the other; the second one may be empty. It is called once, and once more for a whole file.
    ///
    /// # Errors
    /// As [`Self::parse`].
    ///
    /// # Panics
    /// Never.
    ///
    /// # Examples
    /// ```
    /// # static FILE: &runtime::Aligned<[u8]> =
    /// #     &runtime::Aligned(*include_bytes!("../../../models/digits/digits.int8.rnl"));
    /// let crc = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC);
    /// let parsed = runtime::Model::parse_with_crc(&FILE.0, |first, second| {
    ///     let mut digest = crc.digest();
    ///     digest.update(first);
    ///     digest.update(second);
    ///     digest.finalize()
    /// });
    /// assert!(parsed.is_ok());
    /// assert!(runtime::Model::parse_with_crc(&FILE.0, |_, _| 0).is_err());
    /// ```
    #[inline]
    pub fn parse_with_crc(file: &'m [u8], mut crc: impl FnMut(&[u8], &[u8]) -> u32) -> Result<Self, Error> {
        let mut checks = Checks::All;
        if let Ok(header) = Header::read(file)
            && let Some((device, rest)) = file.split_at_checked(header.device_length as usize)
        {
            let [before, after] = checked_pieces(device);
            let part_two = rest.get(..header.part_two_length as usize).filter(|_| !rest.is_empty());
            let part_two = part_two.map(|part_two| crc(part_two, &[]));
            checks = Checks::ButChecksums(Checksums { device: crc(before, after), part_two });
        }
        Self::read::<true>(file, file.as_ptr().addr(), checks)
    }

    /// [`Self::parse`] of a file that was verified before, and has not changed since: for a quick start of a device that
    /// verified its model when it was written to flash. Checksums, weights and the order of the vocabulary are not looked at
    /// again; lengths, shapes and sizes are. A file that did change gives other answers, but no panic.
    ///
    /// # Errors
    /// [`Error::NotVerified`] for another file than that of `verified`; others as [`Self::parse`].
    ///
    /// # Panics
    /// Never.
    ///
    /// # Examples
    /// ```
    /// # fn main() -> Result<(), runtime::Error> {
    /// # static FILE: &runtime::Aligned<[u8]> =
    /// #     &runtime::Aligned(*include_bytes!("../../../models/digits/digits.int8.rnl"));
    /// let stored = runtime::Model::parse(&FILE.0)?.verified().to_bytes();
    /// // After the next reset:
    /// let model = runtime::Model::parse_verified(&FILE.0, &runtime::Verified::from_stored(stored))?;
    /// assert_eq!(model.labels().count(), 10);
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn parse_verified(file: &'m [u8], verified: &Verified) -> Result<Self, Error> {
        let header = Header::read(file)?;
        let found = Verified { id: header.id, checksum: header.device_checksum, length: header.device_length };
        if found != *verified {
            return Err(Error::NotVerified);
        }
        Self::read::<true>(file, file.as_ptr().addr(), Checks::OfParts)
    }

    #[inline]
    const fn read<const CHECKS_CAPACITY: bool>(file: &'m [u8], address: usize, checks: Checks) -> Result<Self, Error> {
        let mut place = None;
        attempt!(Self::read_into::<CHECKS_CAPACITY>(&mut place, file, address, checks));
        match place {
            Some(model) => Ok(model),
            None => Err(Error::Unreadable { part: Part::One }),
        }
    }

    /// Not inlined, so that the stack is free again when the model runs; generic, so that it is compiled as the calling
    /// program is, for size.
    #[inline(never)]
    const fn read_into<'p, const CHECKS_CAPACITY: bool>(
        place: &'p mut Option<Self>,
        file: &'m [u8],
        address: usize,
        checks: Checks,
    ) -> Result<&'p Self, Error> {
        let (nothing, _) = file.split_at(0);
        *place = Some(Self {
            file,
            precision: Precision::Int8,
            text: None,
            input: StepInput::OneHot { tokens: 0 },
            // One by one: a repeated value would be copied.
            layers: [None, None, None, None],
            layer_count: 0,
            head: Head::empty(nothing),
            max_steps: u32::MAX,
            pad_to: 0,
            required_words: usize::MAX,
            running_words: usize::MAX,
            has_wide_tokens: false,
            can_have_begun: false,
            extensions: Extensions::EMPTY,
            part_two: None,
        });
        let filled = match place {
            Some(model) => model.fill::<CHECKS_CAPACITY>(file, address, checks),
            None => Ok(()),
        };
        if let Err(error) = filled {
            *place = None;
            return Err(error);
        }
        match place {
            Some(model) => Ok(model),
            None => Err(Error::Unreadable { part: Part::One }),
        }
    }

    #[inline]
    const fn fill<const CHECKS_CAPACITY: bool>(
        &mut self,
        file: &'m [u8],
        address: usize,
        checks: Checks,
    ) -> Result<(), Error> {
        let Sections { header, outline, extensions, mut tensors, part_two, .. } =
            attempt!(Sections::read(file, address, checks));
        let tensors = &mut tensors;
        let (nothing, _) = file.split_at(0);
        let Outline { input, max_steps, pad_to, layers, head, needs } = &outline;
        (self.precision, self.extensions, self.part_two) = (header.precision, extensions, part_two);
        if let Input::Text(text) = input
            && Feature::HAS_TEXT
        {
            text::read(&mut self.text, tensors, text);
            self.can_have_begun = !matches!(text.tokens, Tokens::Bytes);
        }
        let tokens = match &self.text {
            Some(text) => text.token_count(),
            None => 0,
        };
        let is_composed = matches!(input, Input::Text(Text { tokens: Tokens::ComposedWords { .. }, .. }));
        self.has_wide_tokens = tokens > NARROW_TOKENS || is_composed;
        let is_bidirectional = *needs & Feature::Bidirectional.bit() != 0;
        check_steps(tensors, input, is_bidirectional, *max_steps as usize, *pad_to as usize);
        self.max_steps = if *max_steps == 0 { u32::MAX } else { *max_steps };
        self.pad_to = *pad_to as u32;
        self.input = StepInput::read(tensors, self.precision, input, tokens);
        self.layer_count = layers.len();
        let width = self.read_layers(tensors, *layers, header.packing, nothing);
        match head {
            Some(head) => self.head = Head::read(tensors, self.precision, *head, width),
            None => tensors.refuse(Field::HeadCount, MAX_HEADS, 0),
        }
        tensors.end();
        self.running_words = self.count_running_words();
        self.required_words = self.count_required_words();
        if CHECKS_CAPACITY {
            tensors.expect(Field::Capacity, self.required_words, header.capacity as usize);
        }
        tensors.result()
    }

    /// Puts the layers in their places; values of the last one's output.
    #[inline]
    const fn read_layers(
        &mut self,
        tensors: &mut Tensors<'m>,
        mut unread: Layers<'_>,
        packing: Packing,
        nothing: &'m [u8],
    ) -> usize {
        tensors.expect_within(Field::LayerCount, 1, MAX_LAYERS, unread.len());
        let precision = self.precision;
        let mut input_size = self.input.size();
        let mut one_hot_tokens = self.input.one_hot_tokens();
        let mut places: &mut [Option<Layer<'m>>] = &mut self.layers;
        while let Some(read) = unread.next()
            && let Some((place, rest)) = places.split_first_mut()
            && tensors.result().is_ok()
        {
            let hidden_size = read.hidden_size as usize;
            tensors.expect_within(Field::HiddenSize, 1, MAX_SIZE, hidden_size);
            let shape =
                Shape { precision, packing, cell: read.cell, bits: read.bits, input_size, hidden_size, one_hot_tokens };
            *place = Some(Layer::empty(nothing));
            if let Some(layer) = place {
                layer.read(tensors, shape, read.forward, read.reverse, nothing);
                input_size = layer.width();
            }
            one_hot_tokens = None;
            places = rest;
        }
        input_size
    }
}

/// Checks the numbers of steps against one another.
#[inline]
const fn check_steps(
    tensors: &mut Tensors<'_>,
    input: &Input,
    is_bidirectional: bool,
    max_steps: usize,
    pad_to: usize,
) {
    if is_bidirectional {
        tensors.expect_within(Field::MaxSteps, 1, MAX_KEPT_STEPS, max_steps);
    }
    if let Input::Frames(_) = input {
        tensors.expect(Field::PadTo, 0, pad_to);
    }
    let longest = if max_steps > 0 && max_steps < MAX_PADDING { max_steps } else { MAX_PADDING };
    tensors.expect_within(Field::PadTo, 0, longest, pad_to);
}
