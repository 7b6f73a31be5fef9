use std::path::PathBuf;

use clap::Args;
use runtime::known_answer::{KnownAnswer, KnownInput};
use trainer::Error;
use trainer::data::Source;
use trainer::export::ModelFile;
use trainer::inference::answers;
use trainer::run_folder::write_atomically;

use super::print_line;

/// Writes texts with a model's class and logits, as this machine computes them, for a board to compare with.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trainer known-answers home.rnl \"lights off\" --out answers.bin
  trainer known-answers home.rnl --data test.csv --rows 200 --out answers.bin")]
pub(crate) struct KnownAnswersCommand {
    /// The model file.
    model: PathBuf,
    /// A text.
    #[arg(conflicts_with = "data")]
    text: Option<String>,
    /// A CSV or TSV file, or a folder with test.csv. Without it and a text: the home commands' test sentences.
    #[arg(long)]
    data: Option<PathBuf>,
    /// The first rows alone.
    #[arg(long)]
    rows: Option<usize>,
    /// The file of answers.
    #[arg(long)]
    out: PathBuf,
}

impl KnownAnswersCommand {
    pub(crate) fn run(&self) -> Result<(), Error> {
        let file = ModelFile::read(&self.model)?;
        let model = file.parse(&self.model)?;
        let texts: Vec<String> = match &self.text {
            Some(text) => vec![text.clone()],
            None => {
                let rows = Source::new(self.data.as_deref()).test_rows()?;
                rows.into_iter().map(|row| row.text).take(self.rows.unwrap_or(usize::MAX)).collect()
            }
        };
        let answers = answers(&model, texts.iter().map(String::as_str)).map_err(Error::of_model(&self.model))?;
        let mut bytes = u32::try_from(texts.len()).unwrap_or(u32::MAX).to_le_bytes().to_vec();
        for (text, answer) in texts.iter().zip(answers) {
            let logits: Vec<u8> = answer.bits.iter().flat_map(|bits| bits.to_le_bytes()).collect();
            let input = KnownInput::Text(text);
            let known = KnownAnswer { input, class: u32::try_from(answer.class).unwrap_or(u32::MAX), logits: &logits };
            let encoded = postcard::to_stdvec(&known).map_err(|error| Error::Failed(error.to_string()))?;
            bytes.extend(encoded);
        }
        write_atomically(&self.out, &bytes)?;
        print_line(&format!("{}: {} answers, {} bytes", self.out.display(), texts.len(), bytes.len()))
    }
}
