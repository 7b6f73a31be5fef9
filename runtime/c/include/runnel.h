/* Runnel: recurrent classifiers in fixed-size buffers. Written by cbindgen from runtime/c/src: see runtime/c/README.md.
 *
 * The caller owns all memory: the model's file, a RunnelModel, a RunnelClassifier and its words of state. Nothing is allocated,
 * and the library has no variables of its own.
 *
 * Contract of all functions ("Safety"): a pointer points to what its type says, in the length that is given, and no one
 * else uses it meanwhile; file, RunnelModel and state stay where they are as long as what was made of them is used. The
 * words of a RunnelModel and a RunnelClassifier are written by this library alone. NULL, a pointer that is not aligned as its
 * type, too short a buffer, and a struct of zeros are answered with a status.
 *
 * Functions of one classifier are called by one thread at a time, and not in an interrupt: a step takes thousands of
 * instructions. Define RUNNEL_FLOAT where the library was built with the feature `float`.
 */

#ifndef RUNNEL_H
#define RUNNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Words of a `RunnelModel`, of the size of a pointer.
#define RUNNEL_MODEL_WORDS 257

// Words of a `RunnelClassifier`, of the size of a pointer.
#define RUNNEL_CLASSIFIER_WORDS 49

// The result of a function: 0 is success. After any other status a classifier's sequence is as before; a model or a classifier
// that was to be made is not ready.
enum RunnelStatus
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    // Success.
    RUNNEL_STATUS_OK = 0,
    // A required pointer is NULL.
    RUNNEL_STATUS_NULL_POINTER = 1,
    // A pointer to a struct or to numbers is not aligned as its C type requires.
    RUNNEL_STATUS_UNALIGNED_POINTER = 2,
    // The model or the classifier is not ready: parse or init was not called, or failed.
    RUNNEL_STATUS_NOT_READY = 3,
    // The state, or the buffer for the logits, is smaller than the model needs.
    RUNNEL_STATUS_BUFFER_TOO_SMALL = 4,
    // The first four bytes are not those of a model file.
    RUNNEL_STATUS_NOT_A_MODEL = 5,
    // The file has a version that this library does not read.
    RUNNEL_STATUS_UNSUPPORTED_VERSION = 6,
    // The file has a precision that this library does not know.
    RUNNEL_STATUS_UNSUPPORTED_PRECISION = 7,
    // The weights are packed for another processor.
    RUNNEL_STATUS_UNSUPPORTED_PACKING = 8,
    // The model needs a feature that this library was built without, or does not know.
    RUNNEL_STATUS_MISSING_FEATURE = 9,
    // The file has a record that a reader must know, and this library does not.
    RUNNEL_STATUS_UNKNOWN_EXTENSION = 10,
    // The file has more or fewer bytes than it says.
    RUNNEL_STATUS_WRONG_LENGTH = 11,
    // The file's checksum is wrong: it was changed or damaged.
    RUNNEL_STATUS_WRONG_CHECKSUM = 12,
    // The file does not begin at a multiple of its alignment, which is 16 bytes at most.
    RUNNEL_STATUS_UNALIGNED_MODEL = 13,
    // A part of the file is not what the format specifies.
    RUNNEL_STATUS_INVALID_MODEL = 14,
    // Frames were pushed to a model of text.
    RUNNEL_STATUS_NO_FRAMES = 15,
    // Text was pushed to a model of frames.
    RUNNEL_STATUS_NO_TEXT = 16,
    // A frame has another number of channels than the model.
    RUNNEL_STATUS_WRONG_CHANNELS = 17,
    // A number of a frame is infinite or not a number.
    RUNNEL_STATUS_NOT_FINITE = 18,
    // The model has no class of that index.
    RUNNEL_STATUS_NO_SUCH_CLASS = 19,
    // The model's logits are of the other type: integers in an int8 model, floats in any other.
    RUNNEL_STATUS_WRONG_LOGITS = 20,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum RunnelStatus RunnelStatus;
#else
typedef uint32_t RunnelStatus;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// A parsed model, in the caller's memory. Its words are the library's own.
//
// It refers to the model's file, which must stay where it is, unchanged, as long as the model is used.
typedef struct {
    // The library's own.
    size_t words[RUNNEL_MODEL_WORDS];
} RunnelModel;

// What a model is.
typedef struct {
    // 32-bit words of state that a classifier needs.
    size_t state_words;
    // Number of classes, and of logits.
    size_t classes;
    // Numbers of a frame; 0 for a model of text.
    size_t channels;
    // Steps after which a sequence is full; `UINT32_MAX` if it has no limit.
    uint32_t max_steps;
    // Whether the model keeps its steps and computes all of them when an answer is asked for.
    bool is_bidirectional;
} RunnelModelInfo;

// A classifier, in the caller's memory. Its words are the library's own.
//
// It refers to the model and to the words of state, which must stay where they are as long as the classifier is used. One
// function at a time may use it.
typedef struct {
    // The library's own.
    size_t words[RUNNEL_CLASSIFIER_WORDS];
} RunnelClassifier;

// What a push did. Both numbers may be 0: a word that has begun is no step yet.
typedef struct {
    // Steps that were taken in.
    uint32_t taken;
    // Steps that were ignored because the sequence was full.
    uint32_t refused;
} RunnelPushed;

// An answer.
typedef struct {
    // Index of the class with the largest logit, the first of equal ones.
    uint32_t class_index;
    // Its name, UTF-8, in the model's file: it does not end with a NUL.
    const char *label;
    // Bytes of the name.
    size_t label_length;
    // Its probability in units of 2^-15: 0 to 32,768.
    uint16_t probability_q15;
    // Whether the probability reaches the class's threshold; always true for a model without thresholds.
    bool accepted;
} RunnelPrediction;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// Verifies a model file and makes a model of it. Nothing is copied: the file stays where it is, in flash.
//
// `file` begins at a multiple of 16 bytes; `length` is the file's, or the device's part of it (`trainer strip`).
RunnelStatus runnel_model_parse(RunnelModel *model,
                                const void *file,
                                size_t length);

// As `runnel_model_parse`, of a region that begins with a model file and may be longer, as a partition of a flash memory is.
RunnelStatus runnel_model_parse_prefix(RunnelModel *model,
                                       const void *region,
                                       size_t length);

// What a model is: the words of state to reserve, the number of logits, the channels of a frame.
RunnelStatus runnel_model_info(const RunnelModel *model, RunnelModelInfo *info);

// The name of a class, UTF-8, in the model's file: it does not end with a NUL.
RunnelStatus runnel_model_label(const RunnelModel *model,
                                uint32_t class_index,
                                const char **label,
                                size_t *label_length);

// Makes a classifier at the start of a sequence. `state` is `state_words` words of 32 bits, at least as many as
// `runnel_model_info` says; what they hold does not matter. To begin anew with another model, call it again.
RunnelStatus runnel_classifier_init(RunnelClassifier *classifier,
                                    const RunnelModel *model,
                                    uint32_t *state,
                                    size_t state_words);

// Forgets the sequence, and a word that has begun.
RunnelStatus runnel_reset(RunnelClassifier *classifier);

// Takes in more text, UTF-8, that ends with a NUL: one step for every word, character or byte that is complete. `pushed` may be
// NULL. A completed word computes a whole step: do not call it in an interrupt.
RunnelStatus runnel_push_text(RunnelClassifier *classifier,
                              const char *text,
                              RunnelPushed *pushed);

// As `runnel_push_text`, of `length` bytes that may be cut anywhere, as a serial line delivers them. Bytes that are not UTF-8
// end a word.
RunnelStatus runnel_push_bytes(RunnelClassifier *classifier,
                               const uint8_t *bytes,
                               size_t length,
                               RunnelPushed *pushed);

// Takes in a frame of integers as the sensor gives them, one a channel. `pushed` may be NULL.
RunnelStatus runnel_push_frame_i32(RunnelClassifier *classifier,
                                   const int32_t *frame,
                                   size_t channels,
                                   RunnelPushed *pushed);

// As `runnel_push_frame_i32`, for sensors whose integers have 16 bits.
RunnelStatus runnel_push_frame_i16(RunnelClassifier *classifier,
                                   const int16_t *frame,
                                   size_t channels,
                                   RunnelPushed *pushed);

#if defined(RUNNEL_FLOAT)
// As `runnel_push_frame_i32`, of numbers in the units of the training data.
RunnelStatus runnel_push_frame_f32(RunnelClassifier *classifier,
                                   const float *frame,
                                   size_t channels,
                                   RunnelPushed *pushed);
#endif

// The answer for what was pushed since the last reset, as if it ended here. It changes no later answer.
RunnelStatus runnel_predict(RunnelClassifier *classifier,
                            RunnelPrediction *prediction);

// `runnel_predict` in slices, so that no call takes long: `is_complete` is false until the answer is complete, and `prediction`
// is then not written. A bidirectional model computes at most `steps` steps a call; any other answers at once.
RunnelStatus runnel_predict_some(RunnelClassifier *classifier,
                                 uint32_t steps,
                                 RunnelPrediction *prediction,
                                 bool *is_complete);

// The logits of that answer for an int8 model, in units of 2^-16. `count` is the number of integers in `logits`, at least one a
// class.
RunnelStatus runnel_logits_q16(RunnelClassifier *classifier,
                               int32_t *logits,
                               size_t count);

#if defined(RUNNEL_FLOAT)
// The logits of that answer for a model of precision f32 or f16. `count` is the number of floats in `logits`, at least one a
// class.
RunnelStatus runnel_logits_f32(RunnelClassifier *classifier,
                               float *logits,
                               size_t count);
#endif

// Steps that an answer is about, 0 if the classifier was not made.
uint32_t runnel_steps(const RunnelClassifier *classifier);

// What a status means, in English, on one line that ends with a NUL; never NULL.
const char *runnel_status_text(uint32_t status);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* RUNNEL_H */
