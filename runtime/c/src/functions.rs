//! The functions of the header.
#![allow(unsafe_code)]

use core::ffi::{c_char, c_void};

use runtime::{Classifier, Error, Logits, Model, Prediction, Pushed};

use crate::memory::{Opaque, RunnelClassifier, RunnelModel, RunnelModelInfo, RunnelPrediction, RunnelPushed};
use crate::pointers::{buffer, check_wanted, made, made_and_shared, make, text, values, write, write_if_wanted};
use crate::status::{RunnelStatus, text_of};

/// Verifies a model file and makes a model of it. Nothing is copied: the file stays where it is, in flash.
///
/// `file` begins at a multiple of 16 bytes; `length` is the file's, or the device's part of it (`trainer strip`).
///
/// # Safety
/// See the beginning of runnel.h.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runnel_model_parse(
    model: *mut RunnelModel,
    file: *const c_void,
    length: usize,
) -> RunnelStatus {
    // SAFETY: the header's contract.
    unsafe { values(file.cast::<u8>(), length).and_then(|file| parse(model, file)) }.into()
}

/// As `runnel_model_parse`, of a region that begins with a model file and may be longer, as a partition of a flash memory is.
///
/// # Safety
/// See the beginning of runnel.h.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runnel_model_parse_prefix(
    model: *mut RunnelModel,
    region: *const c_void,
    length: usize,
) -> RunnelStatus {
    // SAFETY: the header's contract.
    unsafe { values(region.cast::<u8>(), length).and_then(|region| parse_prefix(model, region)) }.into()
}

/// # Safety
/// As [`make`].
#[inline]
unsafe fn parse(model: *mut RunnelModel, file: &'static [u8]) -> Result<(), RunnelStatus> {
    // SAFETY: the caller's promise is the same.
    unsafe { make(model, |place| Ok(Model::parse_into(place.write(None), file).map(drop)?)) }
}

/// # Safety
/// As [`make`].
#[inline]
unsafe fn parse_prefix(model: *mut RunnelModel, region: &'static [u8]) -> Result<(), RunnelStatus> {
    // SAFETY: the caller's promise is the same.
    unsafe { make(model, |place| Ok(Model::parse_prefix_into(place.write(None), region).map(drop)?)) }
}

/// What a model is: the words of state to reserve, the number of logits, the channels of a frame.
///
/// # Safety
/// See the beginning of runnel.h.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runnel_model_info(model: *const RunnelModel, info: *mut RunnelModelInfo) -> RunnelStatus {
    // SAFETY: the header's contract.
    let result = unsafe { parsed(model) }.and_then(|model| {
        let found = RunnelModelInfo {
            state_words: model.required_words(),
            classes: model.labels().count(),
            channels: model.channels(),
            max_steps: model.max_steps(),
            is_bidirectional: model.is_bidirectional(),
        };
        // SAFETY: the header's contract.
        unsafe { write(info, found) }
    });
    result.into()
}

/// The name of a class, UTF-8, in the model's file: it does not end with a NUL.
///
/// # Safety
/// See the beginning of runnel.h.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runnel_model_label(
    model: *const RunnelModel,
    class_index: u32,
    label: *mut *const c_char,
    label_length: *mut usize,
) -> RunnelStatus {
    // SAFETY: the header's contract.
    let result = unsafe { parsed(model) }.and_then(|model| {
        let found = model.label(class_index as usize).ok_or(RunnelStatus::NoSuchClass)?;
        // SAFETY: the header's contract.
        unsafe { write(label, found.as_ptr().cast()).and_then(|()| write(label_length, found.len())) }
    });
    result.into()
}

/// # Safety
/// As [`made_and_shared`].
#[inline]
unsafe fn parsed(model: *const RunnelModel) -> Result<&'static Model<'static>, RunnelStatus> {
    // SAFETY: the caller's promise is the same.
    unsafe { made_and_shared(model) }?.as_ref().ok_or(RunnelStatus::NotReady)
}

/// Makes a classifier at the start of a sequence. `state` is `state_words` words of 32 bits, at least as many as
/// `runnel_model_info` says; what they hold does not matter. To begin anew with another model, call it again.
///
/// # Safety
/// See the beginning of runnel.h.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runnel_classifier_init(
    classifier: *mut RunnelClassifier,
    model: *const RunnelModel,
    state: *mut u32,
    state_words: usize,
) -> RunnelStatus {
    // SAFETY: the header's contract.
    let result = unsafe { parsed(model) }.and_then(|model| {
        // SAFETY: the header's contract.
        let state = unsafe { buffer(state, state_words) }?;
        // SAFETY: the header's contract.
        unsafe {
            make(classifier, |place| {
                place.write(Classifier::new(model, state)?);
                Ok(())
            })
        }
    });
    result.into()
}

/// Forgets the sequence, and a word that has begun.
///
/// # Safety
/// See the beginning of runnel.h.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runnel_reset(classifier: *mut RunnelClassifier) -> RunnelStatus {
    // SAFETY: the header's contract.
    unsafe { made(classifier) }.map(|classifier| classifier.reset()).into()
}

/// Takes in more text, UTF-8, that ends with a NUL: one step for every word, character or byte that is complete. `pushed` may be
/// NULL. A completed word computes a whole step: do not call it in an interrupt.
///
/// # Safety
/// See the beginning of runnel.h.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runnel_push_text(
    classifier: *mut RunnelClassifier,
    text: *const c_char,
    pushed: *mut RunnelPushed,
) -> RunnelStatus {
    // SAFETY: the header's contract.
    unsafe { self::text(text).and_then(|bytes| push_bytes(classifier, bytes, pushed)) }.into()
}

/// As `runnel_push_text`, of `length` bytes that may be cut anywhere, as a serial line delivers them. Bytes that are not UTF-8
/// end a word.
///
/// # Safety
/// See the beginning of runnel.h.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runnel_push_bytes(
    classifier: *mut RunnelClassifier,
    bytes: *const u8,
    length: usize,
    pushed: *mut RunnelPushed,
) -> RunnelStatus {
    // SAFETY: the header's contract.
    unsafe { values(bytes, length).and_then(|bytes| push_bytes(classifier, bytes, pushed)) }.into()
}

/// # Safety
/// As [`made`] and [`write_if_wanted`].
#[inline(never)]
unsafe fn push_bytes(
    classifier: *mut RunnelClassifier,
    bytes: &[u8],
    pushed: *mut RunnelPushed,
) -> Result<(), RunnelStatus> {
    // SAFETY: the caller's promise is the same.
    let classifier = unsafe { made(classifier) }?;
    check_wanted(pushed)?;
    if classifier.model().channels() > 0 {
        return Err(RunnelStatus::NoText);
    }
    let done = classifier.push_bytes(bytes);
    // SAFETY: the caller's promise is the same.
    unsafe { write_if_wanted(pushed, done.into()) };
    Ok(())
}

/// Takes in a frame of integers as the sensor gives them, one a channel. `pushed` may be NULL.
///
/// # Safety
/// See the beginning of runnel.h.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runnel_push_frame_i32(
    classifier: *mut RunnelClassifier,
    frame: *const i32,
    channels: usize,
    pushed: *mut RunnelPushed,
) -> RunnelStatus {
    // SAFETY: the header's contract.
    unsafe { push_frame(classifier, frame, channels, pushed, |classifier, frame| classifier.push_frame(frame)) }.into()
}

/// As `runnel_push_frame_i32`, for sensors whose integers have 16 bits.
///
/// # Safety
/// See the beginning of runnel.h.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runnel_push_frame_i16(
    classifier: *mut RunnelClassifier,
    frame: *const i16,
    channels: usize,
    pushed: *mut RunnelPushed,
) -> RunnelStatus {
    // SAFETY: the header's contract.
    unsafe { push_frame(classifier, frame, channels, pushed, |classifier, frame| classifier.push_frame_i16(frame)) }
        .into()
}

/// As `runnel_push_frame_i32`, of numbers in the units of the training data.
///
/// # Safety
/// See the beginning of runnel.h.
#[cfg(feature = "float")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runnel_push_frame_f32(
    classifier: *mut RunnelClassifier,
    frame: *const f32,
    channels: usize,
    pushed: *mut RunnelPushed,
) -> RunnelStatus {
    // SAFETY: the header's contract.
    unsafe { push_frame(classifier, frame, channels, pushed, |classifier, frame| classifier.push_frame_f32(frame)) }
        .into()
}

/// What lies in a [`RunnelClassifier`].
type Inner = <RunnelClassifier as Opaque>::Value;

/// # Safety
/// As [`made`], [`values`] and [`write_if_wanted`].
#[inline]
unsafe fn push_frame<Number>(
    classifier: *mut RunnelClassifier,
    frame: *const Number,
    channels: usize,
    pushed: *mut RunnelPushed,
    push: impl FnOnce(&mut Inner, &[Number]) -> Result<Pushed, Error>,
) -> Result<(), RunnelStatus> {
    // SAFETY: the caller's promise is the same.
    let (classifier, frame) = unsafe { (made(classifier)?, values(frame, channels)?) };
    check_wanted(pushed)?;
    let done = push(classifier, frame)?;
    // SAFETY: the caller's promise is the same.
    unsafe { write_if_wanted(pushed, done.into()) };
    Ok(())
}

impl From<Pushed> for RunnelPushed {
    #[inline]
    fn from(pushed: Pushed) -> Self {
        Self { taken: pushed.taken, refused: pushed.refused }
    }
}

/// The answer for what was pushed since the last reset, as if it ended here. It changes no later answer.
///
/// # Safety
/// See the beginning of runnel.h.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runnel_predict(
    classifier: *mut RunnelClassifier,
    prediction: *mut RunnelPrediction,
) -> RunnelStatus {
    // SAFETY: the header's contract.
    unsafe { made(classifier).and_then(|classifier| write(prediction, classifier.predict().into())) }.into()
}

/// `runnel_predict` in slices, so that no call takes long: `is_complete` is false until the answer is complete, and `prediction`
/// is then not written. A bidirectional model computes at most `steps` steps a call; any other answers at once.
///
/// # Safety
/// See the beginning of runnel.h.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runnel_predict_some(
    classifier: *mut RunnelClassifier,
    steps: u32,
    prediction: *mut RunnelPrediction,
    is_complete: *mut bool,
) -> RunnelStatus {
    // SAFETY: the header's contract.
    let result = unsafe { made(classifier) }.and_then(|classifier| {
        let found = classifier.predict_some(steps);
        // SAFETY: the header's contract.
        unsafe { write(is_complete, found.is_some()) }?;
        match found {
            // SAFETY: the header's contract.
            Some(found) => unsafe { write(prediction, found.into()) },
            None => Ok(()),
        }
    });
    result.into()
}

impl From<Prediction<'static>> for RunnelPrediction {
    #[inline]
    fn from(prediction: Prediction<'static>) -> Self {
        Self {
            class_index: prediction.class as u32,
            label: prediction.label.as_ptr().cast(),
            label_length: prediction.label.len(),
            probability_q15: prediction.probability.q15(),
            accepted: prediction.accepted,
        }
    }
}

/// The logits of that answer for an int8 model, in units of 2^-16. `count` is the number of integers in `logits`, at least one a
/// class.
///
/// # Safety
/// See the beginning of runnel.h.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runnel_logits_q16(
    classifier: *mut RunnelClassifier,
    logits: *mut i32,
    count: usize,
) -> RunnelStatus {
    // SAFETY: the header's contract.
    unsafe {
        copy_logits(
            classifier,
            logits,
            count,
            |found| if let Logits::Fixed(found) = found { Some(found) } else { None },
        )
    }
    .into()
}

/// The logits of that answer for a model of precision f32 or f16. `count` is the number of floats in `logits`, at least one a
/// class.
///
/// # Safety
/// See the beginning of runnel.h.
#[cfg(feature = "float")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runnel_logits_f32(
    classifier: *mut RunnelClassifier,
    logits: *mut f32,
    count: usize,
) -> RunnelStatus {
    // SAFETY: the header's contract.
    unsafe {
        copy_logits(
            classifier,
            logits,
            count,
            |found| if let Logits::Float(found) = found { Some(found) } else { None },
        )
    }
    .into()
}

/// # Safety
/// As [`made`] and [`buffer`].
#[inline]
unsafe fn copy_logits<Number: Copy>(
    classifier: *mut RunnelClassifier,
    logits: *mut Number,
    count: usize,
    of_type: impl for<'a> FnOnce(Logits<'a>) -> Option<&'a [Number]>,
) -> Result<(), RunnelStatus> {
    // SAFETY: the caller's promise is the same.
    let (classifier, logits) = unsafe { (made(classifier)?, buffer(logits, count)?) };
    let found = of_type(classifier.logits()).ok_or(RunnelStatus::WrongLogits)?;
    let logits = logits.get_mut(..found.len()).ok_or(RunnelStatus::BufferTooSmall)?;
    for (target, logit) in logits.iter_mut().zip(found) {
        *target = *logit;
    }
    Ok(())
}

/// Steps that an answer is about, 0 if the classifier was not made.
///
/// # Safety
/// See the beginning of runnel.h.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runnel_steps(classifier: *const RunnelClassifier) -> u32 {
    // SAFETY: the header's contract.
    unsafe { made_and_shared(classifier) }.map_or(0, |classifier| classifier.steps())
}

/// What a status means, in English, on one line that ends with a NUL; never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn runnel_status_text(status: u32) -> *const c_char {
    text_of(status)
}
