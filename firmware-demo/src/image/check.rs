//! Comparing this board with the host, and measuring it.

use core::hint::black_box;

use runtime::known_answer::KnownAnswer;
use runtime::{Classifier, Logits, Prediction};

use super::counter::Counter;
use super::output::{Line, Output};

/// Steps of the two replays whose difference is reported: so far apart that a tick of the counter weighs
/// about one instruction a step.
const SHORT_REPLAY: u32 = 8;
const LONG_REPLAY: u32 = 128;
/// A token that every vocabulary has.
const REPLAY_TOKEN: u32 = 1;

/// What this board computed for one text, and its cost.
struct Classified<'m> {
    prediction: Prediction<'m>,
    steps: u32,
    push_count: u64,
    predict_count: u64,
}

/// Classifies one text, compares it with the host's answer and prints a line; whether all bits agree.
pub(super) fn row<const CAPACITY: usize>(
    output: &mut Output,
    counter: &Counter,
    classifier: &mut Classifier<'_, '_, CAPACITY>,
    number: u32,
    answer: &KnownAnswer<'_>,
) -> bool {
    let classified = classify(counter, classifier, answer.text);
    let logits = classifier.logits();
    let expected = || answer.logits.as_chunks::<4>().0.iter().copied().map(u32::from_le_bytes);
    let matches = classified.prediction.class == answer.class as usize && bits(&logits).eq(expected());

    let mut line = output.line("row");
    line.number("row", number.into()).text("text", answer.text);
    line.number("matches", matches.into());
    describe(&mut line, &classified, &logits);
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
fn classify<'m, const CAPACITY: usize>(
    counter: &Counter,
    classifier: &mut Classifier<'_, 'm, CAPACITY>,
    text: &str,
) -> Classified<'m> {
    classifier.reset();
    let pushed = counter.measure(|| classifier.push_text(black_box(text)));
    let predicted = counter.measure(|| classifier.predict());
    Classified {
        prediction: predicted.value,
        steps: classifier.steps(),
        push_count: pushed.count,
        predict_count: predicted.count,
    }
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
/// A model that has to see the whole sequence does its work in `predict`, so what is reported is what a
/// longer sequence costs more than a shorter one, `predict` included.
pub(super) struct Replay {
    /// Steps by which the sequences differ.
    pub(super) steps: u32,
    /// What these steps cost.
    pub(super) count: u64,
}

impl Replay {
    /// Measures both sequences.
    pub(super) fn measure<const CAPACITY: usize>(
        counter: &Counter,
        classifier: &mut Classifier<'_, '_, CAPACITY>,
    ) -> Self {
        let short = replay(counter, classifier, SHORT_REPLAY);
        let long = replay(counter, classifier, LONG_REPLAY);
        Self { steps: long.steps.saturating_sub(short.steps), count: long.count.saturating_sub(short.count) }
    }
}

#[inline(never)]
fn replay<const CAPACITY: usize>(
    counter: &Counter,
    classifier: &mut Classifier<'_, '_, CAPACITY>,
    tokens: u32,
) -> Replay {
    classifier.reset();
    let counted = counter.measure(|| {
        for _ in 0..tokens {
            classifier.push_token(black_box(REPLAY_TOKEN));
        }
        let _same_each_time = black_box(classifier.predict());
    });
    Replay { steps: classifier.steps(), count: counted.count }
}
