/* A model in flash classifies one text: the whole way with the library. */
#include "board.h"
#include "runnel.h"

/* The model file, which files.S includes; it begins at a multiple of 16 bytes. */
extern const uint8_t model_file[], model_file_end[];

/* 32-bit words of state: runnel_model_info says how many the model needs, and so does `trainer inspect`. */
#ifndef STATE_WORDS
#define STATE_WORDS 512
#endif

/* All memory that the library uses beside the stack. */
static RunnelModel model;
static RunnelClassifier classifier;
static uint32_t state[STATE_WORDS];

static RunnelStatus classify(const char *text, RunnelPrediction *prediction)
{
    RunnelStatus status = runnel_reset(&classifier);
    if (status == RUNNEL_STATUS_OK)
        status = runnel_push_text(&classifier, text, NULL);
    if (status == RUNNEL_STATUS_OK)
        status = runnel_predict(&classifier, prediction);
    return status;
}

static RunnelStatus start(void)
{
    RunnelStatus status = runnel_model_parse(&model, model_file, (size_t)(model_file_end - model_file));
    if (status == RUNNEL_STATUS_OK)
        status = runnel_classifier_init(&classifier, &model, state, STATE_WORDS);
    return status;
}

int run(void)
{
    RunnelPrediction prediction;
    RunnelStatus status = start();
    if (status == RUNNEL_STATUS_OK)
        status = classify("switch the kitchen lights off", &prediction);
    if (status != RUNNEL_STATUS_OK) {
        print(runnel_status_text(status));
        print("\n");
        return 1;
    }
    print_bytes(prediction.label, prediction.label_length);
    print(" ");
    print_number((prediction.probability_q15 * 100 + 16384) / 32768);
    print(" %\n");
    return 0;
}
