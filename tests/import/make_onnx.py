#!/usr/bin/env python3
"""Writes small models as ONNX files of the usual exporters, with the logits that ONNX Runtime gives, for the tests of
`trainer import --onnx`.

    tests/import/make_onnx.py [torch|keras]      (torch: torch, onnx, onnxscript, onnxruntime, numpy;
                                                  keras: keras, tensorflow-cpu, tf2onnx, onnx, onnxruntime, numpy)

For each model NAME it writes, in the folder `onnx` beside this script:
    NAME.onnx           the model
    NAME.answers.json   {"texts": [...]} or {"frames": [...]}, and "logits": what ONNX Runtime answers
NAME.toml, the description that `trainer import` reads, is written by hand, and so is words.txt.

The weights are random and seeded. `NAME_dynamo` is of PyTorch's exporter on torch.export, the others of the one on
TorchScript.
"""

import io
import json
import sys
import warnings
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

FOLDER = Path(__file__).resolve().parent / "onnx"
WORDS = (FOLDER / "words.txt").read_text(encoding="utf-8").split()
FIRST_WORD_TOKEN = 2
CHANNELS, CLASSES, SEED = 3, 3, 7
# Exports on torch.export have the length that they were made with.
LENGTHS, ONE_LENGTH = [1, 2, 5, 7, 7, 12], [7] * 6


def sequences(generator, is_text, lengths):
    """Rows, as JSON has them and as the network takes them, `[1, steps]` or `[1, steps, channels]`."""
    for length in lengths:
        if is_text:
            numbers = generator.integers(0, len(WORDS), length)
            text = " ".join(WORDS[number] for number in numbers)
            yield text, (numbers + FIRST_WORD_TOKEN)[None].astype(np.int64)
        else:
            frames = np.round(generator.normal(1.0, 3.0, (length, CHANNELS)), 3).astype(np.float32)
            yield [[float(f"{value:.9g}") for value in frame] for frame in frames], frames[None]


def stripped(model):
    """A model without notes about the sources that it was made from."""
    for part in [model, model.graph, *model.graph.node, *model.graph.value_info, *model.graph.input, *model.graph.output]:
        part.ClearField("doc_string")
        part.ClearField("metadata_props")
    return model.SerializeToString()


def write(name, model, is_text, lengths=LENGTHS, steps_first=False, token_type=np.int64, answer=None):
    """The model and what ONNX Runtime answers; `answer` makes logits of its outputs."""
    model = stripped(model)
    (FOLDER / f"{name}.onnx").write_bytes(model)
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    [place] = session.get_inputs()
    rows, logits = [], []
    for row, values in sequences(np.random.default_rng(SEED), is_text, lengths):
        values = values.astype(token_type) if is_text else values
        values = values.swapaxes(0, 1) if steps_first else values
        output = session.run(None, {place.name: values})[0][0]
        rows.append(row)
        logits.append([float(f"{value:.9g}") for value in (answer(output) if answer else output)])
    answers = {"texts" if is_text else "frames": rows, "logits": logits}
    (FOLDER / f"{name}.answers.json").write_text(json.dumps(answers, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"{name}: {len(model)} bytes", file=sys.stderr)


def logit(output):
    """The logits of two classes whose second has this probability."""
    half = 0.5 * float(np.log(output[0] / (1.0 - output[0])))
    return [-half, half]


def make_torch():
    import torch

    class Model(torch.nn.Module):
        """An embedding, or frames that are normalized; a recurrent module; `pool`, and a linear layer."""

        def __init__(self, recurrent, pool, is_text=True, classes=CLASSES, activation=None, normalizes=False):
            super().__init__()
            if is_text:
                self.embedding = torch.nn.Embedding(len(WORDS) + FIRST_WORD_TOKEN, recurrent.input_size)
            if normalizes:
                self.register_buffer("mean", torch.tensor([1.0, 0.5, 2.0]))
                self.register_buffer("deviation", torch.tensor([3.0, 2.5, 4.0]))
            self.recurrent, self.pool, self.activation = recurrent, pool, activation
            width = recurrent.hidden_size * (2 if recurrent.bidirectional else 1)
            self.fc = torch.nn.Linear(width, classes)
            for weight in self.parameters():
                torch.nn.init.normal_(weight, std=0.7)

        def forward(self, x):
            if hasattr(self, "embedding"):
                x = self.embedding(x)
            if hasattr(self, "mean"):
                x = (x - self.mean) / self.deviation
            outputs, state = self.recurrent(x)
            logits = self.fc(self.pool(outputs, state[0] if isinstance(state, tuple) else state))
            return self.activation(logits) if self.activation else logits

    def both_states(_, state):
        return torch.cat([state[-2], state[-1]], dim=1)

    def both_ends(outputs, _):
        size = outputs.shape[-1] // 2
        return torch.cat([outputs[:, -1, :size], outputs[:, 0, size:]], dim=1)

    pools = {
        "states": both_states,
        "ends": both_ends,
        "permuted": lambda _, state: state.permute(1, 0, 2).flatten(1),
        "step": lambda outputs, _: outputs[:, -1],
        "top": lambda _, state: state[-1],
        "mean": lambda outputs, _: outputs.mean(dim=1),
        "max": lambda outputs, _: outputs.max(dim=1).values,
        "average": lambda outputs, _: torch.nn.functional.adaptive_avg_pool1d(outputs.transpose(1, 2), 1).squeeze(-1),
        "first mean": lambda outputs, _: outputs.mean(dim=0),
    }

    def export(name, recurrent, pool, dynamo=False, steps_first=False, answer=None, **options):
        torch.manual_seed(SEED)
        is_text = options.get("is_text", True)
        model = Model(recurrent(), pools[pool], **options).eval()
        steps = 7
        x = torch.randint(0, len(WORDS), (1, steps)) if is_text else torch.randn(1, steps, CHANNELS)
        x = x.transpose(0, 1) if steps_first else x
        if dynamo:
            data = torch.onnx.export(model, (x,), dynamo=True, verbose=False).model_proto
            write(name, data, is_text, ONE_LENGTH, steps_first, answer=answer)
            return
        file = io.BytesIO()
        axes = {"x": {0: "steps", 1: "batch"} if steps_first else {0: "batch", 1: "steps"}}
        torch.onnx.export(
            model, (x,), file, dynamo=False, input_names=["x"], output_names=["logits"], dynamic_axes=axes
        )
        write(name, onnx.load_from_string(file.getvalue()), is_text, LENGTHS, steps_first, answer=answer)

    def lstm(**options):
        return lambda: torch.nn.LSTM(5, 4, batch_first=True, **options)

    stacked = {"num_layers": 2, "bidirectional": True}
    export("lstm_bi2_last", lstm(**stacked), "states")
    export("lstm_bi2_last_dynamo", lstm(**stacked), "states", dynamo=True)
    export("lstm_bi_ends", lstm(bidirectional=True), "ends")
    export("lstm_bi_permuted", lstm(bidirectional=True), "permuted")
    export("lstm_bi_max_dynamo", lstm(bidirectional=True), "max", dynamo=True)
    export("gru_step", lambda: torch.nn.GRU(5, 4, batch_first=True), "step")
    export("gru_step_dynamo", lambda: torch.nn.GRU(5, 4, batch_first=True), "step", dynamo=True)
    export("rnn_mean", lambda: torch.nn.RNN(5, 4, batch_first=True), "mean")
    export("lstm_average", lstm(num_layers=2), "average")
    sensors = {"is_text": False}
    gru = lambda: torch.nn.GRU(CHANNELS, 4, num_layers=2, batch_first=True, bias=False)
    export(
        "sensor_gru", gru, "top", answer=logit, classes=1, activation=torch.sigmoid, normalizes=True, **sensors
    )
    relu = lambda: torch.nn.RNN(CHANNELS, 4, nonlinearity="relu")
    export("sensor_rnn_relu", relu, "first mean", steps_first=True, **sensors)
    one = lambda: torch.nn.GRU(CHANNELS, 4, batch_first=True)
    export("sensor_gru_dynamo", one, "top", dynamo=True, normalizes=True, **sensors)


def make_keras():
    import keras
    import tensorflow
    import tf2onnx

    layers = keras.layers

    def export(name, stack, is_text):
        keras.utils.set_random_seed(SEED)
        inputs = keras.Input((None,), dtype="int32") if is_text else keras.Input((None, CHANNELS))
        outputs = inputs
        for layer in stack:
            outputs = layer(outputs)
        model = keras.Model(inputs, outputs)
        generator = np.random.default_rng(SEED)
        model.set_weights([
            weight if weight.ndim == 0 else generator.normal(0.0, 0.7, weight.shape) ** (2 if weight.min() > 0 else 1)
            for weight in model.get_weights()
        ])
        kind = tensorflow.int32 if is_text else tensorflow.float32
        shape = [None, None] if is_text else [None, None, CHANNELS]
        signature = [tensorflow.TensorSpec(shape, kind, name="x")]
        function = tensorflow.function(lambda x: model(x, training=False), input_signature=signature)
        proto, _ = tf2onnx.convert.from_function(function, input_signature=signature)
        write(name, proto, is_text, token_type=np.int32)

    tokens = len(WORDS) + FIRST_WORD_TOKEN
    export("keras_lstm", [layers.Embedding(tokens, 5), layers.LSTM(4), layers.Dense(CLASSES)], True)
    scaled = layers.Rescaling([0.3, 0.4, 0.25], offset=[-0.3, -0.2, -0.5])
    mean = [scaled, layers.LSTM(4, return_sequences=True), layers.GlobalAveragePooling1D(), layers.Dense(CLASSES)]
    export("keras_sensor", mean, False)
    # tf2onnx makes a loop of Keras's GRU with reset_after=True, which an import refuses.
    export("keras_gru_loop", [layers.GRU(4), layers.Dense(CLASSES)], False)
    both = [layers.Embedding(tokens, 5), layers.Bidirectional(layers.LSTM(4)), layers.Dense(CLASSES)]
    export("keras_bilstm", both, True)


def main():
    warnings.filterwarnings("ignore")
    parts = {"torch": make_torch, "keras": make_keras}
    for part in sys.argv[1:] or parts:
        parts[part]()


if __name__ == "__main__":
    main()
