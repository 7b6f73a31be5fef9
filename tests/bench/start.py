"""What a training of the project began with, as `training-start` writes it."""

import json
from pathlib import Path

import numpy as np


class Start:
    """The first weights, and the rows of every batch: `batches[epoch][batch]` has their numbers."""

    def __init__(self, folder):
        self.batches = json.loads((Path(folder) / "batches.json").read_text())
        content = (Path(folder) / "weights.safetensors").read_bytes()
        values = 8 + int.from_bytes(content[:8], "little")
        header = json.loads(content[8:values])
        self.tensors = {}
        for name, tensor in header.items():
            if name != "__metadata__":
                start, end = (values + offset for offset in tensor["data_offsets"])
                self.tensors[name] = np.frombuffer(content[start:end], "<f4").reshape(tensor["shape"])

    def embedding(self):
        """`[tokens, embedding_size]`."""
        return self.tensors["embedding"]

    def directions(self):
        """`weight_ih` `[gates * hidden_size, input_size]`, `weight_hh` `[gates * hidden_size, hidden_size]` and `bias`
        `[gates * hidden_size]` of each direction of each layer, forward before reverse; gates in PyTorch's order."""
        names = [
            f"layers.{layer}.{direction}" for layer in range(len(self.tensors)) for direction in ("forward", "reverse")
        ]
        return [
            [self.tensors[f"{name}.{part}"] for part in ("weight_ih", "weight_hh", "bias")]
            for name in names
            if f"{name}.bias" in self.tensors
        ]

    def head(self):
        """`weight` `[classes, pooled_size]` and `bias` `[classes]`."""
        return [self.tensors["head.weight"], self.tensors["head.bias"]]
