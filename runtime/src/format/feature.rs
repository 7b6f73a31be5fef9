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

    /// Its bit in [`super::Header::needs`].
    pub const fn bit(self) -> u32 {
        1 << self as u32
    }

    /// Its name.
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
