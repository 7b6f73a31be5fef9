use std::path::Path;

use clap::Args;
use runtime::{Model, StreamSettings};
use trainer::export::PartTwo;
use trainer::inference::{HostClassifier, InferenceError, current_answer};
use trainer::stream::{HostStream, MOST_STREAM_WORDS};
use trainer::{Error, note};

use super::CutRows;
use super::answer_form::AnswerForm;

/// When a stream is answered, and how much of it each answer is about.
#[derive(Debug, Args)]
pub(super) struct StreamArguments {
    /// Answer after every N frames, about the last frames (see --span); `predict` prints the number of frames so far with
    /// each answer, and also answers at the end of a sequence
    #[arg(long, value_name = "N")]
    hop: Option<u32>,
    /// With --hop: the number of last frames that an answer is about [default: the longest training row]
    #[arg(long, value_name = "M")]
    span: Option<u32>,
}

/// The settings of a stream, and a line that describes them.
pub(super) struct Hops {
    pub(super) settings: StreamSettings,
    about: String,
}

impl Hops {
    /// Says on standard error what answers are about.
    pub(super) fn say(&self) {
        note(&self.about);
    }
}

impl StreamArguments {
    /// Whether one of them is given.
    pub(super) fn is_given(&self) -> bool {
        self.hop.is_some() || self.span.is_some()
    }

    /// Checks the arguments against the model of a file.
    ///
    /// # Errors
    /// [`Error::Setting`].
    pub(super) fn hops(&self, model: &Model<'_>, path: &Path) -> Result<Option<Hops>, Error> {
        let refuse = |problem: String| Err(Error::Setting(problem));
        let longest = (model.max_steps() < u32::MAX).then(|| StreamSettings::largest_span(model));
        let Some(every) = self.every(model, path)? else {
            return match self.span {
                Some(span) => refuse(format!("--span {span} needs --hop: without it an answer is about all frames")),
                None => Ok(None),
            };
        };
        let part_two = model.part_two().and_then(|bytes| PartTwo::decode(bytes).ok());
        let trained = part_two.map(|part_two| part_two.longest_row).filter(|frames| *frames > 0);
        let (span, why) = match (self.span, trained, longest) {
            (Some(0), ..) => return refuse("--span 0: expected 1 or more frames".into()),
            (Some(span), _, Some(longest)) if span > longest => {
                return refuse(format!("--span {span}: expected 1 to {longest}, the steps that this model keeps"));
            }
            (Some(span), ..) => (span, ""),
            (None, Some(trained), longest) => {
                (trained.min(longest.unwrap_or(u32::MAX)), ", as many as the longest training row has")
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
        let settings = StreamSettings::last(span, every);
        if settings.required_words(model) > MOST_STREAM_WORDS {
            let (classifiers, most) = (settings.classifiers(), (MOST_STREAM_WORDS * size_of::<u32>()) >> 20);
            return refuse(format!(
                "--span {span} --hop {every}: {classifiers} classifiers need more than {most} MiB; choose a larger --hop or a \
                 smaller --span"
            ));
        }
        Ok(Some(Hops { settings, about: format!("each answer is about the last {span} frames{why}") }))
    }

    /// As [`Self::hops`], of a stream without a span.
    ///
    /// # Errors
    /// [`Error::Setting`].
    pub(super) fn endless(&self, model: &Model<'_>, path: &Path) -> Result<Option<Hops>, Error> {
        let Some(every) = self.every(model, path)? else { return Ok(None) };
        let settings = StreamSettings::endless(every);
        if settings.check(model).is_err() {
            let (path, longest) = (path.display(), StreamSettings::largest_span(model));
            let problem =
                format!("--endless: {path} keeps {longest} frames and no more; give a --span up to that instead");
            return Err(Error::Setting(problem));
        }
        Ok(Some(Hops { settings, about: "each answer is about all frames of a recording so far".into() }))
    }

    /// The hop, if it is given.
    fn every(&self, model: &Model<'_>, path: &Path) -> Result<Option<u32>, Error> {
        match self.hop {
            Some(0) => Err(Error::Setting("--hop 0: expected 1 or more frames".into())),
            Some(_) if model.channels() == 0 => {
                Err(Error::Setting(format!("--hop: {} classifies texts, not frames", path.display())))
            }
            hop => Ok(hop),
        }
    }
}

/// Frames that are classified while they come.
pub(super) struct Stream<'c, 'm> {
    model: &'c Model<'m>,
    classifier: Streamed<'c, 'm>,
    form: AnswerForm,
    cut: CutRows,
}

/// When a sequence of frames is answered.
enum Streamed<'c, 'm> {
    /// At its end, with the frames that it has.
    AtEnd(HostClassifier<'c, 'm>, usize),
    /// After each hop and at its end.
    Hops(HostStream<'c, 'm>),
}

impl<'c, 'm> Stream<'c, 'm> {
    /// The start of a sequence, which is answered at its end and, with settings, after each hop.
    ///
    /// # Errors
    /// As [`HostClassifier::new`] and [`HostStream::new`].
    pub(super) fn new(
        model: &'c Model<'m>,
        settings: Option<StreamSettings>,
        form: AnswerForm,
    ) -> Result<Self, runtime::Error> {
        let classifier = match settings {
            None => Streamed::AtEnd(HostClassifier::new(model)?, 0),
            Some(settings) => Streamed::Hops(HostStream::new(model, settings)?),
        };
        Ok(Self { model, classifier, form, cut: CutRows::default() })
    }

    /// Takes in a frame, and answers where it is time.
    ///
    /// # Errors
    /// As `named` has those of [`HostStream::push_values`]; [`Error::Unwritable`].
    pub(super) fn push(&mut self, frame: &[f32], named: impl Fn(InferenceError) -> Error) -> Result<(), Error> {
        match &mut self.classifier {
            Streamed::AtEnd(classifier, frames) => {
                classifier.push_values(frame).map_err(named)?;
                *frames += 1;
            }
            Streamed::Hops(stream) => {
                if let Some(answered) = stream.push_values(frame).map_err(named)? {
                    self.form.print(self.model, &answered.answer, Some(stream.frames()))?;
                }
            }
        }
        Ok(())
    }

    /// Answers the sequence, if it has a frame and was not answered after its last one, and begins another.
    ///
    /// # Errors
    /// As [`Self::push`].
    pub(super) fn end(&mut self, named: impl Fn(InferenceError) -> Error) -> Result<(), Error> {
        match &mut self.classifier {
            Streamed::AtEnd(classifier, frames) => {
                if std::mem::take(frames) > 0 {
                    let answer = current_answer(classifier);
                    self.cut.count(&answer);
                    self.form.print(self.model, &answer, None)?;
                }
                classifier.reset();
            }
            Streamed::Hops(stream) => {
                if let Some(answer) = stream.last_answer().map_err(named)? {
                    self.form.print(self.model, &answer, Some(stream.frames()))?;
                }
                stream.reset();
            }
        }
        Ok(())
    }

    /// Says how many sequences were cut.
    pub(super) fn note_cut(&self) {
        self.cut.note(self.model.max_steps() as usize);
    }
}
