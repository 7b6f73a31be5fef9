/// The features in the order of their bits, each with the name that it has in `Cargo.toml`.
macro_rules! features {
    ($($(#[$documentation:meta])* $variant:ident = $name:literal,)*) => {
        /// What a reader must have the code for; a model file names what it needs.
        #[non_exhaustive]
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Feature {
            $($(#[$documentation])* $variant,)*
        }

        impl Feature {
            /// All of them, in the order of their bits.
            pub const ALL: [Self; [$($name),*].len()] = [$(Self::$variant),*];

            /// Whether this build has the code for it. Code under a condition on it is left out of an image.
            #[inline]
            pub const fn is_built(self) -> bool {
                match self {
                    $(Self::$variant => cfg!(feature = $name),)*
                }
            }

            /// Its name.
            #[inline]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

features! {
    /// Layers of long short-term memory.
    Lstm = "lstm",
    /// Layers of gated recurrent units.
    Gru = "gru",
    /// Layers of Elman's network.
    Rnn = "rnn",
    /// Layers that run in reverse as well.
    Bidirectional = "bidirectional",
    /// Numbers in 4 bits.
    Int4 = "int4",
    /// Words of a stored vocabulary.
    Words = "words",
    /// Words known by fingerprints.
    Fingerprints = "fingerprints",
    /// Words known by a hash.
    Hashed = "hashed",
    /// Characters.
    Characters = "characters",
    /// Bytes.
    Bytes = "bytes",
    /// Frames of numbers.
    Frames = "frames",
    /// Steps of several frames, or with differences of frames.
    Windows = "windows",
    /// Tables of Unicode's properties.
    Unicode = "unicode",
    /// Float arithmetic.
    Float = "float",
}

impl Feature {
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

    /// Its bit in [`crate::format::Header::needs`].
    #[inline]
    pub const fn bit(self) -> u32 {
        1 << self as u32
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::format;

    use super::*;

    /// Those of the orders of weights, for which `needs` has no bit.
    const PACKINGS: [&str; 2] = ["row-major", "half-words"];

    /// `tests/run` and `firmware-demo` read the names and the bits from there.
    #[test]
    fn the_manifest_has_the_same_features_in_the_same_order() {
        let manifest = include_str!("../Cargo.toml");
        let (_, after) = manifest.split_once("default = [").unwrap_or_default();
        let (default, features) = after.split_once(']').unwrap_or_default();
        let all = || Feature::ALL.map(Feature::name).into_iter().chain(PACKINGS);
        let names = all().map(|name| format!("\"{name}\""));
        assert!(default.split(',').map(str::trim).filter(|name| !name.is_empty()).eq(names));
        for name in all() {
            assert!(features.contains(&format!("\n{name} = [")), "{name}");
        }
    }
}
