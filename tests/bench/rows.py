"""What the training comparisons share: their arguments, the rows as the project reads them, and the report."""

import argparse
import csv
import json
import random
import re
import resource
import time
from collections import Counter
from dataclasses import asdict, dataclass

from start import Start

VOCABULARY_SIZE = 20_000
PADDING_TOKEN, UNKNOWN_TOKEN, FIRST_WORD_TOKEN = 0, 1, 2
MAX_LENGTH = 256
LEARNING_RATE = 1e-3
# Steps before the clock starts: frameworks compile and allocate in their first ones.
WARM_UP_STEPS = 10


def arguments(description, presets):
    """The command line, the same for each framework."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--train", required=True, metavar="FILE", help="CSV: class,text or class,title,description")
    parser.add_argument("--test", metavar="FILE", help="rows to measure the accuracy on")
    parser.add_argument("--preset", required=True, choices=sorted(presets))
    parser.add_argument("--threads", type=int, default=1, metavar="N")
    parser.add_argument("--batch-size", type=int, default=16, metavar="N")
    parser.add_argument("--epochs", type=int, default=1, metavar="N")
    parser.add_argument("--rows", type=int, metavar="N", help="train on the first N rows alone")
    parser.add_argument("--seed", type=int, default=1, metavar="N")
    parser.add_argument("--start", type=Start, metavar="DIR", help="weights and batches of a training of the project")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    return parser.parse_args()


def read_rows(path, titles_only, limit=None):
    """Class and text of each row; no header."""
    with open(path, newline="", encoding="utf-8") as file:
        rows = [row for row, _ in zip(csv.reader(file), range(limit or 10**9))]
    if titles_only and any(len(row) < 3 for row in rows):
        raise SystemExit(f"{path}: this preset reads titles alone; give rows of class,title,description")
    return [(row[0], row[1] if titles_only else " ".join(row[1:])) for row in rows]


def words(text):
    """The project's words: maximal runs of alphanumeric characters, in lower case."""
    return [word.lower() for word in re.findall(r"[^\W_]+", text)]


class Encoder:
    """Classes by name, and the tokens of the most frequent words."""

    def __init__(self, rows, max_length):
        counts = Counter(word for _, text in rows for word in words(text))
        known = sorted(counts, key=lambda word: (-counts[word], word))[:VOCABULARY_SIZE]
        self.tokens = {word: token for token, word in enumerate(sorted(known), FIRST_WORD_TOKEN)}
        self.labels = sorted({label for label, _ in rows})
        self.max_length = max_length

    @property
    def token_count(self):
        return FIRST_WORD_TOKEN + len(self.tokens)

    def encode(self, rows):
        """The tokens and the class of each row that has a word."""
        encoded = []
        for label, text in rows:
            tokens = [self.tokens.get(word, UNKNOWN_TOKEN) for word in words(text)][: self.max_length]
            if tokens:
                encoded.append((tokens, self.labels.index(label)))
        return encoded


def training_batches(rows, options, epoch):
    """The numbers of the rows of each batch: those of the project's epoch, or rows shuffled."""
    if options.start is None:
        order = list(range(len(rows)))
        random.Random(f"{options.seed} {epoch}").shuffle(order)
        return in_batches(order, options.batch_size)
    batches = options.start.batches[epoch]
    if sorted(row for batch in batches for row in batch) != list(range(len(rows))):
        raise SystemExit("--start: these are the batches of other rows")
    return batches


def in_batches(rows, batch_size):
    """Rows in their order."""
    return [rows[start : start + batch_size] for start in range(0, len(rows), batch_size)]


def padded_batches(rows, batches, pad_to):
    """Batches as lists: tokens padded on the right to `pad_to` or the longest row, true lengths, classes."""
    for numbers in batches:
        batch = [rows[row] for row in numbers]
        lengths = [len(tokens) for tokens, _ in batch]
        width = max([pad_to, *lengths])
        tokens = [row + [PADDING_TOKEN] * (width - len(row)) for row, _ in batch]
        yield tokens, lengths, [label for _, label in batch]


class Clock:
    """Counts rows, true tokens, seconds and seconds of processors, for all steps but the first ones; what lies between
    steps is not timed."""

    def __init__(self):
        self.steps, self.rows, self.tokens, self.seconds, self.processor_seconds = 0, 0, 0, 0.0, 0.0

    def start(self):
        """A step begins."""
        self.started, self.processor_started = time.perf_counter(), time.process_time()

    def stop(self, lengths):
        """A step over rows of these lengths has ended."""
        self.steps += 1
        if self.steps > WARM_UP_STEPS:
            self.seconds += time.perf_counter() - self.started
            self.processor_seconds += time.process_time() - self.processor_started
            self.rows += len(lengths)
            self.tokens += sum(lengths)


@dataclass
class Report:
    """What a training run came to. Tokens are true ones: padding is not counted."""

    framework: str
    preset: str
    threads: int
    batch_size: int
    epochs: int
    training_rows: int
    test_rows: int
    tokens_per_second: float
    rows_per_second: float
    measured_seconds: float
    rows_per_processor_second: float
    peak_memory_bytes: int
    train_accuracy: float  # running, over the last epoch
    test_accuracy: float | None

    @classmethod
    def of(cls, framework, options, clock, training_rows, test_rows, train_accuracy, test_accuracy):
        if not clock.rows:
            raise SystemExit(f"too few rows: nothing is measured in the first {WARM_UP_STEPS} steps")
        return cls(
            framework=framework,
            preset=options.preset,
            threads=options.threads,
            batch_size=options.batch_size,
            epochs=options.epochs,
            training_rows=training_rows,
            test_rows=test_rows,
            tokens_per_second=round(clock.tokens / clock.seconds, 1),
            rows_per_second=round(clock.rows / clock.seconds, 1),
            measured_seconds=round(clock.seconds, 3),
            rows_per_processor_second=round(clock.rows / clock.processor_seconds, 1),
            peak_memory_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
            train_accuracy=round(train_accuracy, 4),
            test_accuracy=None if test_accuracy is None else round(test_accuracy, 4),
        )

    def print(self, as_json):
        if as_json:
            print(json.dumps(asdict(self)))
            return
        test = "" if self.test_accuracy is None else f", test accuracy {self.test_accuracy:.4f} of {self.test_rows} rows"
        print(
            f"{self.framework}, {self.preset}, {self.threads} thread(s), batch {self.batch_size}: "
            f"{self.tokens_per_second:,.0f} tokens/s, {self.rows_per_second:,.0f} rows/s, "
            f"peak memory {self.peak_memory_bytes / 2**20:,.0f} MiB, "
            f"train accuracy {self.train_accuracy:.4f}{test}"
        )
