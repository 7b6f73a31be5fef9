#!/usr/bin/env python3
"""Trains the PyTorch presets of the project in PyTorch, to compare speed and accuracy.

    tests/bench/train_torch.py --train FILE [--test FILE] --preset NAME [--threads N] [--batch-size N]
                               [--epochs N] [--rows N] [--seed N] [--start DIR] [--json]   (needs: torch)

The clock runs over training steps: forward, backward, Adam over all parameters; batches are made while it stands.
"""

from typing import NamedTuple

import torch
from torch.nn.utils.rnn import pack_padded_sequence

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
    num_layers: int = 1
    bidirectional: bool = False
    pooling: str = "last"
    packed: bool = True
    pad_to: int = 0
    max_length: int = MAX_LENGTH
    embedding_size: int = 64
    hidden_size: int = 32


PRESETS = {
    "torch-rnn": Preset(torch.nn.RNN, pooling="mean", packed=False),
    "torch-lstm": Preset(torch.nn.LSTM, packed=False, pad_to=80, max_length=80),
    "torch-lstm-packed": Preset(torch.nn.LSTM),
    "torch-lstm-bidirectional": Preset(torch.nn.LSTM, num_layers=2, bidirectional=True),
}


class Classifier(torch.nn.Module):
    """Embedding, recurrent layers, pooling, linear."""

    def __init__(self, preset, token_count, classes):
        super().__init__()
        self.preset = preset
        self.embedding = torch.nn.Embedding(token_count, preset.embedding_size)
        self.recurrent = preset.cell(
            preset.embedding_size,
            preset.hidden_size,
            num_layers=preset.num_layers,
            bidirectional=preset.bidirectional,
            batch_first=True,
        )
        directions = 2 if preset.bidirectional else 1
        self.fc = torch.nn.Linear(directions * preset.hidden_size, classes)

    def forward(self, tokens, lengths):
        inputs = self.embedding(tokens)
        if self.preset.packed:
            inputs = pack_padded_sequence(inputs, lengths, batch_first=True, enforce_sorted=False)
        outputs, state = self.recurrent(inputs)
        if self.preset.pooling == "mean":
            true_steps = torch.arange(tokens.shape[1]) < lengths[:, None]
            return self.fc((outputs * true_steps[:, :, None]).sum(dim=1) / lengths[:, None])
        hidden = state[0] if isinstance(state, tuple) else state
        last = hidden[-2:] if self.preset.bidirectional else hidden[-1:]
        return self.fc(torch.cat(list(last), dim=1))


    @torch.no_grad()
    def start_from(self, start):
        """Weights of the project, which has one bias a gate: the second one here stays zero."""
        self.embedding.weight.copy_(torch.tensor(start.embedding()))
        for parameters, direction in zip(self.recurrent.all_weights, start.directions(), strict=True):
            for parameter, values in zip(parameters, direction):
                parameter.copy_(torch.tensor(values))
            parameters[-1].zero_().requires_grad_(False)
        for parameter, values in zip(self.fc.parameters(), start.head(), strict=True):
            parameter.copy_(torch.tensor(values))


def tensors(rows, batches, pad_to):
    """The batches as tensors."""
    for tokens, lengths, classes in padded_batches(rows, batches, pad_to):
        yield torch.tensor(tokens), torch.tensor(lengths), torch.tensor(classes)


def train(model, rows, options):
    """The clock, and the running accuracy of the last epoch."""
    optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE)
    clock = Clock()
    for epoch in range(options.epochs):
        right = 0
        batches = training_batches(rows, options, epoch)
        for tokens, lengths, classes in tensors(rows, batches, model.preset.pad_to):
            clock.start()
            logits = model(tokens, lengths)
            loss = torch.nn.functional.cross_entropy(logits, classes)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            right += (logits.detach().argmax(dim=1) == classes).sum().item()
            clock.stop(lengths.tolist())
    return clock, right / len(rows)


@torch.no_grad()
def accuracy(model, rows):
    batches = in_batches(range(len(rows)), EVALUATION_BATCH)
    right = sum(
        (model(tokens, lengths).argmax(dim=1) == classes).sum().item()
        for tokens, lengths, classes in tensors(rows, batches, model.preset.pad_to)
    )
    return right / len(rows)


def main():
    options = arguments(__doc__.split("\n")[0], PRESETS)
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    preset = PRESETS[options.preset]
    rows = read_rows(options.train, titles_only=False, limit=options.rows)
    encoder = Encoder(rows, preset.max_length)
    training = encoder.encode(rows)
    test = encoder.encode(read_rows(options.test, titles_only=False)) if options.test else []
    model = Classifier(preset, encoder.token_count, len(encoder.labels))
    if options.start:
        model.start_from(options.start)
    clock, train_accuracy = train(model, training, options)
    test_accuracy = accuracy(model, test) if test else None
    framework = f"PyTorch {torch.__version__}"
    report = Report.of(framework, options, clock, len(training), len(test), train_accuracy, test_accuracy)
    report.print(options.json)


if __name__ == "__main__":
    main()
