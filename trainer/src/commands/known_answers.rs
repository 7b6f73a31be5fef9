use std::path::{Path, PathBuf};

use clap::Args;
use runtime::known_answer::{KnownAnswer, KnownInput};
use trainer::Error;
use trainer::data::{Content, Row, Source};
use trainer::export::ModelFile;
use trainer::inference::{cut_rows, raw_frame, row_answers};
use trainer::output::{Claim, Output};

use super::reading::{Reading, TestRows};
use super::{CutRows, print_written};

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
    /// A file of rows as `trainer predict --data` takes it, a folder with test.csv, or `digits`. Without it and a text:
    /// the home commands' test sentences.
    #[arg(long)]
    data: Option<PathBuf>,
    #[command(flatten)]
    reading: Reading,
    /// The first rows alone.
    #[arg(long, conflicts_with = "text")]
    rows: Option<usize>,
    /// The file of answers.
    #[arg(long)]
    out: PathBuf,
    /// Overwrite a file that exists.
    #[arg(long)]
    force: bool,
}

impl KnownAnswersCommand {
    pub(crate) fn run(&self) -> Result<(), Error> {
        self.reading.needs_rows(self.data.is_some())?;
        let inputs: Vec<&Path> = [Some(self.model.as_path()), self.data.as_deref()].into_iter().flatten().collect();
        let output = Output::claim(&self.out, &Claim { option: "--out", force: self.force, inputs: &inputs })?;
        let file = ModelFile::read(&self.model)?;
        let model = file.parse(&self.model)?;
        let source = Source::new(self.data.as_deref());
        let labels: Vec<&str> = model.labels().collect();
        let schema = file.parts(&self.model)?.1.columns();
        let options = self.reading.options_without_labels()?.with_known_labels(&labels).with_schema(schema);
        let read = self.text.is_none().then(|| TestRows::read(&source, &options)).transpose()?;
        let of_text = self.text.as_ref().map(|text| Row::of_text("", text));
        let rows: &[Row] = read.as_ref().map_or(of_text.as_slice(), |read| &read.rows);
        let rows = rows.get(..self.rows.unwrap_or(usize::MAX)).unwrap_or(rows);
        let answers = row_answers(&model, rows).map_err(|error| error.named(&self.model, &source.name()))?;
        CutRows { rows: rows.len(), cut: cut_rows(&answers) }.note(model.max_steps() as usize);
        let mut bytes = u32::try_from(rows.len()).unwrap_or(u32::MAX).to_le_bytes().to_vec();
        for (row, answer) in rows.iter().zip(answers) {
            let logits: Vec<u8> = answer.bits.iter().flat_map(|bits| bits.to_le_bytes()).collect();
            let values: Vec<u8>;
            let input = match &row.content {
                Content::Text(text) => KnownInput::Text(text),
                Content::Frames(frames) => {
                    let channels = u16::try_from(frames.channels).unwrap_or(u16::MAX);
                    let wide = raw_frame(&model, &frames.values);
                    let narrow: Option<Vec<i16>> = wide.iter().map(|value| i16::try_from(*value).ok()).collect();
                    if let Some(narrow) = narrow {
                        values = narrow.into_iter().flat_map(i16::to_le_bytes).collect();
                        KnownInput::Frames { channels, values: &values }
                    } else {
                        values = wide.into_iter().flat_map(i32::to_le_bytes).collect();
                        KnownInput::WideFrames { channels, values: &values }
                    }
                }
            };
            let known = KnownAnswer { input, class: u32::try_from(answer.class).unwrap_or(u32::MAX), logits: &logits };
            let encoded = postcard::to_stdvec(&known).map_err(|error| Error::Failed(error.to_string()))?;
            bytes.extend(encoded);
        }
        output.write(&bytes)?;
        read.iter().for_each(|read| read.say(&source));
        print_written(&output, &format!("{}: {} answers, {} bytes", self.out.display(), rows.len(), bytes.len()))
    }
}
