use std::path::PathBuf;

use clap::Args;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use trainer::Error;
use trainer::data::{DataError, Row, read_rows, split_validation};
use trainer::run_folder::write_atomically;

use super::print_line;

/// Splits a file of rows into train.csv and test.csv, the same share of each label.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  trainer split news.csv --share 0.1 --out news       then: trainer train --data news")]
pub(crate) struct Split {
    /// A CSV or TSV file.
    data: PathBuf,
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
        let rows = read_rows(&self.data)?;
        let total = rows.len();
        let (training, test) = split_validation(rows, self.share, &mut ChaCha8Rng::seed_from_u64(self.seed));
        if training.is_empty() || test.is_empty() {
            return Err(DataError::TooFewRows { place: self.data.display().to_string(), rows: total }.into());
        }
        std::fs::create_dir_all(&self.out).map_err(|source| Error::Unwritable { path: self.out.clone(), source })?;
        for (name, rows) in [("train.csv", &training), ("test.csv", &test)] {
            write_atomically(&self.out.join(name), &csv_of(rows)?)?;
        }
        print_line(&format!("{}: {} training and {} test rows", self.out.display(), training.len(), test.len()))
    }
}

fn csv_of(rows: &[Row]) -> Result<Vec<u8>, Error> {
    let failed = |error: String| Error::Failed(format!("the rows can not be written: {error}"));
    let mut writer = csv::Writer::from_writer(Vec::new());
    let header = ["label", "text"];
    let records = rows.iter().map(|row| [row.label.as_str(), row.text.as_str()]);
    std::iter::once(header)
        .chain(records)
        .try_for_each(|record| writer.write_record(record))
        .map_err(|error| failed(error.to_string()))?;
    writer.into_inner().map_err(|error| failed(error.to_string()))
}
