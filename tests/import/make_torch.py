#!/usr/bin/env python3
"""The PyTorch models of this folder; see make.py."""

import sys

import safetensors.torch
import torch

from rows import BATCH_SIZE, HERE, LEARNING_RATE, PADDING_TOKEN, SEED, Rows, by_bytes, write


class TorchClassifier(torch.nn.Module):
    """Embedding, a recurrent module under the attribute `recurrent_name`, and `fc`."""

    def __init__(self, tokens, classes, recurrent_name, recurrent, pooling):
        super().__init__()
        self.embedding = torch.nn.Embedding(tokens, recurrent.input_size, padding_idx=PADDING_TOKEN)
        self.recurrent_name, self.pooling = recurrent_name, pooling
        setattr(self, recurrent_name, recurrent)
        directions = 2 if recurrent.bidirectional else 1
        self.fc = torch.nn.Linear(directions * recurrent.hidden_size, classes)

    def forward(self, tokens, lengths):
        recurrent = getattr(self, self.recurrent_name)
        packed = torch.nn.utils.rnn.pack_padded_sequence(
            self.embedding(tokens), lengths, batch_first=True, enforce_sorted=False
        )
        outputs, state = recurrent(packed)
        if self.pooling == "last":
            hidden = state[0] if isinstance(state, tuple) else state
            top = hidden[-2:] if recurrent.bidirectional else hidden[-1:]
            return self.fc(torch.cat(list(top), dim=1))
        outputs, _ = torch.nn.utils.rnn.pad_packed_sequence(outputs, batch_first=True, padding_value=-torch.inf)
        return self.fc(outputs.max(dim=1).values)


def make_torch(name, recurrent_name, recurrent, pooling, epochs):
    """Trains a PyTorch model; `recurrent` builds its recurrent module."""
    torch.manual_seed(SEED)
    rows = Rows(by_bytes)
    model = TorchClassifier(rows.token_count, len(rows.labels), recurrent_name, recurrent(), pooling)
    optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE)
    tokens, lengths = map(torch.tensor, rows.encode(rows.texts))
    classes = torch.tensor(rows.classes)
    for _ in range(epochs):
        for batch in torch.randperm(len(classes)).split(BATCH_SIZE):
            loss = torch.nn.functional.cross_entropy(model(tokens[batch], lengths[batch]), classes[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    with torch.no_grad():
        right = (model(tokens, lengths).argmax(dim=1) == classes).float().mean()
        logits = model(*map(torch.tensor, rows.encode(rows.asked))).numpy()
    safetensors.torch.save_file(model.state_dict(), HERE / f"{name}.safetensors")
    write(name, rows, logits)
    print(f"{name}: training accuracy {right:.3f}", file=sys.stderr)


def main():
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    make_torch("torch_bilstm", "lstm", lambda: torch.nn.LSTM(10, 12, bidirectional=True, batch_first=True), "last", 40)
    make_torch(
        "torch_rnn_relu",
        "rnn",
        lambda: torch.nn.RNN(8, 9, num_layers=2, nonlinearity="relu", batch_first=True),
        "max",
        40,
    )


if __name__ == "__main__":
    main()
