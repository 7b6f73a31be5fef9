use std::path::PathBuf;

use clap::Args;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use trainer::data::{DataError, DataFile, Groups};
use trainer::folder_lock::MadeFolders;
use trainer::output::{Claim, Output, temporary_file_near};
use trainer::{Error, note};

use super::print_line;
use super::reading::{Reading, note_rows};

/// Splits a file of rows into train.csv and test.csv (.tsv of a TSV file), the same share of each label: lines of text
/// or whole sequences of frames, as they stand in the file. All rows of one person or
/// recording go to the same file.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trainer split news.csv --share 0.1 --out news       then: trainer train --data news
  trainer split gestures.csv --group-column subject --out gestures       other persons in test.csv")]
pub(crate) struct Split {
    /// A file of rows as `trainer train --data` takes it.
    data: PathBuf,
    #[command(flatten)]
    reading: Reading,
    /// Share of the rows that goes to test.csv.
    #[arg(long, default_value_t = 0.1)]
    share: f64,
    /// Random seed of the split.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The folder to write both files to.
    #[arg(long)]
    out: PathBuf,
    /// Overwrite files that exist.
    #[arg(long)]
    force: bool,
}

impl Split {
    pub(crate) fn run(&self) -> Result<(), Error> {
        if !(self.share > 0.0 && self.share < 1.0) {
            return Err(Error::Setting(format!("--share {}: expected a number between 0 and 1", self.share)));
        }
        self.reading.needs_no_change_of_rows()?;
        let _made = MadeFolders::make(&self.out)?;
        let file = DataFile::read(&self.data, &self.reading.options()?, temporary_file_near(&self.out)?)?;
        let claim = |stem| self.claim(stem, file.extension());
        let (training_file, test_file) = (claim("train")?, claim("test")?);
        let rows = file.classes.len();
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        let (training, test) = file.split(self.share, &mut rng);
        if training.is_empty() || test.is_empty() {
            if let Some(Groups { count, name, .. }) = &file.groups {
                let (place, name) = (self.data.display().to_string(), name.clone());
                return Err(DataError::TooFewGroups { place, count: *count, name }.into());
            }
            return Err(DataError::TooFewRows { place: self.data.display().to_string(), rows }.into());
        }
        let staged = training_file.stage(|writer| file.write_lines(&training, writer))?;
        test_file.write_with(|writer| file.write_lines(&test, writer))?;
        staged.put()?;
        note_rows(&self.data, &file.layout, rows, file.labels);
        file.notice.iter().for_each(|notice| note(notice));
        file.groups.iter().for_each(|groups| note(&format!("test rows: {}", groups.describe(&test))));
        print_line(&format!("{}: {} training and {} test rows", self.out.display(), training.len(), test.len()))
    }

    /// One of both files.
    fn claim(&self, stem: &str, extension: &str) -> Result<Output, Error> {
        let path = self.out.join(stem).with_extension(extension);
        Output::claim(&path, &Claim { option: "--out", force: self.force, inputs: &[&self.data] })
    }
}
