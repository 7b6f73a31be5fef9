//! Whether a model fits microcontrollers in use.

use std::fmt;

use runtime::Precision;
use serde::Serialize;

use super::network::grouped;

/// A microcontroller, or a board where its flash is a chip of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Chip {
    /// Its name.
    pub name: &'static str,
    /// Its processor.
    pub core: &'static str,
    /// Bytes of flash for programs and constants.
    pub flash_bytes: usize,
    /// Bytes of RAM in one piece.
    pub ram_bytes: usize,
    /// Where these numbers stand.
    pub source: &'static str,
}

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;

/// The chips that models are held against.
pub const CHIPS: [Chip; 6] = [
    Chip {
        name: "nRF52840",
        core: "Cortex-M4F",
        flash_bytes: MIB,
        ram_bytes: 256 * KIB,
        source: "nRF52840 Product Specification, chapter Memory",
    },
    Chip {
        name: "STM32F411xE",
        core: "Cortex-M4F",
        flash_bytes: 512 * KIB,
        ram_bytes: 128 * KIB,
        source: "STM32F411xC/xE datasheet (DS10314), features",
    },
    Chip {
        name: "RP2040, Pico",
        core: "Cortex-M0+",
        flash_bytes: 2 * MIB,
        // Without the two banks of 4 KiB that are usually stacks.
        ram_bytes: 256 * KIB,
        source: "RP2040 datasheet, section SRAM; Raspberry Pi Pico datasheet: 2 MB of external flash",
    },
    Chip {
        name: "RP2350, Pico 2",
        core: "Cortex-M33",
        flash_bytes: 4 * MIB,
        ram_bytes: 520 * KIB,
        source: "RP2350 datasheet, section SRAM; Raspberry Pi Pico 2 datasheet: 4 MB of external flash",
    },
    Chip {
        name: "STM32H743xI",
        core: "Cortex-M7",
        flash_bytes: 2 * MIB,
        // The AXI SRAM, the largest piece of 1 MiB in all.
        ram_bytes: 512 * KIB,
        source: "STM32H742xI/G, STM32H743xI/G datasheet (DS12110), features",
    },
    Chip {
        name: "ESP32-C3FN4",
        core: "RV32IMC",
        flash_bytes: 4 * MIB,
        // 400 KB less 16 KB for the cache.
        ram_bytes: 384 * KIB,
        source: "ESP32-C3 Series datasheet, section Internal Memory; FN4: 4 MB of flash in the package",
    },
];

/// A chip, and what a model leaves of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ChipFit {
    /// The chip.
    #[serde(flatten)]
    pub chip: Chip,
    /// Whether flash and RAM are enough.
    pub fits: bool,
    /// Bytes of flash that are left for the rest of the firmware; negative if they are too few.
    pub flash_free: i64,
    /// Bytes of RAM that are left; negative if they are too few.
    pub ram_free: i64,
}

/// Whether a model fits each chip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct ChipFits {
    /// In the order of [`CHIPS`].
    pub chips: Vec<ChipFit>,
    /// Bytes of flash that are counted for the library's code: more than any set of features adds on a Cortex-M, as
    /// `firmware-demo/size` measures it.
    #[serde(skip)]
    pub library_bytes: usize,
}

/// [`ChipFits::library_bytes`] of models in integers; the largest set of `firmware-demo/size` has 35,432.
const LIBRARY: usize = 36 * KIB;
/// As [`LIBRARY`] with floats; the largest set has 50,060.
const LIBRARY_WITH_FLOATS: usize = 50 * KIB;

impl ChipFits {
    /// What is left of each chip by a model of so many bytes, the library's code, and a program that reserves so many bytes
    /// of RAM for them.
    pub fn new(precision: Precision, model_bytes: usize, ram_bytes: usize) -> Self {
        let library_bytes = if precision == Precision::Int8 { LIBRARY } else { LIBRARY_WITH_FLOATS };
        let left = |all: usize, used: usize| all as i64 - used as i64;
        let fit = |chip: Chip| {
            let flash_free = left(chip.flash_bytes, model_bytes + library_bytes);
            let ram_free = left(chip.ram_bytes, ram_bytes);
            ChipFit { chip, fits: flash_free >= 0 && ram_free >= 0, flash_free, ram_free }
        };
        Self { chips: CHIPS.map(fit).into(), library_bytes }
    }
}

impl fmt::Display for ChipFits {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "chips         with {} bytes of flash for the library's code, and the RAM to reserve",
            grouped(self.library_bytes)
        )?;
        for ChipFit { chip, fits, flash_free, ram_free } in &self.chips {
            let Chip { name, core, .. } = chip;
            let left = |free: i64, what: &str| {
                let bytes = grouped(usize::try_from(free.unsigned_abs()).unwrap_or(usize::MAX));
                if free < 0 {
                    format!("lacks {bytes} bytes of {what}")
                } else {
                    format!("{bytes} bytes of {what} free")
                }
            };
            let (flash, ram) = (left(*flash_free, "flash"), left(*ram_free, "RAM"));
            let answer = if *fits { "fits" } else { "too large" };
            write!(formatter, "\n  {name:15} {core:10}  {answer:9}  {flash}, {ram}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_fits_what_has_room_for_it_and_for_the_library() {
        let fits = ChipFits::new(Precision::Int8, 512 * KIB - LIBRARY, 128 * KIB);
        let of = |fits: &ChipFits, name: &str| fits.chips.iter().copied().find(|fit| fit.chip.name.starts_with(name));
        let smallest = of(&fits, "STM32F411").map(|fit| (fit.fits, fit.flash_free, fit.ram_free));
        assert_eq!(smallest, Some((true, 0, 0)));
        let more = ChipFits::new(Precision::F16, 512 * KIB - LIBRARY_WITH_FLOATS + 1, 256 * KIB + 1);
        let found = |name: &str| of(&more, name).map(|fit| (fit.fits, fit.flash_free < 0, fit.ram_free < 0));
        assert_eq!(found("STM32F411"), Some((false, true, true)));
        assert_eq!(found("nRF52840"), Some((false, false, true)));
        assert_eq!(found("RP2350"), Some((true, false, false)));
        assert!(more.to_string().contains("lacks 1 bytes of flash, lacks 131,073 bytes of RAM"), "{more}");
        assert_eq!(CHIPS.map(|chip| chip.source.is_empty()), [false; 6]);
    }
}
