use std::path::{Path, PathBuf};

use clap::Args;
use runtime::Model;
use runtime::known_answer::{KnownAnswer, KnownInput};
use trainer::Error;
use trainer::data::{Content, ReadOptions, Row, Source};
use trainer::export::ModelFile;
use trainer::inference::{Answer, InferenceError, cut_rows, raw_frame, row_answers};
use trainer::output::{Claim, Output};
use trainer::stream::HostStream;

use super::measured_stream::open_recordings;
use super::reading::{Reading, TestRows};
use super::stream::{Hops, StreamArguments};
use super::{CutRows, print_written};

/// Writes texts or frames with a model's class and logits, as this machine computes them, for a board to compare with.
/// Frames are written as a sensor gives them: integers in the model's unit.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trainer known-answers home.rnl \"lights off\" --out answers.bin
  trainer known-answers home.rnl --data test.csv --rows 200 --out answers.bin
  trainer known-answers wand.rnl --data day.csv --hop 10 --out answers.bin    a stream: an answer for every 10 frames")]
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
    /// Use only the first N rows.
    #[arg(long, conflicts_with = "text")]
    rows: Option<usize>,
    #[command(flatten)]
    stream: StreamArguments,
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
        let labels: Vec<&str> = model.labels().collect();
        let schema = file.parts(&self.model)?.1.columns();
        let options = self.reading.options_without_labels()?.with_known_labels(&labels).with_schema(schema);
        let known = match self.stream.hops(&model, &self.model)? {
            Some(hops) => self.of_stream(&model, &options, &hops)?,
            None => self.of_rows(&model, &options)?,
        };
        let bytes = [&u32::try_from(known.count).unwrap_or(u32::MAX).to_le_bytes()[..], &known.bytes].concat();
        output.write(&bytes)?;
        print_written(&output, &format!("{}: {} answers, {} bytes", self.out.display(), known.count, bytes.len()))
    }

    /// A known answer for each row.
    fn of_rows(&self, model: &Model<'_>, options: &ReadOptions) -> Result<Known, Error> {
        let source = Source::new(self.data.as_deref());
        let read = self.text.is_none().then(|| TestRows::read(&source, options)).transpose()?;
        let of_text = self.text.as_ref().map(|text| Row::of_text("", text));
        let rows: &[Row] = read.as_ref().map_or(of_text.as_slice(), |read| &read.rows);
        let rows = rows.get(..self.rows.unwrap_or(usize::MAX)).unwrap_or(rows);
        let answers = row_answers(model, rows).map_err(|error| error.named(&self.model, &source.name()))?;
        CutRows { rows: rows.len(), cut: cut_rows(&answers) }.note(model.max_steps() as usize);
        let mut known = Known::default();
        for (row, answer) in rows.iter().zip(&answers) {
            match &row.content {
                Content::Text(text) => known.add(KnownInput::Text(text), answer)?,
                Content::Frames(frames) => {
                    known.add_frames(frames.channels, raw_frame(model, &frames.values), answer)?
                }
            }
        }
        read.iter().for_each(|read| read.say(&source));
        Ok(known)
    }

    /// The recordings as one stream: a known answer for each hop, with the frames since the hop before.
    fn of_stream(&self, model: &Model<'_>, options: &ReadOptions, hops: &Hops) -> Result<Known, Error> {
        let Some(data) = &self.data else {
            return Err(Error::Setting("--hop needs --data FILE, the recordings".into()));
        };
        let mut recordings = open_recordings(model, data, options)?;
        let mut stream = HostStream::new(model, hops.settings).map_err(Error::of_model(&self.model))?;
        let (mut known, mut since, mut count) = (Known::default(), Vec::new(), 0);
        while let Some(frame) = recordings.next_frame()? {
            count += usize::from(frame.is_first);
            if self.rows.is_some_and(|rows| count > rows) {
                break;
            }
            since.extend(raw_frame(model, frame.values));
            let named = |error: InferenceError| error.named(&self.model, &data.display().to_string());
            if let Some(answered) = stream.push_values(frame.values).map_err(named)? {
                known.add_frames(model.channels(), std::mem::take(&mut since), &answered.answer)?;
            }
        }
        hops.say();
        Ok(known)
    }
}

/// Known answers as their file has them.
#[derive(Default)]
struct Known {
    count: usize,
    bytes: Vec<u8>,
}

impl Known {
    fn add(&mut self, input: KnownInput<'_>, answer: &Answer) -> Result<(), Error> {
        let logits: Vec<u8> = answer.bits.iter().flat_map(|bits| bits.to_le_bytes()).collect();
        let known = KnownAnswer { input, class: u32::try_from(answer.class).unwrap_or(u32::MAX), logits: &logits };
        self.bytes.extend(postcard::to_stdvec(&known).map_err(|error| Error::Failed(error.to_string()))?);
        self.count += 1;
        Ok(())
    }

    /// Adds an answer to frames of integers: of 16 bits, if they fit.
    fn add_frames(&mut self, channels: usize, wide: Vec<i32>, answer: &Answer) -> Result<(), Error> {
        let channels = u16::try_from(channels).unwrap_or(u16::MAX);
        let narrow: Option<Vec<i16>> = wide.iter().map(|value| i16::try_from(*value).ok()).collect();
        if let Some(narrow) = narrow {
            let values: Vec<u8> = narrow.into_iter().flat_map(i16::to_le_bytes).collect();
            self.add(KnownInput::Frames { channels, values: &values }, answer)
        } else {
            let values: Vec<u8> = wide.into_iter().flat_map(i32::to_le_bytes).collect();
            self.add(KnownInput::WideFrames { channels, values: &values }, answer)
        }
    }
}
