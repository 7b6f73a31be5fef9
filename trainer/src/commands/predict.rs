use std::io::BufRead;
use std::path::{Path, PathBuf};

use clap::Args;
use runtime::Model;
use trainer::data::{Content, Row, Source, parse_frame};
use trainer::export::ModelFile;
use trainer::inference::{Answer, HostClassifier, InferenceError, answer, current_answer, row_answers};
use trainer::{Error, note};

use super::print_line;
use super::reading::{Reading, TestRows};

/// How standard input is named in messages.
const STANDARD_INPUT: &str = "standard input";

/// Classifies a text, the rows of a file, or what comes on standard input: a text a line, or a frame of numbers a line
/// with commas between them, where an empty line ends a sequence.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trainer predict home.rnl \"could you dim the lamp a bit\"
  cat sentences.txt | trainer predict home.rnl
  read-sensor | trainer predict wand.rnl --hop 10       an answer every 10 frames")]
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
    /// Also answer after every N frames of a sequence, with their number first.
    #[arg(long, value_name = "N")]
    hop: Option<usize>,
}

impl Predict {
    pub(crate) fn run(&self) -> Result<(), Error> {
        let file = ModelFile::read(&self.model)?;
        let model = file.parse(&self.model)?;
        if self.hop == Some(0) {
            return Err(Error::Setting("--hop 0: expected 1 or more frames".into()));
        }
        if self.hop.is_some() && model.channels() == 0 {
            return Err(Error::Setting(format!("--hop: {} classifies texts, not frames", self.model.display())));
        }
        match (&self.text, &self.data) {
            (Some(text), _) => predict(&model, &self.model, text),
            (None, Some(_)) => self.predict_rows(&model),
            (None, None) if model.channels() > 0 => self.predict_frames(&model),
            (None, None) => self.predict_lines(&model),
        }
    }

    fn predict_rows(&self, model: &Model<'_>) -> Result<(), Error> {
        let source = Source::new(self.data.as_deref());
        let mut stream = Stream::new(model, self.hop).map_err(Error::of_model(&self.model))?;
        let named = |error: InferenceError| error.named(&self.model, &source.name());
        let labels: Vec<&str> = model.labels().collect();
        let read = TestRows::read(&source, &self.reading.options_without_labels().with_known_labels(&labels))?;
        for row in &read.rows {
            match &row.content {
                Content::Text(_) => {
                    let answer = answer(&mut stream.classifier, &row.content).map_err(named)?;
                    print_line(&describe(model, &answer))?;
                }
                Content::Frames(frames) => {
                    stream.classifier.check(&row.content).map_err(named)?;
                    for frame in frames.iter() {
                        stream.push(frame, named)?;
                    }
                    stream.end()?;
                }
            }
        }
        read.say(&source);
        Ok(())
    }

    fn predict_frames(&self, model: &Model<'_>) -> Result<(), Error> {
        let mut stream = Stream::new(model, self.hop).map_err(Error::of_model(&self.model))?;
        for_each_line(|line, number| {
            if line.trim().is_empty() {
                return stream.end();
            }
            let frame = parse_frame(line, model.channels(), Path::new(STANDARD_INPUT), number)?;
            stream.push(&frame, |error| error.named(&self.model, STANDARD_INPUT))
        })?;
        stream.end()
    }

    fn predict_lines(&self, model: &Model<'_>) -> Result<(), Error> {
        for_each_line(|line, _| predict(model, &self.model, line))
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

/// Frames that are classified while they come.
struct Stream<'c, 'm> {
    model: &'c Model<'m>,
    classifier: HostClassifier<'c, 'm>,
    hop: Option<usize>,
    /// Frames of this sequence.
    frames: usize,
}

impl<'c, 'm> Stream<'c, 'm> {
    fn new(model: &'c Model<'m>, hop: Option<usize>) -> Result<Self, runtime::Error> {
        Ok(Self { model, classifier: HostClassifier::new(model)?, hop, frames: 0 })
    }

    fn push(&mut self, frame: &[f32], named: impl Fn(InferenceError) -> Error) -> Result<(), Error> {
        self.classifier.push_values(frame).map_err(named)?;
        self.frames += 1;
        if self.is_at_hop() { self.print_answer() } else { Ok(()) }
    }

    /// Answers the sequence, if it has a frame and was not answered after its last one, and begins another.
    fn end(&mut self) -> Result<(), Error> {
        if self.frames > 0 && !self.is_at_hop() {
            self.print_answer()?;
        }
        let refused = self.classifier.refused_steps();
        if refused > 0 {
            let (frames, longest) = (self.frames, self.model.max_steps());
            note(&format!("the last {refused} of {frames} frames were ignored: the model takes in at most {longest}"));
        }
        self.classifier.reset();
        self.frames = 0;
        Ok(())
    }

    fn is_at_hop(&self) -> bool {
        self.hop.is_some_and(|hop| self.frames.is_multiple_of(hop))
    }

    fn print_answer(&mut self) -> Result<(), Error> {
        let answer = describe(self.model, &current_answer(&mut self.classifier));
        match self.hop {
            Some(_) => print_line(&format!("{:>6}  {answer}", self.frames)),
            None => print_line(&answer),
        }
    }
}

/// Prints class, probability and logits of a text; `path`: the model's file.
pub(super) fn predict(model: &Model<'_>, path: &Path, text: &str) -> Result<(), Error> {
    let rows = [Row::of_text("", text)];
    let answers = row_answers(model, &rows).map_err(|error| error.named(path, "the text"))?;
    answers.iter().try_for_each(|answer| print_line(&describe(model, answer)))
}

fn describe(model: &Model<'_>, answer: &Answer) -> String {
    let label = model.label(answer.class).unwrap_or_default();
    let logits: Vec<String> = answer.logits.iter().map(|logit| format!("{logit:.3}")).collect();
    format!("{label}  {}  logits {}", answer.probability, logits.join(" "))
}
