//! Answers over a stream of frames: "the last two seconds, every 200 ms".
//!
//! Classifiers are started a hop apart; each takes in every frame, and answers and is started anew when it has a whole span.
//! No frame is kept beside what a step is made of.

mod schedule;
mod settings;
mod slot;
mod smoothing;

pub use settings::{ResetPolicy, StreamSettings};

use schedule::Schedule;
use slot::{Answered, Parts};
use smoothing::{Smoothed, Smoothing, write_probabilities};

use crate::answer::{Logits, Prediction};
use crate::classifier::prediction;
use crate::error::Error;
use crate::format::Feature;
use crate::network::{Step, clear, with_network};
use crate::plan::Model;
use crate::sequence::check_frame;
use crate::text::TextReader;

/// Answers a stream of frames or of text by its last frames, after every hop, with a [`Model`].
///
/// `State` holds its 32-bit words of state, [`StreamSettings::required_words`] at least: a `&mut [u32]` that the caller owns,
/// an array, or on a desktop a `Vec<u32>`.
///
/// An answer is bit for bit that of a [`crate::Classifier`] that starts fresh and takes in the last
/// [`span`](StreamSettings::span) frames alone; smoothing averages the probabilities of the last answers. Before a whole span
/// has come, an answer is about all frames so far, is not averaged and not accepted: see [`StreamAnswer::is_settled`].
///
/// # Shapes and units
/// With `n = ceil(span / hop)` classifiers:
/// - memory: `n` times the words of one [`crate::Classifier`] and 6 words, `smoothing * classes` half-words, and
///   [`crate::reserve::STREAM_CLASSIFIER`] bytes; no frames, however long the span is;
/// - a frame: `n` steps, the same for each frame if the span is a multiple of the hop, otherwise at most one step less;
/// - a frame of a model whose steps are made several frames apart: at most `ceil(n / frame_stride)` steps. The steps that are
///   due at one frame are computed at that frame and the next ones, the oldest classifier's first, so that no answer waits;
/// - an answer: the head and a softmax, `smoothing * classes` additions, and the words of a classifier cleared before the next
///   frame.
///
/// [`StreamSettings::endless`] is the cheaper stream: one classifier, one step a frame. Its answers are about all frames since
/// the last reset: it fits a model that answers by its last state and was trained on long sequences. A maximum over all frames
/// never forgets, and a mean does so slowly.
///
/// A bidirectional model keeps the steps of each classifier, and an answer computes all of them at once: its frames cost next
/// to nothing, and its answers a whole span.
///
/// # Examples
/// ```
/// use runtime::{Model, StreamClassifier, StreamSettings};
///
/// static MODEL: Model<'static> = runtime::include_model!("../../../models/digits/digits.int8.rnl");
/// // Digits are 8 frames long: after every 4 frames an answer about the last 8.
/// const SETTINGS: StreamSettings = StreamSettings::last(8, 4);
///
/// # fn main() -> Result<(), runtime::Error> {
/// let mut state = [0; SETTINGS.required_words(&MODEL)];
/// let mut stream = StreamClassifier::new(&MODEL, SETTINGS, &mut state)?;
/// let one = [
///     [0, 0, 0, 12, 13, 5, 0, 0], [0, 0, 0, 11, 16, 9, 0, 0], [0, 0, 3, 15, 16, 6, 0, 0], [0, 7, 15, 16, 16, 2, 0, 0],
///     [0, 0, 1, 16, 16, 3, 0, 0], [0, 0, 1, 16, 16, 6, 0, 0], [0, 0, 1, 16, 16, 6, 0, 0], [0, 0, 0, 11, 16, 10, 0, 0],
/// ];
/// let mut found = Vec::new();
/// for frame in one {
///     if let Some(answer) = stream.push_frame(&frame)? {
///         found.push((answer.frames, answer.is_settled, answer.prediction.accepted));
///         if answer.prediction.accepted {
///             assert_eq!(answer.prediction.label, "1");
///         }
///     }
/// }
/// assert_eq!(found, [(4, false, false), (8, true, true)]);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct StreamClassifier<'c, 'm, State> {
    model: &'c Model<'m>,
    stream: Stream,
    reader: TextReader,
    state: State,
}

/// An answer of a [`StreamClassifier`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamAnswer<'m> {
    /// The class of the largest mean probability, and that mean; `accepted` is whether the answer is settled and the
    /// probability reaches the threshold.
    pub prediction: Prediction<'m>,
    /// Frames that the newest of the averaged answers is about: the span, or all frames so far where they are fewer.
    pub frames: u32,
    /// Whether it is about a whole span, and as many answers are averaged as [`StreamSettings::smoothing`] says: the stream
    /// is warm.
    pub is_settled: bool,
}

impl<'c, 'm, const WORDS: usize> StreamClassifier<'c, 'm, [u32; WORDS]> {
    /// [`Self::new`] as a constant function: the initial value of a `static`.
    ///
    /// # Panics
    /// If the array is too small or the settings do not fit the model: in a `static`, which this function is for, that is an
    /// error of the compiler.
    ///
    /// # Examples
    /// ```
    /// use runtime::{Model, StreamClassifier, StreamSettings};
    /// use std::sync::Mutex;
    ///
    /// static MODEL: Model<'static> = runtime::include_model!("../../../models/digits/digits.int8.rnl");
    /// const SETTINGS: StreamSettings = StreamSettings::last(8, 4);
    /// static STREAM: Mutex<StreamClassifier<'static, 'static, [u32; SETTINGS.required_words(&MODEL)]>> =
    ///     Mutex::new(StreamClassifier::in_static(&MODEL, SETTINGS));
    /// assert_eq!(STREAM.lock().unwrap().push_frame(&[0; 8]), Ok(None));
    /// ```
    #[inline]
    pub const fn in_static(model: &'c Model<'m>, settings: StreamSettings) -> Self {
        match settings.check_state(model, WORDS) {
            Ok(()) => Self { model, stream: Stream::new(settings), reader: TextReader::NEW, state: [0; WORDS] },
            Err(error) => error.end_compilation(),
        }
    }
}

impl<'c, 'm, State: AsMut<[u32]>> StreamClassifier<'c, 'm, State> {
    /// A classifier at the beginning of a stream. What `state` holds does not matter.
    ///
    /// # Errors
    /// [`Error::Stream`], [`Error::CapacityTooSmall`].
    ///
    /// # Panics
    /// Never.
    #[inline]
    pub fn new(model: &'c Model<'m>, settings: StreamSettings, mut state: State) -> Result<Self, Error> {
        settings.check_state(model, state.as_mut().len())?;
        clear(state.as_mut());
        Ok(Self { model, stream: Stream::new(settings), reader: TextReader::NEW, state })
    }

    /// Takes in a frame of integers as the sensor gives them, one a channel; an answer after every hop.
    ///
    /// # Shapes and units
    /// As [`crate::Classifier::push_frame`].
    ///
    /// # Errors
    /// [`Error::NoFrames`], [`Error::WrongChannels`]; the stream is then as before.
    ///
    /// # Panics
    /// Never.
    #[inline]
    pub fn push_frame(&mut self, frame: &[i32]) -> Result<Option<StreamAnswer<'m>>, Error> {
        check_frame(self.model, frame.len())?;
        Ok(self.stream.push(self.model, self.state.as_mut(), Step::Integers(frame)))
    }

    /// As [`Self::push_frame`], for sensors whose integers have 16 bits.
    ///
    /// # Errors
    /// As [`Self::push_frame`].
    ///
    /// # Panics
    /// Never.
    #[inline]
    pub fn push_frame_i16(&mut self, frame: &[i16]) -> Result<Option<StreamAnswer<'m>>, Error> {
        check_frame(self.model, frame.len())?;
        Ok(self.stream.push(self.model, self.state.as_mut(), Step::NarrowIntegers(frame)))
    }

    /// Takes in a frame of numbers in the units of the training data, as [`crate::Classifier::push_frame_f32`] does.
    ///
    /// # Errors
    /// As [`Self::push_frame`], and [`Error::NotFinite`].
    ///
    /// # Panics
    /// Never.
    #[cfg(feature = "float")]
    #[inline]
    pub fn push_frame_f32(&mut self, frame: &[f32]) -> Result<Option<StreamAnswer<'m>>, Error> {
        if let Some(channel) = frame.iter().position(|value| !value.is_finite()) {
            return Err(Error::NotFinite { channel: crate::error::saturated(channel) });
        }
        check_frame(self.model, frame.len())?;
        Ok(self.stream.push(self.model, self.state.as_mut(), Step::Floats(frame)))
    }

    /// Takes in a token; span and hop count tokens. One that the model does not have is an unknown word.
    ///
    /// # Errors
    /// [`Error::NoText`].
    ///
    /// # Panics
    /// Never.
    #[inline]
    pub fn push_token(&mut self, token: u32) -> Result<Option<StreamAnswer<'m>>, Error> {
        if self.model.text.is_none() {
            return Err(Error::NoText);
        }
        let step = Step::Token(self.model.known_token(token));
        Ok(self.stream.push(self.model, self.state.as_mut(), step))
    }

    /// Takes in text as bytes, cut anywhere; `each` sees the answers, as many as there are hops among the words or
    /// characters that are complete. A word that has begun is in no answer.
    ///
    /// # Errors
    /// [`Error::NoText`].
    ///
    /// # Panics
    /// Never, if `each` does not.
    #[inline]
    pub fn push_bytes(&mut self, bytes: &[u8], mut each: impl FnMut(StreamAnswer<'m>)) -> Result<(), Error> {
        let Self { model, stream, reader, state } = self;
        match &model.text {
            Some(input) if Feature::HAS_TEXT => {
                let state = state.as_mut();
                reader.push(input, bytes, |token| {
                    if let Some(answer) = stream.push(model, state, Step::Token(token)) {
                        each(answer);
                    }
                });
                Ok(())
            }
            _ => Err(Error::NoText),
        }
    }

    /// The logits of the last answer, not averaged, until more is pushed; zeros before the first answer.
    ///
    /// # Panics
    /// Never.
    #[inline]
    pub fn logits(&mut self) -> Logits<'_> {
        self.stream.logits(self.model, self.state.as_mut())
    }

    /// Its settings.
    #[inline]
    pub fn settings(&self) -> &StreamSettings {
        &self.stream.settings
    }

    /// Begins another stream, and forgets a word that has begun.
    ///
    /// # Panics
    /// Never.
    #[inline]
    pub fn reset(&mut self) {
        self.reader.reset();
        self.stream.reset();
    }
}

/// A stream without its words of state.
#[derive(Debug, Clone, Copy)]
struct Stream {
    settings: StreamSettings,
    schedule: Schedule,
    smoothing: Smoothing,
    /// The place of the classifier that answered last.
    answered: u32,
}

impl Stream {
    #[inline]
    const fn new(settings: StreamSettings) -> Self {
        Self { settings, schedule: Schedule::start(&settings), smoothing: Smoothing::START, answered: 0 }
    }

    #[inline]
    fn reset(&mut self) {
        self.schedule = Schedule::start(&self.settings);
        self.smoothing = Smoothing::START;
    }

    /// Takes in a frame or a token of the model's input.
    #[inline]
    fn push<'m>(&mut self, model: &Model<'m>, state: &mut [u32], step: Step<'_>) -> Option<StreamAnswer<'m>> {
        let Self { settings, schedule, .. } = self;
        let mut parts = Parts::take(settings, model, state);
        if let Some(place) = schedule.before_frame(settings)
            && let Some(mut member) = parts.member(model, place)
        {
            member.start();
        }
        let mut steps = most_steps_of_a_frame(settings, model);
        for place in schedule.places(settings) {
            let Some(mut member) = parts.member(model, place) else { continue };
            member.take(model, step);
            if steps > 0 && member.compute_prepared(model) {
                steps = steps.saturating_sub(1);
            }
        }
        if schedule.after_frame(settings) { self.answer(model, &mut parts) } else { None }
    }

    /// The answer of the oldest classifier, which ends with it if the next one would be about more than a span.
    #[inline]
    fn answer<'m>(&mut self, model: &Model<'m>, parts: &mut Parts<'_>) -> Option<StreamAnswer<'m>> {
        let Self { settings, schedule, smoothing, answered } = self;
        let place = schedule.places(settings).next()?;
        let member = parts.member(model, place)?;
        let frames = member.frames();
        *answered = place;
        let words = member.answer(model);
        let mut found = with_network!(model, network => prediction(model, network.logits(words)));
        let is_whole = settings.span.is_none_or(|span| frames >= span);
        let mut is_settled = false;
        if is_whole {
            let kept = smoothing.count(settings.smoothing);
            is_settled = smoothing.is_full(settings.smoothing);
            if settings.smoothing > 1 {
                let Smoothed { class, probability } = smooth(model, *smoothing, kept, place, parts);
                found = Prediction { class, label: model.label(class).unwrap_or_default(), probability, ..found };
            }
        }
        let Prediction { class, probability, .. } = found;
        let reaches = match settings.threshold {
            Some(threshold) => probability.q15() >= threshold,
            None => model.accepts(class, probability),
        };
        found.accepted = is_settled && reaches;
        if settings.span.is_some_and(|span| frames.saturating_add(settings.hop) > span) {
            schedule.end_oldest(settings);
        }
        if found.accepted && settings.reset == ResetPolicy::AfterAccepted {
            self.reset();
        }
        Some(StreamAnswer { prediction: found, frames, is_settled })
    }

    #[inline]
    fn logits<'w>(&self, model: &Model<'_>, state: &'w mut [u32]) -> Logits<'w> {
        let words = Parts::take(&self.settings, model, state).into_words(model, self.answered);
        with_network!(model, network => network.logits(words))
    }
}

/// Steps of several frames that are computed at a frame: as many as are due in the mean, rounded up.
#[inline]
fn most_steps_of_a_frame(settings: &StreamSettings, model: &Model<'_>) -> u32 {
    let stride = model.frames().map_or(1, |frames| u32::from(frames.frame_stride).max(1));
    settings.classifiers().div_ceil(stride)
}

/// Keeps the probabilities of an answer and averages.
#[inline]
fn smooth(model: &Model<'_>, smoothing: Smoothing, kept: usize, place: u32, parts: &mut Parts<'_>) -> Smoothed {
    let classes = model.head.classes();
    let start = kept.saturating_mul(classes);
    let Answered { words, probabilities } = parts.answered(model, place);
    let target = probabilities.get_mut(start..start.saturating_add(classes)).unwrap_or_default();
    with_network!(model, network => write_probabilities(model, network.logits(words), target));
    smoothing.mean(probabilities, classes)
}
