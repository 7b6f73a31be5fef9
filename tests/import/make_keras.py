#!/usr/bin/env python3
"""The Keras models of this folder; see make.py."""

import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"

import keras
import safetensors.numpy
import tensorflow

from rows import BATCH_SIZE, HERE, LEARNING_RATE, SEED, Rows, by_frequency, write


def make_keras(name, embedding_size, layers, epochs):
    """Trains a Keras model; `layers` gives what lies between embedding and dense layer."""
    keras.backend.clear_session()
    keras.utils.set_random_seed(SEED)
    rows = Rows(by_frequency)
    model = keras.Sequential(
        [
            keras.Input((None,), dtype="int32"),
            keras.layers.Embedding(rows.token_count, embedding_size, mask_zero=True),
            *layers(),
            keras.layers.Dense(len(rows.labels)),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(LEARNING_RATE), loss, metrics=["accuracy"])
    tokens, _ = rows.encode(rows.texts)
    model.fit(tokens, rows.classes, batch_size=BATCH_SIZE, epochs=epochs, verbose=0)
    _, right = model.evaluate(tokens, rows.classes, verbose=0)
    logits = model.predict(rows.encode(rows.asked)[0], verbose=0)
    tensors = {variable.path: variable.numpy() for variable in model.variables}
    safetensors.numpy.save_file(tensors, HERE / f"{name}.safetensors")
    write(name, rows, logits)
    print(f"{name}: training accuracy {right:.3f}", file=sys.stderr)


def two_bidirectional_layers():
    """The second layer's steps are averaged; the mask of the embedding reaches the average."""
    layer = keras.layers.LSTM
    return [
        keras.layers.Bidirectional(layer(6, return_sequences=True)),
        keras.layers.Bidirectional(layer(6, return_sequences=True)),
        keras.layers.GlobalAveragePooling1D(),
    ]


def main():
    tensorflow.config.threading.set_intra_op_parallelism_threads(1)
    tensorflow.config.threading.set_inter_op_parallelism_threads(1)
    tensorflow.config.experimental.enable_op_determinism()
    make_keras("keras_gru", 10, lambda: [keras.layers.GRU(14)], 40)
    make_keras("keras_bilstm", 8, two_bidirectional_layers, 40)


if __name__ == "__main__":
    main()
