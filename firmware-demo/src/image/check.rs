//! Comparing this board with the host, and measuring it.

use core::hint::black_box;

use runtime::known_answer::{KnownAnswer, KnownInput};
use runtime::{Classifier, Logits, Model, Prediction};

use crate::image::MAX_CHANNELS;
use crate::image::counter::Counter;
use crate::image::output::{Line, Output};

/// Steps of the two replays whose difference is reported: so far apart that a tick of the counter weighs
/// about one instruction a step.
const SHORT_REPLAY: u32 = 8;
const LONG_REPLAY: u32 = 128;
/// A token that every vocabulary has.
const REPLAY_TOKEN: u32 = 1;

/// What this board computed for one sequence, and its cost.
pub(super) struct Classified<'m> {
    pub(super) prediction: Prediction<'m>,
    pub(super) steps: u32,
    pub(super) push_count: u64,
    pub(super) predict_count: u64,
}

/// Classifies one sequence, compares it with the host's answer and prints a line; whether all bits agree.
pub(in crate::image) fn row(
    output: &mut Output,
    counter: &Counter,
    classifier: &mut Classifier<'_, '_, &mut [u32]>,
    number: u32,
    answer: &KnownAnswer<'_>,
) -> bool {
    let classified = classify(counter, classifier, &answer.input);
    report_row(output, number, answer, &classified, &classifier.logits())
}

/// Compares what was computed with the host's answer and prints a line; whether all bits agree.
pub(super) fn report_row(
    output: &mut Output,
    number: u32,
    answer: &KnownAnswer<'_>,
    classified: &Classified<'_>,
    logits: &Logits<'_>,
) -> bool {
    let expected = || answer.logits.as_chunks::<4>().0.iter().copied().map(u32::from_le_bytes);
    let matches = classified.prediction.class == answer.class as usize && bits(logits).eq(expected());

    let mut line = output.line("row");
    line.number("row", number.into());
    match answer.input {
        KnownInput::Text(text) => line.text("text", text),
        KnownInput::Frames { channels, .. } | KnownInput::WideFrames { channels, .. } => {
            line.number("channels", channels.into())
        }
    };
    line.number("matches", matches.into());
    describe(&mut line, classified, logits);
    if !matches {
        line.number("expected_class", answer.class.into());
        line.words("expected_bits", expected());
    }
    line.end();
    matches
}

fn describe(line: &mut Line<'_>, classified: &Classified<'_>, logits: &Logits<'_>) {
    let prediction = &classified.prediction;
    line.number("class", prediction.class as u64).text("label", prediction.label);
    line.number("probability_q15", prediction.probability.q15().into());
    line.text("logits_format", format_name(logits));
    line.words("logits_bits", bits(logits));
    line.number("steps", classified.steps.into());
    line.number("push_count", classified.push_count);
    line.number("predict_count", classified.predict_count);
}

#[inline(never)]
fn classify<'m>(
    counter: &Counter,
    classifier: &mut Classifier<'_, 'm, &mut [u32]>,
    input: &KnownInput<'_>,
) -> Classified<'m> {
    classifier.reset();
    let push_count = match input {
        KnownInput::Text(text) => counter.measure(|| classifier.push_text(black_box(text))).count,
        KnownInput::Frames { .. } | KnownInput::WideFrames { .. } => push_frames(counter, classifier, input),
    };
    let predicted = counter.measure(|| classifier.predict());
    Classified { prediction: predicted.value, steps: classifier.steps(), push_count, predict_count: predicted.count }
}

/// Pushes frame by frame, as a sensor delivers them; what the pushes alone cost.
#[inline(never)]
fn push_frames(counter: &Counter, classifier: &mut Classifier<'_, '_, &mut [u32]>, input: &KnownInput<'_>) -> u64 {
    let mut buffer = [0; MAX_CHANNELS];
    let mut count = 0;
    for values in input.frames() {
        let mut channels = 0;
        for (target, value) in buffer.iter_mut().zip(values) {
            *target = value;
            channels += 1;
        }
        let frame = buffer.get(..channels).unwrap_or_default();
        // A frame that the model refuses is a step less, and the answer differs.
        count += counter.measure(|| classifier.push_frame(black_box(frame)).is_ok()).count;
    }
    count
}

/// The 32-bit patterns of the logits, as a known answer holds them.
fn bits(logits: &Logits<'_>) -> impl Iterator<Item = u32> {
    (0..logits.len()).filter_map(|class| logits.bits(class))
}

fn format_name(logits: &Logits<'_>) -> &'static str {
    match logits {
        Logits::Fixed(_) => "q16",
        Logits::Float(_) => "f32",
    }
}

/// Steps of the network alone, without tokenizer and head.
///
/// A bidirectional model does its work in `predict`, and a padded one a part of it, so what is reported is what a
/// longer sequence costs more than a shorter one, `predict` included; both are beyond the padding and within the
/// largest number of steps.
pub(super) struct Replay {
    /// Steps by which the sequences differ.
    pub(super) steps: u32,
    /// What these steps cost.
    pub(super) count: u64,
}

impl Replay {
    /// Measures both sequences.
    pub(super) fn measure(
        counter: &Counter,
        model: &Model<'_>,
        classifier: &mut Classifier<'_, '_, &mut [u32]>,
    ) -> Self {
        let shorter = SHORT_REPLAY.max(model.pad_to()).min(model.max_steps());
        let longer = shorter.saturating_add(LONG_REPLAY - SHORT_REPLAY).min(model.max_steps());
        let short = replay(counter, model, classifier, shorter);
        let long = replay(counter, model, classifier, longer);
        Self { steps: long.steps.saturating_sub(short.steps), count: long.count.saturating_sub(short.count) }
    }
}

#[inline(never)]
fn replay(counter: &Counter, model: &Model<'_>, classifier: &mut Classifier<'_, '_, &mut [u32]>, steps: u32) -> Replay {
    static FRAME: [i32; MAX_CHANNELS] = [0; MAX_CHANNELS];
    let frame = FRAME.get(..model.channels()).unwrap_or_default();
    classifier.reset();
    let counted = counter.measure(|| {
        for _ in 0..steps {
            if frame.is_empty() {
                classifier.push_token(black_box(REPLAY_TOKEN));
            } else {
                let _taken = classifier.push_frame(black_box(frame));
            }
        }
        let _same_each_time = black_box(classifier.predict());
    });
    Replay { steps: classifier.steps(), count: counted.count }
}
