/* The program of firmware-demo/size in C: a model in flash, a text in two pieces, an answer; and the same again. Built
 * WITHOUT_LIBRARY it reads the same text. It writes three 32-bit words: bytes of the image, of the deepest stack, and of RAM
 * for the stack. */
#include "board.h"
#include "runnel.h"

static const char *const texts[] = {"Word07 the \xC3\x89t\xC3\xA9", "word WORD42, please: word59"};

#ifdef WITHOUT_LIBRARY

static volatile size_t read_bytes;

static int classify(void)
{
    for (size_t piece = 0; piece < 2; piece++)
        for (const char *byte = texts[piece]; *byte != 0; byte++)
            read_bytes++;
    return 0;
}

static int start(void)
{
    return 0;
}

static void restart(void)
{
}

#else

extern const uint8_t model_file[], model_file_end[];

static RunnelModel model;
static RunnelClassifier classifier;
static uint32_t state[512];

static int classify(void)
{
    RunnelPrediction prediction;
    RunnelPushed pushed;
    for (size_t piece = 0; piece < 2; piece++)
        if (runnel_push_text(&classifier, texts[piece], &pushed) != RUNNEL_STATUS_OK)
            return 1;
    return runnel_predict(&classifier, &prediction) != RUNNEL_STATUS_OK;
}

static int start(void)
{
    if (runnel_model_parse(&model, model_file, (size_t)(model_file_end - model_file)) != RUNNEL_STATUS_OK)
        return 1;
    return runnel_classifier_init(&classifier, &model, state, 512) != RUNNEL_STATUS_OK;
}

static void restart(void)
{
    runnel_reset(&classifier);
}

#endif

int run(void)
{
    if (start() != 0 || classify() != 0)
        return 1;
    restart();
    if (classify() != 0)
        return 1;
    const uint32_t found[] = {image_bytes(), stack_high_water(), stack_free_at_reset()};
    print_bytes(found, sizeof found);
    return 0;
}
