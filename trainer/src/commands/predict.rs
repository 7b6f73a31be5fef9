use std::io::BufRead;
use std::path::{Path, PathBuf};

use clap::Args;
use runtime::Model;
use trainer::Error;
use trainer::data::Row;
use trainer::export::ModelFile;
use trainer::inference::row_answers;

use super::print_line;

/// Classifies a text, or each line of standard input.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trainer predict home.rnl \"could you dim the lamp a bit\"
  cat sentences.txt | trainer predict home.rnl")]
pub(crate) struct Predict {
    /// The model file.
    model: PathBuf,
    /// The text. Without it: a text a line from standard input.
    text: Option<String>,
}

impl Predict {
    pub(crate) fn run(&self) -> Result<(), Error> {
        let file = ModelFile::read(&self.model)?;
        let model = file.parse(&self.model)?;
        if let Some(text) = &self.text {
            return predict(&model, &self.model, text);
        }
        for (number, line) in std::io::stdin().lock().lines().enumerate() {
            let line = line.map_err(|source| Error::Unreadable {
                path: format!("standard input, line {}", number + 1).into(),
                source,
            })?;
            predict(&model, &self.model, &line)?;
        }
        Ok(())
    }
}

/// Prints class, probability and logits of a text; `path`: the model's file.
pub(super) fn predict(model: &Model<'_>, path: &Path, text: &str) -> Result<(), Error> {
    let rows = [Row::of_text("", text)];
    for answer in row_answers(model, &rows).map_err(|error| error.named(path, "the text"))? {
        let label = model.label(answer.class).unwrap_or_default();
        let logits: Vec<String> = answer.logits.iter().map(|logit| format!("{logit:.3}")).collect();
        print_line(&format!("{label}  {}  logits {}", answer.probability, logits.join(" ")))?;
    }
    Ok(())
}
