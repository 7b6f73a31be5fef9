"""The sentences that the models of this folder are trained on and asked, and how their answers are written."""

import csv
import json
import re
import sys
from collections import Counter
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
ROWS = HERE.parent.parent / "trainer" / "data" / "home_commands" / "development.csv"
PADDING_TOKEN, UNKNOWN_TOKEN, FIRST_WORD_TOKEN = 0, 1, 2
SEED, BATCH_SIZE, LEARNING_RATE = 7, 15, 0.01
# Every fourth sentence of the rows, and these: unknown words, capitals, punctuation, one word, many words.
MORE_TEXTS = [
    "play",
    "zzz",
    "TURN ON THE LIGHTS!",
    "could you, please, dim the zeppelin?",
    "set a timer for 20 minutes and then play some music in the kitchen and turn the lights off in the hall",
]


def words(text):
    """The project's words: maximal runs of alphanumeric characters, in lower case."""
    return [word.lower() for word in re.findall(r"[^\W_]+", text)]


def by_bytes(counts):
    """The project's order."""
    return sorted(counts, key=lambda word: word.encode())


def by_frequency(counts):
    """The order of Keras's TextVectorization: the most frequent word first."""
    return sorted(counts, key=lambda word: (-counts[word], word))


class Rows:
    """The sentences as tokens of a vocabulary, which has the words that occur twice or more."""

    def __init__(self, order):
        with ROWS.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        counts = Counter(word for row in rows for word in words(row["text"]))
        self.vocabulary = order({word: count for word, count in counts.items() if count > 1})
        self.tokens = {word: token for token, word in enumerate(self.vocabulary, FIRST_WORD_TOKEN)}
        self.labels = sorted({row["label"] for row in rows})
        self.texts = [row["text"] for row in rows]
        self.classes = np.array([self.labels.index(row["label"]) for row in rows])
        self.asked = self.texts[::4] + MORE_TEXTS

    @property
    def token_count(self):
        return FIRST_WORD_TOKEN + len(self.vocabulary)

    def encode(self, texts):
        """Tokens padded on the right, and the true lengths."""
        rows = [[self.tokens.get(word, UNKNOWN_TOKEN) for word in words(text)] for text in texts]
        lengths = [len(row) for row in rows]
        padded = [row + [PADDING_TOKEN] * (max(lengths) - len(row)) for row in rows]
        return np.array(padded), np.array(lengths)


def write(name, rows, logits):
    """The vocabulary, and the logits with digits enough to read the same f32."""
    (HERE / f"{name}.vocabulary.txt").write_text("".join(f"{word}\n" for word in rows.vocabulary), encoding="utf-8")
    numbers = [[float(f"{value:.9g}") for value in row] for row in logits.astype(np.float32)]
    answers = {"texts": rows.asked, "logits": numbers}
    (HERE / f"{name}.logits.json").write_text(json.dumps(answers, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"{name}: {rows.token_count} tokens, labels {rows.labels}", file=sys.stderr)
