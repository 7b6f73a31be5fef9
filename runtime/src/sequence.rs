use bytemuck::{Pod, Zeroable};

use crate::error::{Error, saturated};
use crate::format::Feature;
use crate::network::{Gathering, Progress, Step, StepState, Unfinished, with_network};
use crate::plan::Model;

/// What a classifier of a bidirectional model does with more steps than the model keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LongInput {
    /// Ignores them, as rows were cut in training; [`crate::Classifier::refused_steps`] counts them.
    #[default]
    Refuse,
    /// Forgets the oldest step for each: answers are about the last steps, as for a stream without an end.
    Window,
}

/// What one call of a classifier's `push_*` did.
///
/// Text is counted in steps: a word that has begun and has not ended is none yet, so that both numbers may be 0; the
/// call that ends it counts it. So are frames where several make a step.
///
/// # Examples
/// ```
/// # fn main() -> Result<(), runtime::Error> {
/// # static MODEL: &runtime::Aligned<[u8]> =
/// #     &runtime::Aligned(*include_bytes!("../../models/home-commands/home-commands.int8.rnl"));
/// let model = runtime::Model::parse(&MODEL.0)?;
/// let mut classifier = runtime::Classifier::new(&model, [0; runtime::required_capacity(&MODEL.0)])?;
/// assert_eq!(classifier.push_text("lights off pl"), runtime::Pushed { taken: 2, refused: 0 });
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pushed {
    /// Steps that were taken in.
    pub taken: u32,
    /// Steps that were ignored: the sequence was full, or the model takes other input.
    pub refused: u32,
}

impl Pushed {
    const TAKEN: Self = Self { taken: 1, refused: 0 };
    const REFUSED: Self = Self { taken: 0, refused: 1 };

    /// Counts the steps of both.
    #[inline]
    pub(crate) fn add(&mut self, other: Self) {
        self.taken = self.taken.saturating_add(other.taken);
        self.refused = self.refused.saturating_add(other.refused);
    }
}

/// What a [`Sequence`] that forgets no step is made of again.
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct SequencePlace {
    steps: u32,
    summed: u32,
    gathering: Gathering,
    unused: u16,
}

/// Where a classifier is in its sequence.
#[derive(Debug)]
pub(crate) struct Sequence {
    long_input: LongInput,
    /// Steps taken in and not forgotten, at most the model's; without a limit the number saturates, and further steps
    /// are taken in all the same.
    progress: Progress,
    /// Frames that have come, of a model whose steps are made of several.
    gathering: Gathering,
    refused: u32,
    /// Whether the logits in the classifier's words are those of the sequence so far.
    is_answered: bool,
    /// How far they are computed, where that is more than one call may take.
    unfinished: [Unfinished; Feature::Bidirectional.is_built() as usize],
}

impl Sequence {
    /// The start of a sequence.
    #[inline]
    pub(crate) const fn new(long_input: LongInput) -> Self {
        Self {
            long_input,
            progress: Progress::START,
            gathering: Gathering::START,
            refused: 0,
            is_answered: false,
            unfinished: [Unfinished::START; Feature::Bidirectional.is_built() as usize],
        }
    }

    /// Steps that an answer is about, `ahead` of which are not taken in.
    #[inline]
    pub(crate) fn steps(&self, model: &Model<'_>, ahead: u32) -> u32 {
        self.progress.steps.saturating_add(ahead).min(model.max_steps())
    }

    #[inline]
    pub(crate) fn refused(&self) -> u32 {
        self.refused
    }

    #[inline]
    pub(crate) fn reset(&mut self) {
        self.progress = Progress::START;
        self.gathering = Gathering::START;
        self.refused = 0;
        self.touch();
    }

    /// Counts a step that is not taken in.
    #[inline]
    pub(crate) fn refuse(&mut self) -> Pushed {
        self.refused = self.refused.saturating_add(1);
        Pushed::REFUSED
    }

    /// Whether no more steps are taken in without another one's being forgotten.
    #[inline]
    fn is_full(&self, model: &Model<'_>) -> bool {
        model.has_limit() && self.progress.steps >= model.max_steps()
    }

    /// Notes that what was taken in differs from what the logits are about.
    #[inline]
    pub(crate) fn touch(&mut self) {
        self.is_answered = false;
        self.restart_answer();
    }

    /// Notes that what is computed of an answer is lost.
    #[inline]
    fn restart_answer(&mut self) {
        for unfinished in &mut self.unfinished {
            *unfinished = Unfinished::START;
        }
    }

    /// Takes in a step that the model can read, or refuses it because the sequence is full.
    #[inline]
    pub(crate) fn take(&mut self, model: &Model<'_>, state: &mut [u32], step: Step<'_>) -> Pushed {
        if self.is_full(model) && self.long_input == LongInput::Refuse {
            return self.refuse();
        }
        self.touch();
        with_network!(model, network => {
            if model.is_bidirectional() {
                network.keep(state, self.place(model), step);
            } else {
                network.step(state, step, &mut self.progress.summed);
            }
        });
        self.progress = self.after_step(model);
        Pushed::TAKEN
    }

    /// Where the next step is kept: behind the others, or in the place of the oldest.
    #[inline]
    fn place(&self, model: &Model<'_>) -> u32 {
        if self.is_full(model) { self.progress.oldest } else { self.progress.steps }
    }

    /// The sequence with one step more.
    #[inline]
    fn after_step(&self, model: &Model<'_>) -> Progress {
        let Progress { steps, oldest, summed } = self.progress;
        if self.is_full(model) {
            let next = oldest.saturating_add(1);
            Progress { steps, oldest: if next < model.max_steps() { next } else { 0 }, summed }
        } else {
            Progress { steps: steps.saturating_add(1), oldest, summed }
        }
    }

    /// Takes in a frame, which may be a step or part of one.
    ///
    /// # Errors
    /// [`Error::NoFrames`], [`Error::WrongChannels`].
    #[inline]
    pub(crate) fn take_frame(
        &mut self,
        model: &Model<'_>,
        state: &mut [u32],
        channels: usize,
        frame: Step<'_>,
    ) -> Result<Pushed, Error> {
        check_frame(model, channels)?;
        let due = self.gather(model, state, frame);
        Ok(due.map_or(Pushed::default(), |step| self.take(model, state, step)))
    }

    /// The step that a frame of the model's channels completes: itself, or those of which several make a step.
    #[inline]
    pub(crate) fn gather<'f>(&mut self, model: &Model<'_>, state: &mut [u32], frame: Step<'f>) -> Option<Step<'f>> {
        match model.frames() {
            Some(frames) if Feature::Windows.is_built() && frames.are_gathered() => {
                self.touch();
                with_network!(model, network => network.gather_frame(state, frame, self.gathering));
                self.gathering.count(frames).then_some(Step::Gathered(self.gathering))
            }
            _ => Some(frame),
        }
    }

    /// Writes a step of several frames where it is taken in, to be computed by [`Self::take`] with [`Step::Prepared`] when
    /// there is time, before the next one is prepared and before an answer.
    #[inline]
    pub(crate) fn prepare(model: &Model<'_>, state: &mut [u32], gathering: Gathering) {
        with_network!(model, network => network.prepare_step(state, gathering));
    }

    /// The place at the start of a sequence.
    pub(crate) const START: SequencePlace = Self::new(LongInput::Refuse).place_reached();

    /// A sequence that goes on, of a streaming model or of one that refuses what is too long.
    #[inline]
    pub(crate) const fn resumed(place: SequencePlace) -> Self {
        let progress = Progress { steps: place.steps, oldest: 0, summed: place.summed };
        Self { progress, gathering: place.gathering, ..Self::new(LongInput::Refuse) }
    }

    /// Where it is, for [`Self::resumed`].
    #[inline]
    pub(crate) const fn place_reached(&self) -> SequencePlace {
        let Progress { steps, summed, .. } = self.progress;
        SequencePlace { steps, summed, gathering: self.gathering, unused: 0 }
    }

    /// What an answer is about beside the steps taken in: the frames of a sequence that are too few for one.
    #[inline]
    fn frames_ahead(&self) -> Option<Step<'static>> {
        let are_too_few = self.progress.steps == 0 && !self.gathering.is_empty();
        are_too_few.then_some(Step::Gathered(self.gathering))
    }

    /// Computes the logits, unless they are those of the sequence already: of what was taken in, and of a token that has
    /// begun. Nothing of the sequence changes. At most `budget` steps of a model that keeps its steps are computed, each
    /// direction of each layer counted for itself; false if there are more.
    #[inline]
    pub(crate) fn answer(&mut self, model: &Model<'_>, state: &mut [u32], begun: Option<u32>, budget: u32) -> bool {
        if self.is_answered {
            return true;
        }
        let mut unfinished = self.unfinished.first().copied().unwrap_or(Unfinished::START).with_budget(budget);
        let ahead = begun.map(Step::Token).or_else(|| self.frames_ahead());
        let ahead = ahead.filter(|_| !self.is_full(model) || self.long_input == LongInput::Window);
        self.is_answered = with_network!(model, network => match ahead {
            Some(step) if model.is_bidirectional() => {
                let place = self.place(model);
                let before = network.keep(state, place, step);
                let is_complete = network.answer(state, self.after_step(model), None, &mut unfinished);
                network.keep(state, place, Step::Token(before));
                is_complete
            }
            _ => network.answer(state, self.progress, ahead, &mut unfinished),
        });
        for started in &mut self.unfinished {
            *started = if self.is_answered { Unfinished::START } else { unfinished };
        }
        self.is_answered
    }

    /// Shows the states of each layer, direction and step.
    #[inline]
    pub(crate) fn observe(&mut self, model: &Model<'_>, state: &mut [u32], observer: &mut impl FnMut(StepState<'_>)) {
        self.restart_answer();
        with_network!(model, network => {
            if model.is_bidirectional() {
                network.observe_kept(state, self.progress, observer);
            } else {
                network.observe_streamed(state, self.progress.steps, observer);
            }
        });
    }
}

/// Checks that the model takes in frames of so many channels.
///
/// # Errors
/// [`Error::NoFrames`], [`Error::WrongChannels`].
#[inline]
pub(crate) fn check_frame(model: &Model<'_>, channels: usize) -> Result<(), Error> {
    let expected = usize::from(model.frames().ok_or(Error::NoFrames)?.channels);
    if channels == expected {
        Ok(())
    } else {
        Err(Error::WrongChannels { expected: saturated(expected), found: saturated(channels) })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    extern crate std;
    use std::vec::Vec;

    use super::*;
    use crate::format::{
        Cell, Direction, HEADER_LENGTH, Head, Header, Input, Layer, ONE_TEMPERATURE, Packing, PartOne, Pooling,
        Precision, StringTableSize, Task, Text, Thresholds, Tokens, Vectors, device_checksum,
    };

    const CAPACITY: usize = 16;
    const TOKENS: [u32; 6] = [7, 2, 90, 41, 3, 200];

    /// A model of bytes with two units, a mean and two classes; the size of each tensor is a multiple of its alignment.
    #[inline]
    fn file() -> Vec<u8> {
        let layer =
            Layer { cell: Cell::RnnTanh, hidden_size: 2, bits: 8, forward: Direction::default(), reverse: None };
        let head = Head {
            task: Task::Classification,
            pooling: Pooling::Mean,
            labels: StringTableSize { count: 2, bytes: 4 },
            accumulator_shift: 0,
            inverse_temperature: ONE_TEMPERATURE,
            thresholds: Thresholds::None,
        };
        let part_one = PartOne {
            input: Input::Text(Text { tokens: Tokens::Bytes, vectors: Vectors::OneHot }),
            max_steps: 0,
            pad_to: 0,
            layers: [layer].into_iter().collect(),
            heads: [head].into_iter().collect(),
        };
        let mut buffer = [0; 64];
        let part_one_bytes = postcard::to_slice(&part_one, &mut buffer).unwrap();
        let mut bytes = [&[0; HEADER_LENGTH][..], part_one_bytes].concat();
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes.extend((0..258 * 2).map(|index| ((index * 37) % 255 - 127) as i8 as u8));
        bytes.extend([50_i8, -90, 20, 110].map(|weight| weight as u8));
        bytes.extend([100_i32, -300].map(i32::to_le_bytes).concat());
        bytes.extend([9_000_i16, 8_000].map(i16::to_le_bytes).concat());
        bytes.extend(b"\x01a\x01b");
        bytes.extend([100_i8, -70, -40, 90].map(|weight| weight as u8));
        bytes.extend([0_i32, 500].map(i32::to_le_bytes).concat());
        bytes.extend([3_000_i16, 4_000].map(i16::to_le_bytes).concat());
        let header = Header {
            precision: Precision::Int8,
            packing: Packing::RowMajor,
            needs: part_one.needs(Precision::Int8),
            alignment: 4,
            signature_length: 0,
            id: [0; 16],
            model_version: 0,
            capacity: 0,
            part_one_length: part_one_bytes.len() as u32,
            extensions_length: 0,
            device_length: bytes.len() as u32,
            part_two_length: 0,
            part_two_checksum: 0,
            device_checksum: 0,
        };
        bytes[..HEADER_LENGTH].copy_from_slice(&header.to_bytes());
        let header = Header { device_checksum: device_checksum(&bytes), ..header };
        bytes[..HEADER_LENGTH].copy_from_slice(&header.to_bytes());
        bytes
    }

    /// `tests/run` tests builds with one of the orders alone.
    #[test]
    #[inline]
    fn weights_in_an_order_without_kernels_are_refused() {
        let mut aligned = crate::Aligned([0; 1024]);
        let file = file();
        aligned.0[..file.len()].copy_from_slice(&file);
        let refused = Model::parse_any_capacity(&aligned.0[..file.len()]).err();
        let expected = crate::Error::UnsupportedPacking { found: Packing::RowMajor.code() };
        assert_eq!(refused, (!Packing::RowMajor.is_built()).then_some(expected));
        assert!(std::format!("{expected}").contains("feature `row-major`"));
    }

    /// Takes in the tokens; after the first three `change` is made to the sequence.
    #[inline]
    fn states(model: &Model<'_>, change: impl Fn(&mut Sequence)) -> ([u32; CAPACITY], Pushed) {
        let mut state = [0; CAPACITY];
        let mut sequence = Sequence::new(LongInput::Refuse);
        let mut pushed = Pushed::default();
        for (number, token) in TOKENS.into_iter().enumerate() {
            if number == 3 {
                change(&mut sequence);
            }
            pushed.add(sequence.take(model, &mut state, Step::Token(token)));
        }
        assert!(sequence.answer(model, &mut state, None, u32::MAX));
        (state, pushed)
    }

    #[test]
    #[inline]
    fn a_counter_at_its_end_ends_no_stream() {
        let mut aligned = crate::Aligned([0; 1024]);
        let file = file();
        aligned.0[..file.len()].copy_from_slice(&file);
        let mut model = Model::parse_any_capacity(&aligned.0[..file.len()]).unwrap();
        assert!(model.required_words() <= CAPACITY && !model.has_limit());
        let (expected, pushed) = states(&model, |_| {});
        assert_eq!(pushed, Pushed { taken: 6, refused: 0 });
        for steps in [u32::MAX - 1, u32::MAX] {
            assert_eq!(states(&model, |sequence| sequence.progress.steps = steps), (expected, pushed));
        }
        model.max_steps = 4;
        let (full, pushed) = states(&model, |_| {});
        assert_eq!(pushed, Pushed { taken: 4, refused: 2 });
        assert!(full != expected);
    }
}
