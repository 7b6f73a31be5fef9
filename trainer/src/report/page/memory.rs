use runtime::reserve;

use super::content::{ChipRow, Memory, ShareRow};
use super::style_share;
use crate::report::network::grouped;
use crate::report::{ChipFit, FlashPart, Inspection};

/// What a model file costs a device.
pub(super) fn memory(inspection: &Inspection, precision: &str) -> Memory {
    let share = |name: &str, bytes: usize, of: usize| ShareRow {
        name: name.into(),
        value: grouped(bytes),
        share: style_share(bytes, of),
    };
    let part = |FlashPart { name, bytes, .. }: &FlashPart| share(name, *bytes, inspection.flash_bytes);
    let ram = [
        ("state", inspection.state_bytes),
        ("classifier", reserve::CLASSIFIER),
        ("model, none if it is checked while compiling", reserve::MODEL),
        ("deepest stack", reserve::STACK),
    ];
    let chip = |ChipFit { chip, fits, flash_free, ram_free }: &ChipFit| ChipRow {
        name: chip.name.into(),
        core: chip.core.into(),
        answer: if *fits { "fits" } else { "too large" },
        flash: signed(*flash_free),
        ram: signed(*ram_free),
    };
    Memory {
        precision: precision.into(),
        architecture: inspection.architecture.join(" | "),
        flash: grouped(inspection.flash_bytes),
        parts: inspection.flash_parts.iter().map(part).collect(),
        ram: grouped(inspection.reserved_bytes),
        ram_parts: ram.map(|(name, bytes)| share(name, bytes, inspection.reserved_bytes)).into(),
        work: format!(
            "{} multiplications a step, {} a prediction.",
            grouped(inspection.macs_per_step),
            grouped(inspection.macs_per_prediction)
        ),
        library: grouped(inspection.chips.library_bytes),
        chips: inspection.chips.chips.iter().map(chip).collect(),
    }
}

fn signed(bytes: i64) -> String {
    let digits = grouped(usize::try_from(bytes.unsigned_abs()).unwrap_or(usize::MAX));
    if bytes < 0 { format!("-{digits}") } else { digits }
}
