/// What a reader must have the code for; a model file names what it needs.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Feature {
    /// Layers of long short-term memory.
    Lstm,
    /// Layers of gated recurrent units.
    Gru,
    /// Layers of Elman's network.
    Rnn,
    /// Layers that run in reverse as well.
    Bidirectional,
    /// Numbers in 4 bits.
    Int4,
    /// Words of a stored vocabulary.
    Words,
    /// Words known by fingerprints.
    Fingerprints,
    /// Words known by a hash.
    Hashed,
    /// Characters.
    Characters,
    /// Bytes.
    Bytes,
    /// Frames of numbers.
    Frames,
    /// Steps of several frames, or with differences of frames.
    Windows,
    /// Tables of Unicode's properties.
    Unicode,
    /// Float arithmetic.
    Float,
}

impl Feature {
    /// All of them, in the order of their bits.
    pub const ALL: [Self; 14] = [
        Self::Lstm,
        Self::Gru,
        Self::Rnn,
        Self::Bidirectional,
        Self::Int4,
        Self::Words,
        Self::Fingerprints,
        Self::Hashed,
        Self::Characters,
        Self::Bytes,
        Self::Frames,
        Self::Windows,
        Self::Unicode,
        Self::Float,
    ];

    /// The bits of all of them.
    pub(crate) const KNOWN: u32 = (1 << Self::ALL.len()) - 1;

    /// The bits of those that this build has the code for: the crate's features.
    pub const BUILT: u32 = {
        let mut built = 0;
        let mut number = 0;
        while number < Self::ALL.len() {
            if Self::ALL[number].is_built() {
                built |= Self::ALL[number].bit();
            }
            number += 1;
        }
        built
    };

    /// Whether this build reads text.
    pub(crate) const HAS_TEXT: bool = Self::HAS_WORDS || Self::Characters.is_built() || Self::Bytes.is_built();

    /// Whether this build reads words.
    pub(crate) const HAS_WORDS: bool =
        Self::Words.is_built() || Self::Fingerprints.is_built() || Self::Hashed.is_built();

    /// The first of some bits; `None` if there is none.
    #[inline]
    pub(crate) const fn first_of(bits: u32) -> Option<Self> {
        let number = bits.trailing_zeros() as usize;
        if number < Self::ALL.len() { Some(Self::ALL[number]) } else { None }
    }

    /// Whether this build has the code for it. Code under a condition on it is left out of an image.
    #[inline]
    pub const fn is_built(self) -> bool {
        match self {
            Self::Lstm => cfg!(feature = "lstm"),
            Self::Gru => cfg!(feature = "gru"),
            Self::Rnn => cfg!(feature = "rnn"),
            Self::Bidirectional => cfg!(feature = "bidirectional"),
            Self::Int4 => cfg!(feature = "int4"),
            Self::Words => cfg!(feature = "words"),
            Self::Fingerprints => cfg!(feature = "fingerprints"),
            Self::Hashed => cfg!(feature = "hashed"),
            Self::Characters => cfg!(feature = "characters"),
            Self::Bytes => cfg!(feature = "bytes"),
            Self::Frames => cfg!(feature = "frames"),
            Self::Windows => cfg!(feature = "windows"),
            Self::Unicode => cfg!(feature = "unicode"),
            Self::Float => cfg!(feature = "float"),
        }
    }

    /// Its bit in [`crate::format::Header::needs`].
    #[inline]
    pub const fn bit(self) -> u32 {
        1 << self as u32
    }

    /// Its name.
    #[inline]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lstm => "lstm",
            Self::Gru => "gru",
            Self::Rnn => "rnn",
            Self::Bidirectional => "bidirectional",
            Self::Int4 => "int4",
            Self::Words => "words",
            Self::Fingerprints => "fingerprints",
            Self::Hashed => "hashed",
            Self::Characters => "characters",
            Self::Bytes => "bytes",
            Self::Frames => "frames",
            Self::Windows => "windows",
            Self::Unicode => "unicode",
            Self::Float => "float",
        }
    }
}
