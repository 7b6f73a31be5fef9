//! How the answer to a sequence is printed.

use runtime::Model;
use serde::Serialize;
use trainer::Error;
use trainer::inference::Answer;

use super::print_line;

/// How answers are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AnswerForm {
    /// A line of class, probability and logits.
    Line,
    /// A JSON object a line.
    Json,
}

/// An answer as `--json` has it.
#[derive(Serialize)]
struct JsonAnswer<'m> {
    /// Frames of the sequence so far, where answers come while frames do.
    #[serde(skip_serializing_if = "Option::is_none")]
    frames: Option<usize>,
    class: &'m str,
    probability: f32,
    /// Steps that the model did not take in, because it is full.
    ignored_steps: u32,
    classes: Vec<JsonClass<'m>>,
}

/// A class of a [`JsonAnswer`].
#[derive(Serialize)]
struct JsonClass<'m> {
    label: &'m str,
    probability: f32,
    /// Infinite ones and those that are no number are `null`.
    logit: f32,
    /// The logit as a device has it: Q15.16 of an int8 model, else the bits of an `f32`.
    raw_logit: i64,
}

impl AnswerForm {
    /// Prints an answer on a line of standard output; `frames`: how many came before it, where that is said.
    ///
    /// # Errors
    /// [`Error::Unwritable`].
    pub(super) fn print(self, model: &Model<'_>, answer: &Answer, frames: Option<usize>) -> Result<(), Error> {
        match (self, frames) {
            (Self::Line, Some(frames)) => print_line(&format!("{frames:>6}  {}", describe(model, answer))),
            (Self::Line, None) => print_line(&describe(model, answer)),
            (Self::Json, _) => {
                let text = serde_json::to_string(&json(model, answer, frames));
                print_line(&text.map_err(|error| Error::Failed(error.to_string()))?)
            }
        }
    }
}

/// A line of class, probability and logits.
fn describe(model: &Model<'_>, answer: &Answer) -> String {
    let label = model.label(answer.class).unwrap_or_default();
    let logits: Vec<String> = answer.logits.iter().map(|logit| format!("{logit:.3}")).collect();
    format!("{label}  {}  logits {}", answer.probability, logits.join(" "))
}

fn json<'m>(model: &Model<'m>, answer: &Answer, frames: Option<usize>) -> JsonAnswer<'m> {
    let is_integer = model.precision() == runtime::Precision::Int8;
    let numbers = answer.logits.iter().zip(&answer.bits).zip(answer.probabilities(model));
    let classes = model.labels().zip(numbers).map(|(label, ((logit, bits), probability))| JsonClass {
        label,
        probability: probability.to_f32(),
        logit: *logit,
        raw_logit: if is_integer { i64::from(bits.cast_signed()) } else { i64::from(*bits) },
    });
    JsonAnswer {
        frames,
        class: model.label(answer.class).unwrap_or_default(),
        probability: answer.probability.to_f32(),
        ignored_steps: answer.refused,
        classes: classes.collect(),
    }
}
