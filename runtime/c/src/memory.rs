use core::ffi::c_char;
use core::mem::MaybeUninit;

use runtime::{Classifier, Model, reserve};

/// Words of a `RunnelModel`, of the size of a pointer.
pub const RUNNEL_MODEL_WORDS: usize = 257;
/// Words of a `RunnelClassifier`, of the size of a pointer.
pub const RUNNEL_CLASSIFIER_WORDS: usize = 49;

// The bytes that the runtime reserves for every set of features, and a word that says whether the struct was made.
const _: () = assert!(
    RUNNEL_MODEL_WORDS == 1 + reserve::MODEL / 4 && RUNNEL_CLASSIFIER_WORDS == 1 + reserve::CLASSIFIER / 4,
    "the header has these numbers as literals"
);

/// A parsed model, in the caller's memory. Its words are the library's own.
///
/// It refers to the model's file, which must stay where it is, unchanged, as long as the model is used.
#[repr(C)]
pub struct RunnelModel {
    /// The library's own.
    pub words: [usize; RUNNEL_MODEL_WORDS],
}

/// A classifier, in the caller's memory. Its words are the library's own.
///
/// It refers to the model and to the words of state, which must stay where they are as long as the classifier is used. One
/// function at a time may use it.
#[repr(C)]
pub struct RunnelClassifier {
    /// The library's own.
    pub words: [usize; RUNNEL_CLASSIFIER_WORDS],
}

/// What a model is.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunnelModelInfo {
    /// 32-bit words of state that a classifier needs.
    pub state_words: usize,
    /// Number of classes, and of logits.
    pub classes: usize,
    /// Numbers of a frame; 0 for a model of text.
    pub channels: usize,
    /// Steps after which a sequence is full; `UINT32_MAX` if it has no limit.
    pub max_steps: u32,
    /// Whether the model keeps its steps and computes all of them when an answer is asked for.
    pub is_bidirectional: bool,
}

/// What a push did. Both numbers may be 0: a word that has begun is no step yet.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunnelPushed {
    /// Steps that were taken in.
    pub taken: u32,
    /// Steps that were ignored because the sequence was full.
    pub refused: u32,
}

/// An answer.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct RunnelPrediction {
    /// Index of the class with the largest logit, the first of equal ones.
    pub class_index: u32,
    /// Its name, UTF-8, in the model's file: it does not end with a NUL.
    pub label: *const c_char,
    /// Bytes of the name.
    pub label_length: usize,
    /// Its probability in units of 2^-15: 0 to 32,768.
    pub probability_q15: u16,
    /// Whether the probability reaches the class's threshold; always true for a model without thresholds.
    pub accepted: bool,
}

/// How the library uses the words of an opaque struct.
#[repr(C)]
pub(crate) struct Slot<Value> {
    /// [`Opaque::TAG`] once the value was made.
    pub(crate) tag: usize,
    pub(crate) value: MaybeUninit<Value>,
}

/// An opaque struct of the header, and what lies in it.
pub(crate) trait Opaque {
    type Value;
    /// What its first word is once it was made: a number that memory seldom holds by chance.
    const TAG: usize;
}

impl Opaque for RunnelModel {
    type Value = Option<Model<'static>>;
    const TAG: usize = 0x524E_4C4D;
}

impl Opaque for RunnelClassifier {
    type Value = Classifier<'static, 'static, &'static mut [u32]>;
    const TAG: usize = 0x524E_4C43;
}

/// Whether a struct of the header has room for what lies in it.
const fn has_room<Owner: Opaque>() -> bool {
    size_of::<Slot<Owner::Value>>() <= size_of::<Owner>() && align_of::<Slot<Owner::Value>>() <= align_of::<Owner>()
}

const _: () = assert!(has_room::<RunnelModel>() && has_room::<RunnelClassifier>());
