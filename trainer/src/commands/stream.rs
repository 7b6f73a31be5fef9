use std::path::Path;

use clap::Args;
use runtime::Model;
use trainer::export::PartTwo;
use trainer::inference::InferenceError;
use trainer::span::SpanClassifier;
use trainer::{Error, note};

use super::CutRows;
use super::answer_form::AnswerForm;

/// When a stream is answered, and how much of it each answer is about.
#[derive(Debug, Args)]
pub(super) struct StreamArguments {
    /// Answer after every N frames of a sequence and at its end, by its last frames; the number of frames comes first
    #[arg(long, value_name = "N")]
    hop: Option<usize>,
    /// With --hop: the number of last frames that an answer is about [default: the longest training row]
    #[arg(long, value_name = "M")]
    span: Option<usize>,
}

/// Answers while frames come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hops {
    every: usize,
    span: usize,
}

impl StreamArguments {
    /// Checks the arguments against the model of a file, and says on standard error what answers are about.
    ///
    /// # Errors
    /// [`Error::Setting`].
    pub(super) fn hops(&self, model: &Model<'_>, path: &Path) -> Result<Option<Hops>, Error> {
        let refuse = |problem: String| Err(Error::Setting(problem));
        let longest = (model.max_steps() < u32::MAX).then_some(model.max_steps() as usize);
        let Some(every) = self.hop else {
            return match self.span {
                Some(span) => refuse(format!("--span {span} needs --hop: without it an answer is about all frames")),
                None => Ok(None),
            };
        };
        if every == 0 {
            return refuse("--hop 0: expected 1 or more frames".into());
        }
        if model.channels() == 0 {
            return refuse(format!("--hop: {} classifies texts, not frames", path.display()));
        }
        let part_two = model.part_two().and_then(|bytes| PartTwo::decode(bytes).ok());
        let trained = part_two.map(|part_two| part_two.longest_row).filter(|frames| *frames > 0);
        let (span, why) = match (self.span, trained, longest) {
            (Some(0), ..) => return refuse("--span 0: expected 1 or more frames".into()),
            (Some(span), _, Some(longest)) if span > longest => {
                return refuse(format!("--span {span}: expected 1 to {longest}, the steps that this model keeps"));
            }
            (Some(span), ..) => (span, ""),
            (None, Some(trained), longest) => {
                ((trained as usize).min(longest.unwrap_or(usize::MAX)), ", as many as the longest training row has")
            }
            (None, None, Some(longest)) => (longest, ", as many as this model keeps"),
            (None, None, None) => {
                return refuse(format!(
                    "--hop: {} does not say how long its training rows were; add --span N, the number of last frames \
                     that an answer is about",
                    path.display()
                ));
            }
        };
        note(&format!("each answer is about the last {span} frames{why}"));
        Ok(Some(Hops { every, span }))
    }
}

/// Frames that are classified while they come.
pub(super) struct Stream<'c, 'm> {
    model: &'c Model<'m>,
    classifier: SpanClassifier<'c, 'm>,
    hop: Option<usize>,
    form: AnswerForm,
    cut: CutRows,
}

impl<'c, 'm> Stream<'c, 'm> {
    /// The start of a sequence.
    ///
    /// # Errors
    /// As [`SpanClassifier::new`].
    pub(super) fn new(model: &'c Model<'m>, hops: Option<Hops>, form: AnswerForm) -> Result<Self, runtime::Error> {
        let classifier = SpanClassifier::new(model, hops.map(|hops| hops.span))?;
        Ok(Self { model, classifier, hop: hops.map(|hops| hops.every), form, cut: CutRows::default() })
    }

    /// Takes in a frame, and answers where it is time.
    ///
    /// # Errors
    /// As `named` has those of [`SpanClassifier::push_values`]; [`Error::Unwritable`].
    pub(super) fn push(&mut self, frame: &[f32], named: impl Fn(InferenceError) -> Error) -> Result<(), Error> {
        self.classifier.push_values(frame).map_err(&named)?;
        if self.is_at_hop() { self.print_answer(named) } else { Ok(()) }
    }

    /// Answers the sequence, if it has a frame and was not answered after its last one, and begins another.
    ///
    /// # Errors
    /// As [`Self::push`].
    pub(super) fn end(&mut self, named: impl Fn(InferenceError) -> Error) -> Result<(), Error> {
        if self.classifier.frames() > 0 && !self.is_at_hop() {
            self.print_answer(named)?;
        }
        self.classifier.reset();
        Ok(())
    }

    /// Says how many sequences were cut.
    pub(super) fn note_cut(&self) {
        self.cut.note(self.model.max_steps() as usize);
    }

    fn is_at_hop(&self) -> bool {
        self.hop.is_some_and(|hop| self.classifier.frames().is_multiple_of(hop))
    }

    fn print_answer(&mut self, named: impl Fn(InferenceError) -> Error) -> Result<(), Error> {
        let answer = self.classifier.answer().map_err(named)?;
        self.cut.count(&answer);
        self.form.print(self.model, &answer, self.hop.map(|_| self.classifier.frames()))
    }
}
