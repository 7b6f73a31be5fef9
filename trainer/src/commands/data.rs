use std::path::PathBuf;

use clap::Args;
use trainer::Error;
use trainer::config::TrainingConfig;
use trainer::data::Source;
use trainer::encoding::Input;
use trainer::report::RowsReport;

use super::print;
use super::reading::Reading;

/// Shows what is understood of a file before anything is trained: columns and why, classes, lengths, the first rows with
/// their tokens, and what looks wrong.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trainer data reviews.csv
  trainer data recordings.csv --label-column gesture --channels ax,ay,az --json
  trainer data walks --segment 128 --group-column subject         windows of a folder of recordings")]
pub(crate) struct Data {
    /// A file or folder of rows as `trainer train --data` takes it.
    data: PathBuf,
    #[command(flatten)]
    reading: Reading,
    /// What one step of a row is; auto: a word of a text, a frame of a file of frames.
    #[arg(long, value_enum, default_value = "auto")]
    input: Input,
    /// Longest row in steps: training would cut longer rows; 0: no limit.
    #[arg(long, value_name = "N", default_value_t = TrainingConfig::default().max_length)]
    max_length: usize,
    /// One JSON object on standard output.
    #[arg(long)]
    json: bool,
}

impl Data {
    pub(crate) fn run(&self) -> Result<(), Error> {
        let data = Source::new(Some(&self.data));
        let mut config = TrainingConfig { data, input: self.input, max_length: self.max_length, ..Default::default() };
        self.reading.apply(&mut config);
        config.check()?;
        print(&RowsReport::read(&config)?, self.json)
    }
}
