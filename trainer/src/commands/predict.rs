use std::collections::BTreeSet;
use std::io::BufRead;
use std::path::{Path, PathBuf};

use clap::Args;
use runtime::{Model, StreamSettings};
use trainer::Error;
use trainer::data::{ColumnNames, Content, ReadOptions, Source, parse_frame};
use trainer::export::ModelFile;
use trainer::inference::{Answer, HostClassifier, InferenceError, answer};
use trainer::output::{Claim, Output};

use super::answer_form::AnswerForm;
use super::answers::AnsweredRows;
use super::prompt;
use super::reading::{Reading, TestRows, note_test_rows};
use super::stream::{Hops, Stream, StreamArguments};
use super::{CutRows, print_written};

/// How standard input is named in messages.
const STANDARD_INPUT: &str = "standard input";

/// Classifies a text, the rows of a file, or what comes on standard input: a text a line, or a frame of numbers a line
/// with commas between them, where an empty line ends a sequence.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trainer predict home.rnl \"could you dim the lamp a bit\"
  cat sentences.txt | trainer predict home.rnl
  trainer predict reviews.rnl --data new.csv --out answered.csv
  trainer predict home.rnl                              on a terminal: a prompt; a bar per class for each line
  trainer predict home.rnl \"lights off\" --json
  read-sensor | trainer predict wand.rnl --hop 10       every 10 frames an answer about the last ones")]
pub(crate) struct Predict {
    /// The model file.
    model: PathBuf,
    /// The text. Without it and --data: lines of standard input; on a terminal, a prompt that shows a bar per class.
    #[arg(conflicts_with = "data")]
    text: Option<String>,
    /// A file of rows as `trainer train --data` takes it, labels not needed; a folder with test.csv, or
    /// `digits`. One answer per row.
    #[arg(long)]
    data: Option<PathBuf>,
    /// A new file for the rows of --data with their own columns, the predicted class and its probability, instead of
    /// lines on standard output: .csv, .tsv or .jsonl.
    #[arg(long, value_name = "FILE", requires = "data", conflicts_with = "hop")]
    out: Option<PathBuf>,
    /// Overwrite a file that exists.
    #[arg(long, requires = "out")]
    force: bool,
    /// Print each answer as a line of JSON: class, probability, and each class's probability, logit and raw logit (an int8
    /// model's integer, in units of 2^-16; else the bits of an f32).
    #[arg(long, conflicts_with = "out")]
    json: bool,
    #[command(flatten)]
    reading: Reading,
    #[command(flatten)]
    stream: StreamArguments,
}

impl Predict {
    pub(crate) fn run(&self) -> Result<(), Error> {
        self.reading.needs_rows(self.data.is_some())?;
        let answered = self.out.as_deref().map(AnsweredRows::new).transpose()?;
        let output = self.out.as_deref().map(|path| self.claim(path)).transpose()?;
        let file = ModelFile::read(&self.model)?;
        let model = file.parse(&self.model)?;
        let hops = self.stream.hops(&model, &self.model)?;
        hops.iter().for_each(Hops::say);
        let hops = hops.map(|hops| hops.settings);
        if let Some((output, answered)) = output.zip(answered) {
            return self.write_answers(&model, file.parts(&self.model)?.1.columns(), answered, &output);
        }
        match (&self.text, &self.data) {
            (Some(text), _) => answer_text(&model, &self.model, text, self.form()),
            (None, Some(_)) => self.predict_rows(&model, file.parts(&self.model)?.1.columns(), hops),
            (None, None) if hops.is_none() && !self.json && prompt::is_there() => {
                prompt::answer_lines(&model, &self.model, std::io::stdin().lock(), &mut std::io::stdout().lock())
            }
            (None, None) if model.channels() > 0 => self.predict_frames(&model, hops),
            (None, None) => self.predict_lines(&model),
        }
    }

    fn form(&self) -> AnswerForm {
        if self.json { AnswerForm::Json } else { AnswerForm::Line }
    }

    fn claim(&self, path: &Path) -> Result<Output, Error> {
        let inputs: Vec<&Path> = [Some(self.model.as_path()), self.data.as_deref()].into_iter().flatten().collect();
        Output::claim(path, &Claim { option: "--out", force: self.force, inputs: &inputs })
    }

    /// How the rows of a model with these columns and labels are read.
    fn options(&self, model: &Model<'_>, schema: ColumnNames) -> Result<ReadOptions, Error> {
        let labels: Vec<&str> = model.labels().collect();
        Ok(self.reading.options_without_labels()?.with_known_labels(&labels).with_schema(schema))
    }

    fn write_answers(
        &self,
        model: &Model<'_>,
        schema: ColumnNames,
        mut answered: AnsweredRows,
        output: &Output,
    ) -> Result<(), Error> {
        let source = Source::new(self.data.as_deref());
        let mut classifier = HostClassifier::new(model).map_err(Error::of_model(&self.model))?;
        let mut rows = source.test_rows(&self.options(model, schema)?)?;
        answered.name_columns(rows.field_names())?;
        let mut cut = CutRows::default();
        let mut classes = BTreeSet::new();
        while let Some((row, fields)) = rows.next_with_fields()? {
            let answer = answer(&mut classifier, &row.content);
            let answer = answer.map_err(|error| error.named(&self.model, &source.name()))?;
            cut.count(&answer);
            classes.insert(row.label);
            answered.add(fields, model, &answer)?;
        }
        classes.remove("");
        answered.write(output)?;
        cut.note(model.max_steps() as usize);
        note_test_rows(&source, &rows.layout(), cut.rows, classes.len());
        print_written(output, &format!("{}: {} rows", output.path().display(), cut.rows))
    }

    fn predict_rows(&self, model: &Model<'_>, schema: ColumnNames, hops: Option<StreamSettings>) -> Result<(), Error> {
        let source = Source::new(self.data.as_deref());
        let place = source.name();
        let mut classifier = HostClassifier::new(model).map_err(Error::of_model(&self.model))?;
        let stream = hops.map(|hops| Stream::new(model, Some(hops), self.form())).transpose();
        let mut stream = stream.map_err(Error::of_model(&self.model))?;
        let named = |error: InferenceError| error.named(&self.model, &place);
        let read = TestRows::read(&source, &self.options(model, schema)?)?;
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
                    self.form().print(model, &answer, None)?;
                }
            }
        }
        cut.note(model.max_steps() as usize);
        read.say(&source);
        Ok(())
    }

    fn predict_frames(&self, model: &Model<'_>, hops: Option<StreamSettings>) -> Result<(), Error> {
        let mut stream = Stream::new(model, hops, self.form()).map_err(Error::of_model(&self.model))?;
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
            cut.count(&print_prediction(model, &self.model, line, self.form())?);
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
    answer_text(model, path, text, AnswerForm::Line)
}

fn answer_text(model: &Model<'_>, path: &Path, text: &str, form: AnswerForm) -> Result<(), Error> {
    let mut cut = CutRows::default();
    cut.count(&print_prediction(model, path, text, form)?);
    cut.note(model.max_steps() as usize);
    Ok(())
}

fn print_prediction(model: &Model<'_>, path: &Path, text: &str, form: AnswerForm) -> Result<Answer, Error> {
    let mut classifier = HostClassifier::new(model).map_err(Error::of_model(path))?;
    let content = Content::Text(text.into());
    let answer = answer(&mut classifier, &content).map_err(|error| error.named(path, "the text"))?;
    form.print(model, &answer, None)?;
    Ok(answer)
}
