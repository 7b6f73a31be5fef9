use clap::ValueEnum;
use runtime::format::Packing;

/// A microcontroller, by its core.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Board {
    /// Cortex-M0 and M0+.
    M0,
    /// Cortex-M3.
    M3,
    /// Cortex-M4.
    M4,
    /// Cortex-M7.
    M7,
    /// Cortex-M33.
    M33,
    /// Cortex-M55 and M85.
    M55,
}

impl Board {
    /// The order of an int8 model's weights that the runtime's build for it has kernels for.
    pub(crate) fn packing(self) -> Packing {
        match self {
            Self::M4 | Self::M7 => Packing::HalfWords,
            Self::M0 | Self::M3 | Self::M33 | Self::M55 => Packing::RowMajor,
        }
    }
}
