/* Classifies every row of a file that the image includes and prints a line for each: class, probability in units of 2^-15, and
 * the logits in units of 2^-16. runtime/c/emulate writes the file, and compares the lines with this machine's answers.
 *
 * A row is a 32-bit number of bytes and a text, padded to a multiple of 4 bytes; or a number of frames and their numbers,
 * 32 bits each. */
#include "board.h"
#include "runnel.h"

extern const uint8_t model_file[], model_file_end[];
extern const uint32_t rows_file[], rows_file_end[];

#define MAX_CLASSES 256

static RunnelModel model;
static RunnelClassifier classifier;
static RunnelModelInfo info;
static uint32_t state[STATE_WORDS];
static int32_t logits[MAX_CLASSES];

static RunnelStatus start(void)
{
    RunnelStatus status = runnel_model_parse(&model, model_file, (size_t)(model_file_end - model_file));
    if (status == RUNNEL_STATUS_OK)
        status = runnel_model_info(&model, &info);
    if (status == RUNNEL_STATUS_OK)
        status = runnel_classifier_init(&classifier, &model, state, STATE_WORDS);
    return status;
}

/* Pushes a row of frames or of text, the text in two pieces that may be cut inside a character. */
static RunnelStatus push(const uint32_t *values, size_t length)
{
    RunnelStatus status = RUNNEL_STATUS_OK;
    if (info.channels == 0) {
        const uint8_t *bytes = (const uint8_t *)values;
        status = runnel_push_bytes(&classifier, bytes, length / 2, NULL);
        if (status == RUNNEL_STATUS_OK)
            status = runnel_push_bytes(&classifier, bytes + length / 2, length - length / 2, NULL);
        return status;
    }
    for (size_t frame = 0; frame < length && status == RUNNEL_STATUS_OK; frame++)
        status = runnel_push_frame_i32(&classifier, (const int32_t *)values + frame * info.channels, info.channels, NULL);
    return status;
}

static RunnelStatus answer(const uint32_t *values, size_t length)
{
    RunnelPrediction prediction;
    RunnelStatus status = runnel_reset(&classifier);
    if (status == RUNNEL_STATUS_OK)
        status = push(values, length);
    if (status == RUNNEL_STATUS_OK)
        status = runnel_predict(&classifier, &prediction);
    if (status == RUNNEL_STATUS_OK)
        status = runnel_logits_q16(&classifier, logits, MAX_CLASSES);
    if (status != RUNNEL_STATUS_OK)
        return status;
    print_number((int32_t)prediction.class_index);
    print(" ");
    print_number(prediction.probability_q15);
    for (size_t index = 0; index < info.classes; index++) {
        print(" ");
        print_number(logits[index]);
    }
    print("\n");
    return status;
}

int run(void)
{
    RunnelStatus status = start();
    for (const uint32_t *row = rows_file; row < rows_file_end && status == RUNNEL_STATUS_OK;) {
        size_t length = *row++;
        status = answer(row, length);
        row += info.channels == 0 ? (length + 3) / 4 : length * info.channels;
    }
    if (status != RUNNEL_STATUS_OK) {
        print(runnel_status_text(status));
        print("\n");
    }
    return status != RUNNEL_STATUS_OK;
}
