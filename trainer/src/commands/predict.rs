use std::io::BufRead;
use std::path::{Path, PathBuf};

use clap::Args;
use runtime::Model;
use trainer::Error;
use trainer::data::{ColumnNames, Content, Source, parse_frame};
use trainer::export::ModelFile;
use trainer::inference::{Answer, HostClassifier, InferenceError, answer};

use super::reading::{Reading, TestRows};
use super::stream::{Hops, Stream, StreamArguments, describe};
use super::{CutRows, print_line};

/// How standard input is named in messages.
const STANDARD_INPUT: &str = "standard input";

/// Classifies a text, the rows of a file, or what comes on standard input: a text a line, or a frame of numbers a line
/// with commas between them, where an empty line ends a sequence.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trainer predict home.rnl \"could you dim the lamp a bit\"
  cat sentences.txt | trainer predict home.rnl
  read-sensor | trainer predict wand.rnl --hop 10       every 10 frames an answer about the last ones")]
pub(crate) struct Predict {
    /// The model file.
    model: PathBuf,
    /// The text. Without it and --data: from standard input.
    #[arg(conflicts_with = "data")]
    text: Option<String>,
    /// A file of rows as `trainer train --data` takes it, but that it needs no labels; a folder with test.csv, or
    /// `digits`. An answer a row.
    #[arg(long)]
    data: Option<PathBuf>,
    #[command(flatten)]
    reading: Reading,
    #[command(flatten)]
    stream: StreamArguments,
}

impl Predict {
    pub(crate) fn run(&self) -> Result<(), Error> {
        self.reading.needs_rows(self.data.is_some())?;
        let file = ModelFile::read(&self.model)?;
        let model = file.parse(&self.model)?;
        let hops = self.stream.hops(&model, &self.model)?;
        match (&self.text, &self.data) {
            (Some(text), _) => predict(&model, &self.model, text),
            (None, Some(_)) => self.predict_rows(&model, file.parts(&self.model)?.1.columns(), hops),
            (None, None) if model.channels() > 0 => self.predict_frames(&model, hops),
            (None, None) => self.predict_lines(&model),
        }
    }

    fn predict_rows(&self, model: &Model<'_>, schema: ColumnNames, hops: Option<Hops>) -> Result<(), Error> {
        let source = Source::new(self.data.as_deref());
        let place = source.name();
        let mut classifier = HostClassifier::new(model).map_err(Error::of_model(&self.model))?;
        let stream = hops.map(|hops| Stream::new(model, Some(hops))).transpose();
        let mut stream = stream.map_err(Error::of_model(&self.model))?;
        let named = |error: InferenceError| error.named(&self.model, &place);
        let labels: Vec<&str> = model.labels().collect();
        let options = self.reading.options_without_labels().with_known_labels(&labels).with_schema(schema);
        let read = TestRows::read(&source, &options)?;
        let mut cut = CutRows::default();
        for row in &read.rows {
            match (&mut stream, &row.content) {
                (Some(stream), Content::Frames(frames)) => {
                    classifier.check(&row.content).map_err(named)?;
                    frames.iter().try_for_each(|frame| stream.push(frame, named))?;
                    stream.end(named)?;
                }
                (_, content) => {
                    let answer = answer(&mut classifier, content).map_err(named)?;
                    cut.count(&answer);
                    print_line(&describe(model, &answer))?;
                }
            }
        }
        cut.note(model.max_steps() as usize);
        read.say(&source);
        Ok(())
    }

    fn predict_frames(&self, model: &Model<'_>, hops: Option<Hops>) -> Result<(), Error> {
        let mut stream = Stream::new(model, hops).map_err(Error::of_model(&self.model))?;
        let named = |error: InferenceError| error.named(&self.model, STANDARD_INPUT);
        for_each_line(|line, number| {
            if line.trim().is_empty() {
                return stream.end(named);
            }
            let frame = parse_frame(line, model.channels(), Path::new(STANDARD_INPUT), number)?;
            stream.push(&frame, named)
        })?;
        stream.end(named)?;
        stream.note_cut();
        Ok(())
    }

    fn predict_lines(&self, model: &Model<'_>) -> Result<(), Error> {
        let mut cut = CutRows::default();
        for_each_line(|line, _| {
            cut.count(&print_prediction(model, &self.model, line)?);
            Ok(())
        })?;
        cut.note(model.max_steps() as usize);
        Ok(())
    }
}

/// Calls `each` with every line of standard input and its number, from 1.
fn for_each_line(mut each: impl FnMut(&str, usize) -> Result<(), Error>) -> Result<(), Error> {
    for (number, line) in (1..).zip(std::io::stdin().lock().lines()) {
        let path = || format!("{STANDARD_INPUT}, line {number}").into();
        each(&line.map_err(|source| Error::Unreadable { path: path(), source })?, number)?;
    }
    Ok(())
}

/// Prints class, probability and logits of a text, and says whether it was cut; `path`: the model's file.
pub(super) fn predict(model: &Model<'_>, path: &Path, text: &str) -> Result<(), Error> {
    let mut cut = CutRows::default();
    cut.count(&print_prediction(model, path, text)?);
    cut.note(model.max_steps() as usize);
    Ok(())
}

fn print_prediction(model: &Model<'_>, path: &Path, text: &str) -> Result<Answer, Error> {
    let mut classifier = HostClassifier::new(model).map_err(Error::of_model(path))?;
    let content = Content::Text(text.into());
    let answer = answer(&mut classifier, &content).map_err(|error| error.named(path, "the text"))?;
    print_line(&describe(model, &answer))?;
    Ok(answer)
}
