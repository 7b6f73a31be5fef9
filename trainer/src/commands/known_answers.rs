use std::path::PathBuf;

use clap::Args;
use runtime::known_answer::{KnownAnswer, KnownInput};
use trainer::Error;
use trainer::data::{Content, Row, Source};
use trainer::export::ModelFile;
use trainer::inference::{cut_rows, raw_frame, row_answers};
use trainer::run_folder::write_atomically;

use super::{CutRows, print_line};

/// Writes texts or frames with a model's class and logits, as this machine computes them, for a board to compare with.
/// Frames are written as a sensor gives them: integers in the model's unit.
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
    /// A CSV or TSV file, a folder with test.csv, or `digits`. Without it and a text: the home commands' test
    /// sentences.
    #[arg(long)]
    data: Option<PathBuf>,
    /// Columns of text to read, by name, as the model was trained with.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    text_columns: Vec<String>,
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
        let source = Source::new(self.data.as_deref());
        let mut rows = match &self.text {
            Some(text) => vec![Row::of_text("", text)],
            None => source.test_rows(&self.text_columns)?.collect::<Result<_, _>>()?,
        };
        rows.truncate(self.rows.unwrap_or(usize::MAX));
        let answers = row_answers(&model, &rows).map_err(|error| error.named(&self.model, &source.name()))?;
        CutRows { rows: rows.len(), cut: cut_rows(&answers) }.note(model.max_steps() as usize);
        let mut bytes = u32::try_from(rows.len()).unwrap_or(u32::MAX).to_le_bytes().to_vec();
        for (row, answer) in rows.iter().zip(answers) {
            let logits: Vec<u8> = answer.bits.iter().flat_map(|bits| bits.to_le_bytes()).collect();
            let values: Vec<u8> = match &row.content {
                Content::Text(_) => Vec::new(),
                Content::Frames(frames) => {
                    raw_frame(&model, &frames.values).into_iter().flat_map(i16::to_le_bytes).collect()
                }
            };
            let input = match &row.content {
                Content::Text(text) => KnownInput::Text(text),
                Content::Frames(frames) => {
                    let channels = u16::try_from(frames.channels).unwrap_or(u16::MAX);
                    KnownInput::Frames { channels, values: &values }
                }
            };
            let known = KnownAnswer { input, class: u32::try_from(answer.class).unwrap_or(u32::MAX), logits: &logits };
            let encoded = postcard::to_stdvec(&known).map_err(|error| Error::Failed(error.to_string()))?;
            bytes.extend(encoded);
        }
        write_atomically(&self.out, &bytes)?;
        print_line(&format!("{}: {} answers, {} bytes", self.out.display(), rows.len(), bytes.len()))
    }
}
