//! Rows with their answers, as a file of the same columns and some more.

use std::io::Write;
use std::path::Path;

use runtime::Model;
use trainer::Error;
use trainer::inference::Answer;
use trainer::output::Output;

/// What the columns of answers are called.
const CLASS: &str = "predicted_class";
const PROBABILITY: &str = "probability";

/// How rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// CSV, or with tabs.
    Separated(u8),
    /// A JSON object a line.
    JsonLines,
}

/// The rows that are written at the end.
pub(super) struct AnsweredRows {
    form: Form,
    names: Vec<String>,
    content: Vec<u8>,
}

impl AnsweredRows {
    /// No rows yet; the extension of `path` says how they are written: `.csv`, `.tsv` or `.jsonl`.
    ///
    /// # Errors
    /// [`Error::Setting`] for another extension.
    pub(super) fn new(path: &Path) -> Result<Self, Error> {
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        let form = match extension.to_ascii_lowercase().as_str() {
            "csv" => Form::Separated(b','),
            "tsv" => Form::Separated(b'\t'),
            "jsonl" => Form::JsonLines,
            _ => {
                let problem = "expected a name that ends in .csv, .tsv or .jsonl";
                return Err(Error::Setting(format!("--out {}: {problem}", path.display())));
            }
        };
        Ok(Self { form, names: Vec::new(), content: Vec::new() })
    }

    /// Gives the columns their names, before the first row.
    pub(super) fn name_columns(&mut self, names: Vec<String>) -> Result<(), Error> {
        self.names = names;
        self.names.extend([CLASS, PROBABILITY].map(String::from));
        match self.form {
            Form::Separated(delimiter) => self.add_record(delimiter, &self.names.clone()),
            Form::JsonLines => Ok(()),
        }
    }

    /// Adds a row and its answer.
    pub(super) fn add(&mut self, mut fields: Vec<String>, model: &Model<'_>, answer: &Answer) -> Result<(), Error> {
        fields.resize(self.names.len().saturating_sub(2), String::new());
        let class = model.label(answer.class).unwrap_or_default().to_owned();
        let share = answer.probability.to_f32();
        match self.form {
            Form::Separated(delimiter) => {
                fields.extend([class, format!("{share:.4}")]);
                self.add_record(delimiter, &fields)
            }
            Form::JsonLines => {
                let own = self.names.iter().cloned().zip(fields.into_iter().map(serde_json::Value::from));
                let mut object: serde_json::Map<_, _> = own.collect();
                object.insert(CLASS.into(), class.into());
                object.insert(PROBABILITY.into(), ((f64::from(share) * 1e4).round() / 1e4).into());
                serde_json::to_writer(&mut self.content, &object).map_err(|error| Error::Failed(error.to_string()))?;
                self.content.push(b'\n');
                Ok(())
            }
        }
    }

    /// Writes all rows.
    pub(super) fn write(&self, output: &Output) -> Result<(), Error> {
        output.write(&self.content)
    }

    fn add_record(&mut self, delimiter: u8, fields: &[String]) -> Result<(), Error> {
        let mut writer = csv::WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new());
        let written = writer.write_record(fields).and_then(|()| Ok(writer.flush()?));
        written.map_err(|error| Error::Failed(error.to_string()))?;
        let record = writer.into_inner().map_err(|error| Error::Failed(error.to_string()))?;
        self.content.write_all(&record).map_err(|error| Error::Failed(error.to_string()))
    }
}
