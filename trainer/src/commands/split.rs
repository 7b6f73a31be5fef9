use std::path::PathBuf;

use clap::Args;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use trainer::Error;
use trainer::data::{DataError, DataFile, split_by_label};
use trainer::run_folder::{temporary_file_near, write_atomically_with};

use super::print_line;
use super::reading::{Reading, note_rows};

/// Splits a file of rows into train.csv and test.csv (.tsv of a TSV file), the same share of each label: lines of text
/// or whole sequences of frames, as they stand in the file.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  trainer split news.csv --share 0.1 --out news       then: trainer train --data news")]
pub(crate) struct Split {
    /// A file of rows as `trainer train --data` takes it.
    data: PathBuf,
    #[command(flatten)]
    reading: Reading,
    /// Share of the rows that becomes test.csv.
    #[arg(long, default_value_t = 0.1)]
    share: f64,
    /// Where chance comes from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The folder to write both files to.
    #[arg(long)]
    out: PathBuf,
}

impl Split {
    pub(crate) fn run(&self) -> Result<(), Error> {
        if !(self.share > 0.0 && self.share < 1.0) {
            return Err(Error::Setting(format!("--share {}: expected a number between 0 and 1", self.share)));
        }
        let file = DataFile::read(&self.data, &self.reading.options(), temporary_file_near(&self.out)?)?;
        let rows = file.classes.len();
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        let class = |row: &u32| file.classes.get(*row as usize);
        let (training, test) = split_by_label((0..rows as u32).collect(), class, self.share, &mut rng);
        if training.is_empty() || test.is_empty() {
            return Err(DataError::TooFewRows { place: self.data.display().to_string(), rows }.into());
        }
        std::fs::create_dir_all(&self.out).map_err(|source| Error::Unwritable { path: self.out.clone(), source })?;
        for (name, rows) in [("train", &training), ("test", &test)] {
            let path = self.out.join(name).with_extension(file.extension());
            write_atomically_with(&path, |writer| file.write_lines(rows, writer))?;
        }
        note_rows(&self.data, &file.layout, rows, file.labels);
        print_line(&format!("{}: {} training and {} test rows", self.out.display(), training.len(), test.len()))
    }
}
