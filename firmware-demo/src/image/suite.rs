//! Many small models in one image, each with one known answer: all sizes that the kernels must get right.

use runtime::known_answer::KnownAnswers;
use runtime::{Classifier, Model};

use super::counter::Counter;
use super::output::Output;
use super::program::check;
use super::{Failure, inputs};

/// 32-bit words of state that each model has room in.
pub(super) const CAPACITY: usize = 512;
/// Bytes before a model, of which the first four are the number of its bytes; it begins and ends at a multiple of so many.
const ALIGNMENT: usize = 16;

/// The models of the file, one after another.
struct Models(&'static [u8]);

impl Iterator for Models {
    type Item = &'static [u8];

    fn next(&mut self) -> Option<&'static [u8]> {
        let length = u32::from_le_bytes(*self.0.first_chunk()?) as usize;
        let (model, _) = self.0.get(ALIGNMENT..)?.split_at_checked(length)?;
        self.0 = self.0.get(ALIGNMENT.checked_add(length.next_multiple_of(ALIGNMENT))?..)?;
        Some(model)
    }
}

/// Compares the answer of each model with the host's and prints a line for each; the number of those that differ.
pub(super) fn run(output: &mut Output, counter: &Counter) -> Result<u32, Failure> {
    let answers = KnownAnswers::parse(inputs::answers()).map_err(|_| Failure::Answers)?;
    let mut state = [0; CAPACITY];
    let expected = answers.len() as u32;
    let (mut rows, mut mismatches) = (0, 0);
    for (bytes, answer) in Models(inputs::model()).zip(answers) {
        let mut place = None;
        let Ok(model) = Model::parse_into(&mut place, bytes) else { return Err(Failure::Model) };
        let Ok(mut classifier) = Classifier::new(model, &mut state[..]) else { return Err(Failure::Classifier) };
        let matches = check::row(output, counter, &mut classifier, rows, &answer);
        mismatches += u32::from(!matches);
        rows += 1;
    }
    if rows != expected {
        return Err(Failure::Answers);
    }
    output.line("summary").number("rows", rows.into()).number("mismatches", mismatches.into()).end();
    Ok(mismatches)
}
