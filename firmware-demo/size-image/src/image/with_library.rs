//! The program: a model in flash, an input in two pieces, an answer; and the same again.

use core::cell::RefCell;
use core::hint::black_box;

use cortex_m::interrupt::Mutex;
use runtime::{Classifier, Model, Prediction};

use super::inputs;

/// The model, checked while compiling: the image has no parser.
#[cfg(feature = "const")]
fn model() -> Option<&'static Model<'static>> {
    static MODEL: Model<'static> = runtime::include_model!(concat!(env!("OUT_DIR"), "/model.rnl"));
    // The optimizer does not know which of the models that the library has code for this one is.
    Some(black_box(&MODEL))
}

/// The file, which is parsed when the program starts.
#[cfg(not(feature = "const"))]
static FILE: &runtime::Aligned<[u8]> = &runtime::Aligned(*include_bytes!(concat!(env!("OUT_DIR"), "/model.rnl")));

/// `None` if the runtime refuses the model or takes in no step.
#[cfg(feature = "const")]
#[inline(never)]
pub(super) fn run() -> Option<()> {
    run_model(model()?)
}

/// `None` if the runtime refuses the model or takes in no step.
#[cfg(not(feature = "const"))]
#[inline(never)]
pub(super) fn run() -> Option<()> {
    let mut place = None;
    run_model(Model::parse_into(&mut place, black_box(&FILE.0)).ok()?)
}

fn run_model(model: &Model<'_>) -> Option<()> {
    static STATE: Mutex<RefCell<[u32; WORDS]>> = Mutex::new(RefCell::new([0; WORDS]));
    cortex_m::interrupt::free(|token| {
        let mut state = STATE.borrow(token).try_borrow_mut().ok()?;
        // Matched by reference, as the model is.
        let mut made = Classifier::new(model, &mut state[..]);
        let classifier = made.as_mut().ok()?;
        black_box(classify(classifier)?);
        classifier.reset();
        black_box(classify(classifier)?);
        Some(())
    })
}

/// 32-bit words of state, enough for each of the models.
const WORDS: usize = 512;

fn classify<'m>(classifier: &mut Classifier<'_, 'm, &mut [u32]>) -> Option<Prediction<'m>> {
    let mut taken = 0;
    #[cfg(feature = "text")]
    for piece in inputs::texts() {
        taken += classifier.push_text(piece).taken;
    }
    #[cfg(feature = "frames")]
    for frame in inputs::frames().iter().flatten() {
        // A model of text refuses frames.
        taken += classifier.push_frame(frame).map_or(0, |pushed| pushed.taken);
    }
    (taken > 0).then(|| classifier.predict())
}
