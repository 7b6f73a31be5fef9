#!/usr/bin/env python3
"""Trains the Keras presets of the project in Keras, to compare speed and accuracy.

    tests/bench/train_keras.py --train FILE [--test FILE] --preset NAME [--threads N] [--batch-size N]
                               [--epochs N] [--rows N] [--seed N] [--start DIR] [--json]
    (needs: keras, tensorflow-cpu)

The clock runs over training steps of `Model.fit`: forward, backward, Adam; batches are made while it stands, but for
the one that `tf.data` makes ahead.
"""

import os
from typing import NamedTuple

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import numpy as np
import tensorflow

from rows import (
    LEARNING_RATE,
    MAX_LENGTH,
    Clock,
    Encoder,
    Report,
    arguments,
    in_batches,
    padded_batches,
    read_rows,
    training_batches,
)

EVALUATION_BATCH = 256


class Preset(NamedTuple):
    """A network, and how rows are cut and padded for it."""

    cell: type
    hidden_size: int
    num_layers: int = 1
    bidirectional: bool = False
    masked: bool = True
    pad_to: int = 0
    max_length: int = MAX_LENGTH
    embedding_size: int = 64
    titles_only: bool = False


PRESETS = {
    "keras-rnn-titles": Preset(keras.layers.SimpleRNN, 16, masked=False, pad_to=16, max_length=16, titles_only=True),
    "keras-rnn-masked": Preset(keras.layers.SimpleRNN, 16),
    "keras-lstm": Preset(keras.layers.LSTM, 8, masked=False, pad_to=64, max_length=64),
    "keras-lstm-bidirectional": Preset(keras.layers.LSTM, 64, num_layers=2, bidirectional=True, embedding_size=128),
}


class Adam(keras.optimizers.Adam):
    """Adam as the project has it. Of a token that occurs several times in a batch, Keras adds up the squares of the
    gradients of its vector; here their sum is squared."""

    def __init__(self):
        super().__init__(LEARNING_RATE, epsilon=1e-8)

    def update_step(self, gradient, variable, learning_rate):
        super().update_step(tensorflow.convert_to_tensor(gradient), variable, learning_rate)


def classifier(preset, token_count, classes, optimizer):
    """Embedding, recurrent layers, dense; the last layer gives its last state."""
    layers = [
        keras.Input((preset.pad_to or None,), dtype="int32"),
        keras.layers.Embedding(token_count, preset.embedding_size, mask_zero=preset.masked),
    ]
    for number in range(preset.num_layers):
        layer = preset.cell(preset.hidden_size, return_sequences=number + 1 < preset.num_layers)
        layers.append(keras.layers.Bidirectional(layer) if preset.bidirectional else layer)
    model = keras.Sequential([*layers, keras.layers.Dense(classes)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer, loss, metrics=["accuracy"])
    return model


def start_from(model, start):
    """Weights of the project; Keras has an LSTM's gates in the same order, and the matrices transposed."""
    embedding, *recurrent, head = model.layers
    embedding.set_weights([start.embedding()])
    weights = [values.T for direction in start.directions() for values in direction]
    for layer in recurrent:
        count = len(layer.get_weights())
        layer.set_weights(weights[:count])
        weights = weights[count:]
    head.set_weights([values.T for values in start.head()])


def data_set(rows, pad_to, batches_of):
    """The batches as tensors; `batches_of(epoch)` has the numbers of the rows of each."""
    epoch = iter(range(10**9))

    def batches():
        for tokens, _, classes in padded_batches(rows, batches_of(next(epoch)), pad_to):
            yield np.array(tokens, np.int32), np.array(classes, np.int32)

    signature = (
        tensorflow.TensorSpec((None, pad_to or None), tensorflow.int32),
        tensorflow.TensorSpec((None,), tensorflow.int32),
    )
    found = tensorflow.data.Dataset.from_generator(batches, output_signature=signature)
    return found.apply(tensorflow.data.experimental.assert_cardinality(len(batches_of(0)))).prefetch(1)


class StepClock(keras.callbacks.Callback):
    """Tells a clock of each step of `Model.fit`, with the lengths of the rows that the step had."""

    def __init__(self, clock, rows, batches_of):
        super().__init__()
        self.clock, self.rows, self.batches_of = clock, rows, batches_of

    def on_epoch_begin(self, epoch, logs=None):
        self.lengths = iter([[len(self.rows[row][0]) for row in batch] for batch in self.batches_of(epoch)])

    def on_train_batch_begin(self, batch, logs=None):
        self.clock.start()

    def on_train_batch_end(self, batch, logs=None):
        self.clock.stop(next(self.lengths))


def main():
    options = arguments(__doc__.split("\n")[0], PRESETS)
    tensorflow.config.threading.set_intra_op_parallelism_threads(options.threads)
    tensorflow.config.threading.set_inter_op_parallelism_threads(options.threads)
    keras.utils.set_random_seed(options.seed)
    preset = PRESETS[options.preset]
    rows = read_rows(options.train, preset.titles_only, options.rows)
    encoder = Encoder(rows, preset.max_length)
    training = encoder.encode(rows)
    test = encoder.encode(read_rows(options.test, preset.titles_only)) if options.test else []
    optimizer = Adam() if options.start else keras.optimizers.Adam(LEARNING_RATE)
    model = classifier(preset, encoder.token_count, len(encoder.labels), optimizer)
    if options.start:
        start_from(model, options.start)

    def batches_of(epoch):
        return training_batches(training, options, epoch)

    clock = Clock()
    training_set = data_set(training, preset.pad_to, batches_of)
    callback = StepClock(clock, training, batches_of)
    history = model.fit(training_set, epochs=options.epochs, shuffle=False, verbose=0, callbacks=[callback])
    test_accuracy = None
    if test:
        batches = in_batches(range(len(test)), EVALUATION_BATCH)
        test_accuracy = model.evaluate(data_set(test, preset.pad_to, lambda _: batches), verbose=0)[1]
    train_accuracy = history.history["accuracy"][-1]
    framework = f"Keras {keras.__version__}, TensorFlow {tensorflow.__version__}"
    report = Report.of(framework, options, clock, len(training), len(test), train_accuracy, test_accuracy)
    report.print(options.json)


if __name__ == "__main__":
    main()
