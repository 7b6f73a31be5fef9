use crate::answer::{Logits, Prediction};
use crate::error::{Error, saturated};
use crate::format::Feature;
use crate::network::{LayerState, Step, StepState, clear, with_network};
#[cfg(feature = "float")]
use crate::numeric::softmax_float;
use crate::numeric::{Probability, argmax, softmax_fixed};
use crate::plan::Model;
use crate::sequence::{LongInput, Pushed, Sequence};
use crate::text::TextReader;

/// Classifies one sequence at a time with a [`Model`].
///
/// `State` holds its 32-bit words of state, [`Model::required_words`] at least: a `&mut [u32]` that the caller owns, an
/// array, or on a desktop a `Vec<u32>`. For a model that is part of the firmware [`crate::required_capacity`] is their
/// number while compiling.
///
/// # Statics
/// A classifier that lives in a `static` borrows a state that does so too, as `static_cell` or `cortex_m::singleton!` lend it
/// once, or is made by the constant [`Self::in_static`].
///
/// # Streaming and bidirectional models
/// A model whose layers run from the first step to the last computes each step when it is pushed, in memory that
/// does not depend on the sequence; [`Self::predict`] costs the head alone, and a step for a word that has begun. Its
/// stream goes on without an end, unless [`Model::max_steps`] says otherwise: a file of an earlier version may have a
/// limit. Each answer is about all steps since the last [`Self::reset`]; for answers about the last
/// frames alone, as `trainer predict --hop --span` gives, see [`crate::StreamClassifier`].
///
/// A model with a layer that runs in reverse ([`Model::is_bidirectional`]) keeps its steps, at most
/// [`Model::max_steps`]; [`Self::predict`] computes all of them, and again after more was pushed. What happens with
/// further steps is the choice of [`LongInput`].
///
/// Every `push_*` tells whether its steps were taken in: see [`Pushed`].
///
/// # Input of another kind
/// A frame for a model of text is an error. Text or a token for a model of frames cannot be one, as pushing text
/// never fails: each call is ignored and counts as one refused step ([`Pushed::refused`], [`Self::refused_steps`]).
///
/// # Examples
/// ```
/// # fn main() -> Result<(), runtime::Error> {
/// # static MODEL: &runtime::Aligned<[u8]> =
/// #     &runtime::Aligned(*include_bytes!("../../models/home-commands/home-commands.int8.rnl"));
/// let model = runtime::Model::parse(&MODEL.0)?;
/// let mut state = [0; runtime::required_capacity(&MODEL.0)];
/// let mut classifier = runtime::Classifier::new(&model, &mut state)?;
/// let pushed = classifier.push_text("kitchen lights off");
/// assert_eq!(pushed, runtime::Pushed { taken: 2, refused: 0 });    // "off" may go on
/// assert_eq!(classifier.predict().label, "lights_off");            // as if the text ended here
/// classifier.push_text("ice");                                     // "kitchen lights office"
/// classifier.reset();
/// assert_eq!(classifier.push_frame(&[1, 2, 3]), Err(runtime::Error::NoFrames));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Classifier<'c, 'm, State> {
    model: &'c Model<'m>,
    reader: TextReader,
    sequence: Sequence,
    state: State,
}

impl<'c, 'm, const WORDS: usize> Classifier<'c, 'm, [u32; WORDS]> {
    /// [`Self::new`] as a constant function: the initial value of a `static`.
    ///
    /// # Panics
    /// If the array is too small for the model: in a `static`, which this function is for, that is an error of the compiler
    /// with these words.
    ///
    /// # Examples
    /// ```
    /// use std::sync::Mutex;
    /// static MODEL: runtime::Model<'static> =
    ///     runtime::include_model!("../../models/home-commands/home-commands.int8.rnl");
    /// static CLASSIFIER: Mutex<runtime::Classifier<'static, 'static, [u32; MODEL.required_words()]>> =
    ///     Mutex::new(runtime::Classifier::in_static(&MODEL));
    /// let mut classifier = CLASSIFIER.lock().unwrap();
    /// classifier.push_text("kitchen lights off");
    /// assert_eq!(classifier.predict().label, "lights_off");
    /// ```
    #[inline]
    pub const fn in_static(model: &'c Model<'m>) -> Self {
        assert!(WORDS >= model.required_words(), "the state has fewer words than the model needs");
        Self { model, reader: TextReader::NEW, sequence: Sequence::new(LongInput::Refuse), state: [0; WORDS] }
    }
}

impl<'c, 'm, State: AsMut<[u32]>> Classifier<'c, 'm, State> {
    /// A classifier at the start of a sequence, which refuses steps beyond the model's largest number. What `state` holds
    /// does not matter.
    ///
    /// # Errors
    /// [`Error::CapacityTooSmall`].
    ///
    /// # Panics
    /// Never.
    #[inline]
    pub fn new(model: &'c Model<'m>, state: State) -> Result<Self, Error> {
        Self::with_long_input(model, state, LongInput::Refuse)
    }

    /// A classifier at the start of a sequence, with a choice for steps beyond the model's largest number.
    ///
    /// # Errors
    /// [`Error::CapacityTooSmall`]; [`Error::WindowOfStreaming`] for [`LongInput::Window`] and a model that keeps
    /// no steps.
    ///
    /// # Panics
    /// Never.
    #[inline]
    pub fn with_long_input(model: &'c Model<'m>, mut state: State, long_input: LongInput) -> Result<Self, Error> {
        prepare(model, state.as_mut(), long_input)?;
        Ok(Self { model, reader: TextReader::NEW, sequence: Sequence::new(long_input), state })
    }

    /// The model that it classifies with.
    #[inline]
    pub fn model(&self) -> &'c Model<'m> {
        self.model
    }

    /// Takes in more text: one step for every word, character or byte that is complete, as the model's input has
    /// it; see [`crate::text`].
    ///
    /// # Panics
    /// Never.
    #[inline]
    pub fn push_text(&mut self, text: &str) -> Pushed {
        self.push_bytes(text.as_bytes())
    }

    /// Takes in more text as bytes, cut anywhere, as a serial line delivers it.
    ///
    /// # Panics
    /// Never.
    #[inline]
    pub fn push_bytes(&mut self, bytes: &[u8]) -> Pushed {
        let Self { model, reader, sequence, state } = self;
        push_bytes(model, reader, sequence, state.as_mut(), bytes)
    }

    /// One step with a token. One that the model does not have is an unknown word.
    ///
    /// # Panics
    /// Never.
    #[inline]
    pub fn push_token(&mut self, token: u32) -> Pushed {
        let Self { model, sequence, state, .. } = self;
        if model.text.is_some() {
            sequence.take(model, state.as_mut(), Step::Token(model.known_token(token)))
        } else {
            sequence.refuse()
        }
    }

    /// Takes in a frame of integers as the sensor gives them, one a channel: a step, or part of one where several frames
    /// make it ([`crate::format::Frames`]).
    ///
    /// # Shapes and units
    /// `[channels]`; 1 stands for the channel's unit, see [`Model::frame_unit`].
    ///
    /// # Errors
    /// [`Error::NoFrames`], [`Error::WrongChannels`]; the sequence is then as before. A frame beyond the model's
    /// largest number of steps is no error: [`Pushed::refused`] is 1.
    ///
    /// # Panics
    /// Never.
    #[inline]
    pub fn push_frame(&mut self, frame: &[i32]) -> Result<Pushed, Error> {
        let Self { model, sequence, state, .. } = self;
        sequence.take_frame(model, state.as_mut(), frame.len(), Step::Integers(frame))
    }

    /// As [`Self::push_frame`], for sensors whose integers have 16 bits.
    ///
    /// # Errors
    /// As [`Self::push_frame`].
    ///
    /// # Panics
    /// Never.
    #[inline]
    pub fn push_frame_i16(&mut self, frame: &[i16]) -> Result<Pushed, Error> {
        let Self { model, sequence, state, .. } = self;
        sequence.take_frame(model, state.as_mut(), frame.len(), Step::NarrowIntegers(frame))
    }

    /// Takes in a frame of numbers in the units of the training data, one a channel.
    ///
    /// An int8 model takes them in as [`Self::push_frame`] does the integers nearest to `value / unit` (halves away
    /// from zero), saturated to 32 bits.
    ///
    /// # Errors
    /// As [`Self::push_frame`], and [`Error::NotFinite`].
    ///
    /// # Panics
    /// Never.
    #[cfg(feature = "float")]
    #[inline]
    pub fn push_frame_f32(&mut self, frame: &[f32]) -> Result<Pushed, Error> {
        let Self { model, sequence, state, .. } = self;
        if let Some(channel) = frame.iter().position(|value| !value.is_finite()) {
            return Err(Error::NotFinite { channel: saturated(channel) });
        }
        sequence.take_frame(model, state.as_mut(), frame.len(), Step::Floats(frame))
    }

    /// The answer for what was pushed since the last reset, as if it ended here. It changes no later answer: a word or
    /// character that has begun is taken in on a copy of the states, and goes on with what is pushed next.
    ///
    /// A sequence of too few frames for a step is answered as if its first frame had come again and again before it. One
    /// shorter than [`Model::pad_to`] is answered as if padding followed up to there.
    ///
    /// # Panics
    /// Never.
    #[inline]
    pub fn predict(&mut self) -> Prediction<'m> {
        let model = self.model;
        prediction(model, self.logits())
    }

    /// [`Self::predict`] in slices, so that no call takes long: `None` until the answer is complete. A bidirectional model
    /// computes at most `steps` steps a call, where a step of each direction of each layer counts; a call with 0 computes
    /// nothing. Any other model answers at once, as [`Self::predict`] does.
    ///
    /// What is pushed between two calls counts: the answer is then computed from its start.
    ///
    /// # Panics
    /// Never.
    ///
    /// # Examples
    /// ```
    /// # fn main() -> Result<(), runtime::Error> {
    /// # static MODEL: &runtime::Aligned<[u8]> =
    /// #     &runtime::Aligned(*include_bytes!("../../models/home-commands/home-commands.int8.rnl"));
    /// # let model = runtime::Model::parse(&MODEL.0)?;
    /// # let mut classifier = runtime::Classifier::new(&model, [0; runtime::required_capacity(&MODEL.0)])?;
    /// classifier.push_text("kitchen lights off");
    /// let prediction = loop {
    ///     if let Some(prediction) = classifier.predict_some(4) {
    ///         break prediction;
    ///     }
    ///     // A watchdog is fed here, or a frame of audio read.
    /// };
    /// assert_eq!(prediction.label, "lights_off");
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn predict_some(&mut self, steps: u32) -> Option<Prediction<'m>> {
        let Self { model, reader, sequence, state } = self;
        let is_complete = sequence.answer(model, state.as_mut(), begun(model, reader), steps);
        is_complete.then(|| self.predict())
    }

    /// The logits of that answer, computed once.
    ///
    /// # Panics
    /// Never.
    #[inline]
    pub fn logits(&mut self) -> Logits<'_> {
        let Self { model, reader, sequence, state } = self;
        let state = state.as_mut();
        sequence.answer(model, state, begun(model, reader), u32::MAX);
        with_network!(*model, network => network.logits(state))
    }

    /// What a layer of a streaming model remembers; `None` if there is no such layer, and for a bidirectional
    /// model, which remembers its steps alone.
    ///
    /// # Panics
    /// Never.
    #[inline]
    pub fn layer_state(&mut self, layer: usize) -> Option<LayerState<'_>> {
        if self.model.is_bidirectional() {
            return None;
        }
        let Self { model, state, .. } = self;
        let state = state.as_mut();
        with_network!(*model, network => network.layer_state(state, layer))
    }

    /// Shows what the layers remember, in the order of computation.
    ///
    /// A bidirectional model is computed anew: every layer, in it every direction, in that every step, with the
    /// padding that an answer has. A streaming model has forgotten its earlier steps: `observer` sees each layer
    /// after the last step, once a step if it is called after every one; nothing before the first.
    ///
    /// # Panics
    /// Never, if `observer` does not.
    #[inline]
    pub fn observe(&mut self, mut observer: impl FnMut(StepState<'_>)) {
        let Self { model, sequence, state, .. } = self;
        sequence.observe(model, state.as_mut(), &mut observer);
    }

    /// Steps that an answer is about: those since the last reset, without the refused ones and without those that
    /// have left a window, and one for a word or character that has begun.
    #[inline]
    pub fn steps(&self) -> u32 {
        self.sequence.steps(self.model, begun(self.model, &self.reader).is_some().into())
    }

    /// Steps since the last reset that were ignored: those beyond the model's largest number, but in a
    /// [`LongInput::Window`], and calls with text for a model of frames.
    #[inline]
    pub fn refused_steps(&self) -> u32 {
        self.sequence.refused()
    }

    /// Forgets the sequence, and a word that has begun.
    ///
    /// # Panics
    /// Never.
    #[inline]
    pub fn reset(&mut self) {
        self.reader.reset();
        self.sequence.reset();
        clear(self.state.as_mut());
    }
}

/// Checks the words of state and fills them with zeros.
#[inline]
fn prepare(model: &Model<'_>, state: &mut [u32], long_input: LongInput) -> Result<(), Error> {
    let required = model.required_words();
    if state.len() < required {
        return Err(Error::CapacityTooSmall { required: saturated(required), available: saturated(state.len()) });
    }
    if long_input == LongInput::Window && !model.is_bidirectional() {
        return Err(Error::WindowOfStreaming);
    }
    clear(state);
    Ok(())
}

#[inline]
fn push_bytes(
    model: &Model<'_>,
    reader: &mut TextReader,
    sequence: &mut Sequence,
    state: &mut [u32],
    bytes: &[u8],
) -> Pushed {
    match &model.text {
        Some(input) if Feature::HAS_TEXT => {
            sequence.touch();
            let mut pushed = Pushed::default();
            reader.push(input, bytes, |token| pushed.add(sequence.take(model, state, Step::Token(token))));
            pushed
        }
        _ => sequence.refuse(),
    }
}

/// The token of a word or character that has begun.
#[inline]
fn begun(model: &Model<'_>, reader: &TextReader) -> Option<u32> {
    let input = model.text.as_ref()?;
    let mut begun = None;
    if Feature::HAS_TEXT {
        reader.pending(input, |token| begun = Some(token));
    }
    begun
}

impl Model<'_> {
    /// The probability of a class by the logits of this model, as [`Classifier::predict`] has it for the largest:
    /// `e^(t z_class) / sum_k e^(t z_k)` with the model's inverse temperature `t`. 0 of a class that there is not.
    ///
    /// # Shapes and units
    /// `logits` `[classes]`, all the model's.
    ///
    /// # Panics
    /// Never.
    ///
    /// # Examples
    /// ```
    /// # fn main() -> Result<(), runtime::Error> {
    /// # static MODEL: &runtime::Aligned<[u8]> =
    /// #     &runtime::Aligned(*include_bytes!("../../models/home-commands/home-commands.int8.rnl"));
    /// # let model = runtime::Model::parse(&MODEL.0)?;
    /// # let mut classifier = runtime::Classifier::new(&model, [0; runtime::required_capacity(&MODEL.0)])?;
    /// classifier.push_text("kitchen lights off");
    /// let prediction = classifier.predict();
    /// assert_eq!(model.probability(classifier.logits(), prediction.class), prediction.probability);
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn probability(&self, logits: Logits<'_>, class: usize) -> Probability {
        let inverse_temperature = self.head.inverse_temperature;
        match logits {
            Logits::Fixed(logits) => softmax_fixed(logits, inverse_temperature, class),
            #[cfg(feature = "float")]
            Logits::Float(logits) => softmax_float(logits, inverse_temperature, class),
            #[cfg(not(feature = "float"))]
            Logits::Float(_) => Probability::default(),
        }
    }
}

/// The class of the largest logit, and whether its probability is accepted.
#[inline]
pub(crate) fn prediction<'m>(model: &Model<'m>, logits: Logits<'_>) -> Prediction<'m> {
    let class = match logits {
        Logits::Fixed(logits) => argmax(logits),
        #[cfg(feature = "float")]
        Logits::Float(logits) => argmax(logits),
        #[cfg(not(feature = "float"))]
        Logits::Float(_) => 0,
    };
    let probability = model.probability(logits, class);
    let accepted = model.accepts(class, probability);
    Prediction { class, label: model.label(class).unwrap_or_default(), probability, accepted }
}
