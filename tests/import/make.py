#!/usr/bin/env python3
"""Trains small models in PyTorch and Keras, for the tests of `trainer import`.

    tests/import/make.py        (needs: torch, keras with tensorflow-cpu, safetensors, numpy)

For each model NAME it writes, beside this script:
    NAME.safetensors       the weights under the framework's own names
    NAME.vocabulary.txt    the words, one a line, in the order of the model's tokens
    NAME.logits.json       {"texts": [...], "logits": [[...]]}: what the framework itself answers
NAME.toml, the description that `trainer import` reads, is written by hand.

The rows are the home commands' development sentences. Everything is seeded and runs on one thread.
"""

import subprocess
import sys
from pathlib import Path

# One process a framework: PyTorch and TensorFlow cannot load their two copies of LLVM into one.
for script in ["make_torch.py", "make_keras.py"]:
    subprocess.run([sys.executable, Path(__file__).resolve().parent / script], check=True)
