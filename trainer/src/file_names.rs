//! The names of what runs and searches leave in their folders.

/// The settings of a run.
pub const CONFIG: &str = "config.toml";
/// Where an interrupted training goes on.
pub const CHECKPOINT: &str = "checkpoint.bin";
/// The folder of the parts of a cross-validation.
pub const CROSS_VALIDATION: &str = "cross-validation";
/// What the runs of a search were trained on, beside their settings.
pub const SEARCH_FILE: &str = "search.toml";

/// The page about a run.
pub const REPORT: &str = "report.html";

/// The files of a run, but for its lock.
pub const FILES: [&str; 12] = [
    CONFIG,
    "labels.txt",
    "vocabulary.txt",
    "fingerprints.toml",
    "alphabet.toml",
    "normalization.toml",
    "weights.safetensors",
    "rounding.toml",
    "metrics.csv",
    "result.toml",
    REPORT,
    CHECKPOINT,
];
