#!/usr/bin/env python3
"""Reads an int8 `.rnl` model and classifies sequences, from runtime/FORMAT.md alone, in Python integers.

    read_rnl.py MODEL.rnl TEXT...               one JSON line a text
    read_rnl.py --check ANSWERS.bin MODEL.rnl   compares with known answers, bit for bit

Exit code 0; 1 where an answer differs; 2 for a file or text that it refuses. Section numbers (§) are those of
FORMAT.md. Nothing here is shared with, or translated from, the Rust code: that is what makes it a check of both.
"""

import codecs
import json
import os
import struct
import sys
import unicodedata
import zlib
from decimal import ROUND_FLOOR, Decimal, localcontext
from operator import mul
from types import SimpleNamespace
from typing import Any, Callable, NoReturn

HEADER = struct.Struct("<4sHHIIIIII")  # §2
VERSION, INT8 = 2, 2
STRUCT_CODES = "BbhiIef"  # §5.1, for struct: U8, I8, I16, I32, U32, F16, F32, not I4
U8, I8, I16, I32, U32 = range(5)
I4 = 7  # two in a byte, which `view_rows` reads
WORDS, HASHED_WORDS, CHARACTERS, BYTES, FRAMES, FINGERPRINTED_WORDS, COMPOSED_WORDS = range(7)
LSTM, GRU, RNN_TANH, RNN_RELU = range(4)
GATES, RESULTS = (4, 3, 1, 1), (4, 4, 1, 1)  # §4.6, of each cell
LAST, MEAN, MAX = range(3)
MAX_LAYERS, MAX_SIZE, MAX_COUNTED_STEPS, MAX_BUCKETS = 4, 16_384, 65_535, 1 << 24
STRINGS_PER_BLOCK, BUCKETS_PER_BLOCK = 16, 128
MAX_FINGERPRINTS, MAX_REMAINDER_BITS = 1 << 24, 24
MAX_COMPOSED_ROWS, PREFIX_CHARACTERS = 1 << 15, 5
PADDING_TOKEN, UNKNOWN_TOKEN, FIRST_TOKEN = range(3)
MAX_WORD_BYTES = 64

# §4: structures are dictionaries, with fields in the order of the file; an enumeration is the number of its
# variants, or a list of their contents, `None` for a variant without one.
TENSOR = {"data_type": 8, "offset": "u32", "elements": "u32"}
STRING_TABLE = {"count": "u32", "index": TENSOR, "bytes": TENSOR}
EMBEDDING = {"weights": TENSOR, "size": "u16"}
VECTORS = [EMBEDDING, None]
FINGERPRINT_TABLE = {
    "count": "u32",
    "seed": "u32",
    "remainder_bits": "u8",
    "buckets": TENSOR,
    "index": TENSOR,
    "remainders": TENSOR,
}
FRAME_INPUT = {"channels": "u16", "unit": "f32", "zero": TENSOR, "scale": TENSOR, "shift": "u8"}
FINGERPRINTED_INPUT = {"rule": 1, "table": FINGERPRINT_TABLE, "vectors": VECTORS}
INPUT = [
    {"rule": 1, "strings": STRING_TABLE, "vectors": VECTORS},
    {"rule": 1, "buckets": "u32", "vectors": VECTORS},
    {"rule": 1, "strings": STRING_TABLE, "vectors": VECTORS},
    {"vectors": VECTORS},
    FRAME_INPUT,
    FINGERPRINTED_INPUT,
    {"known": FINGERPRINTED_INPUT, "parts": 1, "buckets": "u32"},
]
SCALES = {"multipliers": TENSOR, "accumulator_shift": "u8", "state_fraction_bits": "u8"}
HEAD = {"weights": TENSOR, "bias": TENSOR, "scales": ("option", SCALES)}
DIRECTION = {
    "packing": 1,
    "weights": TENSOR,
    "bias": TENSOR,
    "one_hot": ("option", TENSOR),
    "scales": ("option", SCALES),
}
LAYER = {"cell": 4, "input_size": "u16", "hidden_size": "u16", "forward": DIRECTION, "reverse": ("option", DIRECTION)}
PROVENANCE = {
    "trainer_version": "string",
    "data_hash": "string",
    "training_rows": "u32",
    "calibration_rows": "u32",
    "validation_accuracy": "f32",
    "seed": "u64",
}
MANIFEST = {
    "provenance": PROVENANCE,
    "labels": STRING_TABLE,
    "input": INPUT,
    "max_steps": "u32",
    "pad_to": "u32",
    "layers": ("sequence", LAYER),
    "pooling": 3,
    "head": HEAD,
}
KNOWN_INPUT = [{"text": "string"}, {"channels": "u16", "values": "bytes"}]
KNOWN_ANSWER = {"input": KNOWN_INPUT, "class": "u32", "logits": "bytes"}


class Refused(Exception):
    """A file that is no valid model, or a text whose words the standard library can not tell."""


def refuse(error: str, expected: Any, found: Any) -> NoReturn:
    raise Refused(f"{error}: expected {expected}, found {found}")


def expect(error: str, expected: int, found: int) -> None:
    if found != expected:
        refuse(error, expected, found)


def expect_within(error: str, smallest: int, largest: int, found: int) -> None:
    if not smallest <= found <= largest:
        refuse(error, smallest if found < smallest else largest, found)


# ---- §3: postcard --------------------------------------------------------------------------------------------


class Postcard:
    """Takes postcard values from the front of some bytes."""

    def __init__(self, data: bytes) -> None:
        self.rest = data

    def take(self, schema: Any) -> Any:
        match schema:
            case dict():
                return SimpleNamespace(**{name: self.take(field) for name, field in schema.items()})
            case int(variants):
                return self.below(variants)
            case list(variants):
                kind = self.below(len(variants))
                content = variants[kind] and self.take(variants[kind])
                return SimpleNamespace(kind=kind, content=content)
            case ("option", some):
                return self.take(some) if self.below(2) else None
            case ("sequence", item):
                return [self.take(item) for _ in range(self.below(MAX_LAYERS + 1))]
            case "u8":
                return self.raw(1)[0]
            case "f32":
                return struct.unpack("<f", self.raw(4))[0]
            case "bytes":
                return self.raw(self.varint(64))
            case "string":
                return self.string()
            case _:
                return self.varint(int(schema.removeprefix("u")))

    def raw(self, length: int) -> bytes:
        if length > len(self.rest):
            raise Refused("UnreadableManifest: it ends too early")
        taken, self.rest = self.rest[:length], self.rest[length:]
        return taken

    def string(self) -> str:
        data = self.raw(self.varint(64))
        if not is_utf8(data):
            raise Refused("UnreadableManifest: a string is not UTF-8")
        return data.decode()

    def varint(self, bits: int) -> int:
        value = 0
        for shift in range(0, bits, 7):
            byte = self.raw(1)[0]
            value |= (byte & 127) << shift
            if byte < 128 and value < 1 << bits:
                return value
            if byte < 128:
                break
        raise Refused("UnreadableManifest: an integer is too large")

    def below(self, limit: int) -> int:
        number = self.varint(32)
        if number >= limit:
            raise Refused(f"UnreadableManifest: {number} where less than {limit} is known")
        return number


def is_utf8(data: bytes) -> bool:
    try:
        return data.decode() is not None
    except UnicodeDecodeError:
        return False


# ---- §2, §5, §6 and §11: header, tensors, checks -------------------------------------------------------------


def view(area: bytes, tensor: SimpleNamespace, data_type: int, elements: int) -> tuple[int, ...]:
    """The elements of a tensor."""
    expect("TensorType", data_type, tensor.data_type)
    expect("TensorLength", elements, tensor.elements)
    expect("TensorOffset", 0, tensor.offset % 16)
    layout = struct.Struct(f"<{elements}{STRUCT_CODES[data_type]}")
    if tensor.offset + layout.size > len(area):
        refuse("TensorOffset", len(area), tensor.offset)
    return layout.unpack_from(area, tensor.offset)


def view_rows(area: bytes, tensor: SimpleNamespace, rows: int, columns: int) -> tuple[list[tuple[int, ...]], int]:
    """Rows of I8 or I4 (§5.1), in I4 with what fills up their last byte; their bits."""
    if tensor.data_type != I4:
        values, stride, bits = view(area, tensor, I8, rows * columns), columns, 8
    else:
        stride, bits = round_up(columns, 2), 4
        expect("TensorLength", rows * stride, tensor.elements)
        length = rows * stride // 2
        halves = view(area, SimpleNamespace(data_type=U8, offset=tensor.offset, elements=length), U8, length)
        values = tuple((half ^ 8) - 8 for byte in halves for half in (byte & 15, byte >> 4))
    return [values[start : start + stride] for start in range(0, rows * stride, stride)], bits


def expect_weights(values: tuple[int, ...], bits: int) -> None:
    """§11: the smallest number of so many bits is not used."""
    smallest = -(1 << (bits - 1))
    if smallest in values:
        refuse("WeightRange", -smallest - 1, -smallest)


def string_table(area: bytes, table: SimpleNamespace, error: str) -> list[bytes]:
    """The strings of a table, in order."""
    index = view(area, table.index, U32, -(-table.count // STRINGS_PER_BLOCK))
    data = bytes(view(area, table.bytes, U8, table.bytes.elements))
    strings: list[bytes] = []
    start = 0
    for number in range(table.count):
        block, place = divmod(number, STRINGS_PER_BLOCK)
        end = start + 1 + data[start] if start < len(data) else len(data) + 1
        string = data[start + 1 : end]
        if (place == 0 and index[block] != start) or end > len(data) or not is_utf8(string):
            refuse(error, table.count, number)
        strings.append(string)
        start = end
    expect(error, len(data), start)
    return strings


def bit_string(elements: tuple[int, ...], size: int) -> list[int]:
    """The bits of some elements of `size` bits, the lowest first."""
    return [element >> bit & 1 for element in elements for bit in range(size)]


def number_of(bits: list[int]) -> int:
    return sum(bit << place for place, bit in enumerate(bits))


class Fingerprints:
    """A table of fingerprints (§5.4), verified; its words as pairs of quotient and remainder."""

    def __init__(self, area: bytes, table: SimpleNamespace) -> None:
        self.count, self.seed, self.bits = table.count, table.seed, table.remainder_bits
        expect_within("Vocabulary", 0, MAX_FINGERPRINTS, self.count)
        expect_within("RemainderBits", 1, MAX_REMAINDER_BITS, self.bits)
        buckets = bit_string(view(area, table.buckets, U32, -(-2 * self.count // 32)), 32)
        index = view(area, table.index, U32, -(-self.count // BUCKETS_PER_BLOCK))
        remainders = bit_string(view(area, table.remainders, U8, -(-self.count * self.bits // 8)), 8)
        self.words: dict[tuple[int, int], int] = {}
        place = 0
        for bucket in range(self.count):
            if bucket % BUCKETS_PER_BLOCK == 0 and index[bucket // BUCKETS_PER_BLOCK] != len(self.words):
                refuse("Vocabulary", self.count, len(self.words))
            previous = -1
            while buckets[place]:
                number = len(self.words)
                if number == self.count:
                    refuse("Vocabulary", self.count, number + 1)
                remainder = number_of(remainders[number * self.bits : (number + 1) * self.bits])
                if remainder <= previous:
                    refuse("VocabularyOrder", self.count, number)
                self.words[bucket, remainder] = number
                previous = remainder
                place += 1
            place += 1
        expect("Vocabulary", self.count, len(self.words))
        expect("Vocabulary", 0, number_of(buckets[place:]))
        expect("Vocabulary", 0, number_of(remainders[self.count * self.bits :]))

    def token(self, word: bytes | None) -> int:
        if word is None:
            return UNKNOWN_TOKEN
        value = hash_of(word, self.seed)
        number = self.words.get((value * self.count >> 32, value % (1 << self.bits)))
        return UNKNOWN_TOKEN if number is None else FIRST_TOKEN + number


class Matrix:
    """Quantized rows, each result with its bias and multiplier: those of the head, or of a direction."""

    def __init__(self, area: bytes, parts: SimpleNamespace, rows: int, columns: int, results: int, bits: int) -> None:
        self.rows, self.bits = view_rows(area, parts.weights, rows, columns)
        self.bias = view(area, parts.bias, I32, results)
        if parts.scales is None:
            refuse("Precision", INT8, 0)
        self.shift, self.state_fraction_bits = parts.scales.accumulator_shift, parts.scales.state_fraction_bits
        expect_within("AccumulatorShift", 0, 15, self.shift)
        expect_within("StateFractionBits", 0, bits, self.state_fraction_bits)
        self.multipliers = view(area, parts.scales.multipliers, I16, results)
        for multiplier in self.multipliers:
            expect_within("Multiplier", 1, 32_767, max(multiplier, 0))

    def check(self, result: int, weights: tuple[int, ...], one_hot: tuple[int, ...], largest_input: int) -> None:
        """§11: what is checked of each result."""
        expect_weights(one_hot, 8)
        expect_weights(weights, self.bits)
        largest = sum(map(abs, weights)) * largest_input + 127 * max(map(abs, one_hot), default=0)
        expect_within("AccumulatorRange", 0, 0x7FFF_FFFF >> self.shift, largest + abs(self.bias[result]))

    def requantize(self, sums: list[int]) -> list[int]:
        """§10.3: from a sum for each result to the results."""
        accumulators = ((total + bias) << self.shift for total, bias in zip(sums, self.bias))
        return [(total * multiplier) >> 16 for total, multiplier in zip(accumulators, self.multipliers)]


class Direction:
    """One direction of a layer (§6)."""

    def __init__(self, area: bytes, cell: int, sizes: tuple[int, int], parts: Any, tokens: int | None) -> None:
        inputs, size = sizes
        self.cell, self.size = cell, size
        self.start = round_up(inputs, 4)
        self.columns = self.start + round_up(size, 4)
        rows, results = GATES[cell] * size, RESULTS[cell] * size
        bits = 15 if cell in (LSTM, RNN_RELU) else 0
        self.matrix = Matrix(area, parts, rows, self.columns, results, bits)
        expect("OneHot", tokens is not None, parts.one_hot is not None)
        entries = view(area, parts.one_hot, I8, tokens * rows) if parts.one_hot else ()
        self.one_hot = [entries[start : start + rows] for start in range(0, len(entries), rows)]
        # The row of each result, and the columns of it that count; whether the input does.
        self.parts = [(row, 0, self.columns, True) for row in range(rows)]
        if cell == GRU:
            new = range(2 * size, 3 * size)
            self.parts[2 * size :] = [(row, 0, self.start, True) for row in new]
            self.parts += [(row, self.start, self.columns, False) for row in new]
        for result, (row, first, end, has_input) in enumerate(self.parts):
            one_hot = tuple(entry[row] for entry in self.one_hot) if has_input else ()
            self.matrix.check(result, self.matrix.rows[row][first:end], one_hot, 127)

    def run(self, steps: list[Any], reverse: bool) -> list[list[int]]:
        """§8: the hidden state of each step, in the order of the sequence; a step is `x`, or a token if one-hot."""
        hidden, cell = [0] * self.size, [0] * self.size
        outputs = []
        for step in reversed(steps) if reverse else steps:
            x, entry = ([], self.one_hot[step]) if self.one_hot else (step, None)
            vector = padded(list(x)) + padded(narrow(self.cell, hidden))
            hidden, cell = self.step(vector, entry, hidden, cell)
            outputs.append(hidden)
        return outputs[::-1] if reverse else outputs

    def step(self, vector: list[int], entry: Any, h: list[int], c: list[int]) -> tuple[list[int], list[int]]:
        """§10.4: the next hidden and cell states."""
        sums = []
        for row, first, end, has_input in self.parts:
            total = sum(map(mul, self.matrix.rows[row][first:end], vector[first:end]))
            sums.append(total + (127 * entry[row] if entry and has_input else 0))
        values = [saturate(value) for value in self.matrix.requantize(sums)]
        results = [values[start : start + self.size] for start in range(0, len(values), self.size)]
        match self.cell:
            case 0:
                return lstm_step(results, c, self.matrix.state_fraction_bits)
            case 1:
                return gru_step(results, h), c
            case 2:
                return [tanh(value) for value in results[0]], c
            case _:
                return [max(0, value) for value in results[0]], c

    def words(self) -> int:
        """§2: 32-bit words of its states."""
        return words(self.columns) + (2 if self.cell == LSTM else 1) * words(2 * self.size)


class Model:
    """An int8 model, verified, and how it classifies."""

    def __init__(self, data: bytes) -> None:
        if len(data) < 4:
            refuse("WrongLength", HEADER.size, len(data))
        if data[:4] != b"RNL1":
            refuse("NotAModel", b"RNL1", data[:4])
        if len(data) < HEADER.size:
            refuse("WrongLength", HEADER.size, len(data))
        _, version, precision, length, checksum, manifest_length, start, capacity, reserved = HEADER.unpack_from(data)
        expect("UnsupportedVersion", VERSION, version)
        expect("UnsupportedPrecision", INT8, precision)
        expect("Reserved", 0, reserved)
        expect("TensorsOffset", round_up(HEADER.size + manifest_length, 16), start)
        if start > length:
            refuse("WrongLength", start, length)
        expect("WrongLength", length, len(data))
        expect("WrongChecksum", checksum, zlib.crc32(data[16:]))
        postcard = Postcard(data[HEADER.size : HEADER.size + manifest_length])
        manifest = postcard.take(MANIFEST)
        expect("ManifestLength", 0, len(postcard.rest))
        self.area = data[start:]
        self.labels = [label.decode() for label in string_table(self.area, manifest.labels, "Labels")]
        expect_within("ClassCount", 1, 65_535, len(self.labels))
        self.kind, self.input = manifest.input.kind, manifest.input.content
        if self.kind == COMPOSED_WORDS:
            self.buckets, self.input = self.input.buckets, self.input.known
        self.read_tokens()
        self.pooling, self.pad_to = manifest.pooling, manifest.pad_to
        self.max_steps = manifest.max_steps or 0xFFFF_FFFF
        self.check_steps(manifest)
        self.read_vectors()
        self.read_layers(manifest)
        expect("Capacity", self.capacity(), capacity)

    def read_tokens(self) -> None:
        """§5.3: what has a token."""
        self.tokens: dict[bytes, int] = {}
        if self.kind in (WORDS, CHARACTERS):
            strings = string_table(self.area, self.input.strings, "Vocabulary")
            for number in range(1, len(strings)):
                if strings[number - 1] >= strings[number]:
                    refuse("VocabularyOrder", len(strings), number)
            self.tokens = {string: token for token, string in enumerate(strings, FIRST_TOKEN)}
            for number, string in enumerate(strings):
                if self.kind == CHARACTERS and len(string.decode()) != 1:
                    refuse("Vocabulary", len(strings), number)
        known = len(self.tokens)
        if self.kind == HASHED_WORDS:
            known = self.input.buckets
            expect_within("Buckets", 1, MAX_BUCKETS, known)
        if self.kind in (FINGERPRINTED_WORDS, COMPOSED_WORDS):
            self.fingerprints = Fingerprints(self.area, self.input.table)
            known = self.fingerprints.count
        if self.kind == COMPOSED_WORDS:
            expect_within("Buckets", 1, MAX_COMPOSED_ROWS - FIRST_TOKEN - known, self.buckets)
            expect("OneHot", 0, int(self.input.vectors.content is None))
            known += self.buckets
        if self.kind == BYTES:
            known = 256
        self.token_count = FIRST_TOKEN + known

    def check_steps(self, manifest: SimpleNamespace) -> None:
        self.is_bidirectional = any(layer.reverse for layer in manifest.layers)
        if self.pooling == MEAN or self.is_bidirectional:
            expect_within("MaxSteps", 1, MAX_COUNTED_STEPS, manifest.max_steps)
        if self.kind == FRAMES:
            expect("PadTo", 0, self.pad_to)
        expect_within("PadTo", 0, min(self.max_steps, MAX_COUNTED_STEPS), self.pad_to)

    def read_vectors(self) -> None:
        """What the first layer takes in: a table of vectors, `None` under OneHot, or the numbers of the channels."""
        self.table: list[tuple[int, ...]] | None = None
        self.input_size = self.token_count
        if self.kind == FRAMES:
            frames = self.input
            expect_within("Channels", 1, MAX_SIZE, frames.channels)
            expect_within("FrameUnit", 1, 0x7F7F_FFFF, struct.unpack("<I", struct.pack("<f", frames.unit))[0])
            expect_within("FrameShift", 0, 30, frames.shift)
            self.zero = view(self.area, frames.zero, I16, frames.channels)
            self.scale = view(self.area, frames.scale, I16, frames.channels)
            for scale in self.scale:
                expect_within("ChannelScale", 1, 16_383, max(scale, 0))
            self.input_size = frames.channels
        elif embedding := self.input.vectors.content:
            size = embedding.size
            expect_within("InputSize", 1, MAX_SIZE, size)
            rows, bits = view_rows(self.area, embedding.weights, self.token_count, size)
            for row in rows:
                expect_weights(row, bits)
            factor = 16 if bits == 4 else 1
            self.table = [tuple(factor * value for value in row[:size]) for row in rows]
            self.input_size = size

    def read_layers(self, manifest: SimpleNamespace) -> None:
        size = self.input_size
        one_hot = self.kind != FRAMES and self.table is None
        expect_within("LayerCount", 1, MAX_LAYERS, len(manifest.layers))
        self.layers: list[list[Direction]] = []
        for layer in manifest.layers:
            expect("InputSize", size, layer.input_size)
            expect_within("HiddenSize", 1, MAX_SIZE, layer.hidden_size)
            tokens = self.token_count if one_hot and not self.layers else None
            sizes = (0 if tokens else size), layer.hidden_size
            directions = [parts for parts in (layer.forward, layer.reverse) if parts]
            self.layers.append([Direction(self.area, layer.cell, sizes, parts, tokens) for parts in directions])
            size = layer.hidden_size * len(directions)
        self.pooled_size = size
        expect("TensorType", I8, manifest.head.weights.data_type)
        self.head = Matrix(self.area, manifest.head, len(self.labels), size, len(self.labels), 0)
        for number, row in enumerate(self.head.rows):
            self.head.check(number, row, (), 32_767)

    def capacity(self) -> int:
        """§2: 32-bit words of state of a classifier."""
        answer = len(self.labels) + words(2 * self.pooled_size)
        gathered = 0 if self.pooling == LAST else self.pooled_size
        if not self.is_bidirectional:
            running = gathered + sum(forward.words() for (forward,) in self.layers)
            return answer + running * (2 if self.pad_to > 0 else 1)
        step = self.input_size if self.kind == FRAMES else 4 if self.is_wide() else 2
        states = max(direction.words() for layer in self.layers for direction in layer)
        widths = [sum(direction.size for direction in layer) for layer in self.layers[:-1]]
        outputs = sum(words(self.max_steps * max(widths[first::2], default=0)) for first in (0, 1))
        return answer + gathered + words(self.max_steps * step) + states + outputs

    def is_wide(self) -> bool:
        return self.kind == COMPOSED_WORDS or self.token_count > 65_536

    def composed(self, word: bytes | None) -> int | tuple[int, int]:
        """§7.1: the token of a word in ComposedWords, or both rows of one that is composed."""
        token = self.fingerprints.token(word)
        if token != UNKNOWN_TOKEN or word is None:
            return token
        seed, buckets = self.fingerprints.seed, self.buckets
        prefix = word.decode()[:PREFIX_CHARACTERS].encode()
        first = FIRST_TOKEN + self.fingerprints.count
        return first + hash_of(prefix, seed ^ 0xFFFF_FFFF) % buckets, first + hash_of(word, seed) % buckets

    def token_list(self, text: bytes) -> list[Any]:
        """§7: the tokens of a text."""
        match self.kind:
            case 0:
                return [self.tokens.get(word, UNKNOWN_TOKEN) for word in words_of(text)]
            case 1:
                buckets = self.input.buckets
                return [UNKNOWN_TOKEN if w is None else FIRST_TOKEN + hash_of(w) % buckets for w in words_of(text)]
            case 2:
                return [self.tokens.get(c, UNKNOWN_TOKEN) for c in characters_of(text)]
            case 5:
                return [self.fingerprints.token(word) for word in words_of(text)]
            case 6:
                return [self.composed(word) for word in words_of(text)]
            case _:
                return [byte + FIRST_TOKEN for byte in text]

    def vectors_of_text(self, text: bytes) -> list[Any]:
        """§8: what the first layer takes in for each token and for the padding."""
        if self.kind == FRAMES:
            raise Refused("NoText: the model classifies frames")
        tokens = self.token_list(text)[: self.max_steps]
        tokens += [PADDING_TOKEN] * (self.pad_to - len(tokens))
        return [self.vector(token) for token in tokens] if self.table else tokens

    def vector(self, token: int | tuple[int, int]) -> tuple[int, ...]:
        """§5.3: the vector of a token."""
        if isinstance(token, int):
            return self.table[token]
        return tuple(first + second >> 1 for first, second in zip(*(self.table[row] for row in token)))

    def vectors_of_frames(self, frames: list[tuple[int, ...]]) -> list[Any]:
        """§10.1: what the first layer takes in for each frame."""
        if self.kind != FRAMES:
            raise Refused("NoFrames: the model classifies text")
        shift = self.input.shift
        half = (1 << shift) >> 1
        vectors = []
        for frame in frames[: self.max_steps]:
            expect("WrongChannels", self.input.channels, len(frame))
            scaled = [(raw - zero) * scale + half for raw, zero, scale in zip(frame, self.zero, self.scale)]
            vectors.append([max(-127, min(127, value >> shift)) for value in scaled])
        return vectors

    def logits(self, vectors: list[Any]) -> list[int]:
        """§8 and §10: the logits after all steps, Q15.16."""
        outputs: list[list[list[int]]] = []
        for directions in self.layers:
            outputs = [direction.run(vectors, reverse) for direction, reverse in zip(directions, (False, True))]
            narrowed = [[narrow(d.cell, h) for h in hidden] for d, hidden in zip(directions, outputs)]
            vectors = [sum(parts, []) for parts in zip(*narrowed)]
        pooled = [
            unit
            for direction, hidden, last in zip(self.layers[-1], outputs, (-1, 0))
            for unit in self.pool(hidden, last, direction.size)
        ]
        return self.head.requantize([sum(map(mul, row, pooled)) for row in self.head.rows])

    def pool(self, hidden: list[list[int]], last: int, size: int) -> list[int]:
        """§10.6, of one direction; `last` is the place of the step computed last."""
        if not hidden:
            return [0] * size
        if self.pooling == LAST:
            return hidden[last]
        units = zip(*hidden)
        if self.pooling == MAX:
            return [max(unit) for unit in units]
        steps, sums = len(hidden), [sum(unit) for unit in units]
        return [(abs(total) + steps // 2) // steps * (-1 if total < 0 else 1) for total in sums]

    def classify(self, vectors: list[Any]) -> dict[str, Any]:
        logits = self.logits(vectors)
        best = logits.index(max(logits))
        answer = {"class": best, "label": self.labels[best], "probability_q15": probability(logits, best)}
        return {**answer, "logits": logits}


# ---- §7: text ------------------------------------------------------------------------------------------------


def words_of(text: bytes) -> list[bytes | None]:
    """The words of a text in lower case; `None` for one that is too long."""
    # A byte that is not UTF-8 becomes U+FFFD, which separates words like it.
    spaced = "".join(c.lower() if is_alphanumeric(c) else " " for c in text.decode(errors="replace"))
    words = [word.encode() for word in spaced.split(" ") if word]
    return [word if len(word) <= MAX_WORD_BYTES else None for word in words]


# A part that is not UTF-8 becomes a surrogate, which no text has.
codecs.register_error("part", lambda error: ("\udcff", error.end))


def characters_of(text: bytes) -> list[bytes | None]:
    """The characters of a text in lower case; `None` for a part that is not UTF-8."""
    characters: list[bytes | None] = []
    for character in text.decode(errors="part"):
        lower = None if character == "\udcff" else character.lower()
        characters += [None] if lower is None else [c.encode() for c in lower]
    return characters


def hash_of(word: bytes, seed: int = 0) -> int:
    """§7.1: the hash of a word."""
    value = 0x811C_9DC5 ^ seed
    for byte in word:
        value = ((value ^ byte) * 0x0100_0193) & 0xFFFF_FFFF
    value = ((value ^ (value >> 16)) * 0x85EB_CA6B) & 0xFFFF_FFFF
    value = ((value ^ (value >> 13)) * 0xC2B2_AE35) & 0xFFFF_FFFF
    return value ^ (value >> 16)


def is_alphanumeric(character: str) -> bool:
    """Unicode's Alphabetic or Numeric.

    `unicodedata` lacks the part of Alphabetic called Other_Alphabetic: circled letters, listed here, and marks,
    of which only frequent ones are. A text with any other mark is refused rather than split wrongly.
    """
    category, code = unicodedata.category(character), ord(character)
    if category == "So":
        circled = (0x24B6, 0x24E9), (0x1F130, 0x1F149), (0x1F150, 0x1F169), (0x1F170, 0x1F189)
        return any(first <= code <= last for first, last in circled)
    if category in ("Mn", "Mc", "Cn"):
        separators = (0x300, 0x344), (0x346, 0x362), (0xFE00, 0xFE0F)
        noncharacter = code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF
        if not noncharacter and not any(first <= code <= last for first, last in separators):
            raise Refused(f"U+{code:04X}: this Python can not tell whether it is alphabetic")
        return False
    return category[0] in "LN"


# ---- §10: integers -------------------------------------------------------------------------------------------


def round_up(size: int, multiple: int) -> int:
    return -(-size // multiple) * multiple


def words(length: int) -> int:
    """§2: 32-bit words for so many bytes."""
    return -(-length // 4)


def padded(values: list[int]) -> list[int]:
    return values + [0] * (-len(values) % 4)


def saturate(value: int) -> int:
    return max(-32_768, min(32_767, value))


def rounded_table(values: Callable[[int], Decimal], last: int, largest: int, layout: str, crc: int) -> list[int]:
    """`floor(32768 * values(k) + 1/2)`, at most `largest`, for k from 0 to `last`; of the checksum given."""
    with localcontext() as context:
        context.prec = 40
        exact = (32_768 * values(k) + Decimal("0.5") for k in range(last + 1))
        table = [min(largest, int(value.to_integral_value(ROUND_FLOOR))) for value in exact]
    expect("checksum of a table", crc, zlib.crc32(struct.pack(f"<{last + 1}{layout}", *table)))
    return table


TANH = rounded_table(lambda k: 1 - 2 / ((Decimal(k) / 32).exp() + 1), 512, 32_767, "h", 0x032B_51F8)
POWERS = rounded_table(lambda k: (-Decimal(2).ln() * k / 64).exp(), 64, 32_768, "H", 0x48D8_697E)


def interpolate(magnitude: int, bits: int) -> int:
    entry, fraction = magnitude >> bits, magnitude & ((1 << bits) - 1)
    low, high = TANH[entry], TANH[entry + 1]
    return low + (((high - low) * fraction + (1 << (bits - 1))) >> bits)


def tanh(x: int) -> int:
    value = interpolate(min(abs(x), 32_767), 6)
    return -value if x < 0 else value


def sigmoid(x: int) -> int:
    value = interpolate(min(abs(x), 32_767), 7)
    return (32_768 + (-value if x < 0 else value) + 1) >> 1


def tanh_of_cell(cell: int, fraction_bits: int) -> int:
    if fraction_bits <= 12:
        return tanh(saturate(cell << (12 - fraction_bits)))
    shift = fraction_bits - 12
    return tanh(saturate((cell + (1 << (shift - 1))) >> shift))


def narrow(cell: int, hidden: list[int]) -> list[int]:
    """§10.1: a hidden state as the next product takes it in."""
    if cell == RNN_RELU:
        return [min(127, (h + 128) >> 8) for h in hidden]
    return [(h * 127 + 16_384) >> 15 for h in hidden]


def lstm_step(gates: list[list[int]], cells: list[int], bits: int) -> tuple[list[int], list[int]]:
    hidden, following = [], []
    for i, f, g, o, cell in zip(*gates, cells):
        added = (sigmoid(i) * tanh(g)) >> (15 - bits)
        cell = saturate((sigmoid(f) * cell + added + 16_384) >> 15)
        following.append(cell)
        hidden.append((sigmoid(o) * tanh_of_cell(cell, bits) + 16_384) >> 15)
    return hidden, following


def gru_step(results: list[list[int]], hidden: list[int]) -> list[int]:
    following = []
    for r, z, new_x, new_h, h in zip(*results, hidden):
        update = sigmoid(z)
        candidate = tanh(saturate(new_x + ((sigmoid(r) * new_h + 16_384) >> 15)))
        following.append(((32_768 - update) * candidate + update * h + 16_384) >> 15)
    return following


def exp_of_minus(x: int) -> int:
    """`e^-x` in Q0.15 for `x` in Q15.16."""
    exponent = (x * 94_548) >> 16
    whole, entry, fraction = min(exponent >> 16, 31), (exponent >> 10) & 63, exponent & 1023
    power = POWERS[entry] - (((POWERS[entry] - POWERS[entry + 1]) * fraction + 512) >> 10)
    return (((power << 1) >> whole) + 1) >> 1


def probability(logits: list[int], number: int) -> int:
    """§10.8: the softmax probability of a class in Q0.15."""
    exponentials = [exp_of_minus(max(logits) - logit) for logit in logits]
    total = sum(exponentials)
    return min(32_768, ((exponentials[number] << 15) + total // 2) // total)


# ---- command line --------------------------------------------------------------------------------------------


def known_vectors(model: Model, known: SimpleNamespace) -> list[Any]:
    """What the first layer takes in of a known answer's input (appendix A)."""
    if known.kind == 0:
        return model.vectors_of_text(known.content.text.encode())
    channels, values = known.content.channels, known.content.values
    if channels == 0 or len(values) % (2 * channels):
        refuse("KnownAnswer", 2 * channels, len(values))
    return model.vectors_of_frames(list(struct.iter_unpack(f"<{channels}h", values)))


def check(model: Model, data: bytes) -> int:
    """Compares with a file of known answers (appendix A); the number of sequences that differ."""
    different, count, answers = 0, int.from_bytes(data[:4], "little"), Postcard(data[4:])
    expect_within("answers", 1, 0xFFFF_FFFF, count)
    for number in range(count):
        known = vars(answers.take(KNOWN_ANSWER))
        expected = {"class": known["class"], "logits": list(struct.unpack(f"<{len(model.labels)}i", known["logits"]))}
        found = model.classify(known_vectors(model, known["input"]))
        if any(found[name] != value for name, value in expected.items()):
            different += 1
            print(f"answer {number}, {known['input'].content}: expected {expected}, found {found}")
    expect("bytes after the last answer", 0, len(answers.rest))
    print(f"{count} answers compared, {different} differ")
    return different


def read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def main(arguments: list[str]) -> int:
    try:
        if len(arguments) == 3 and arguments[0] == "--check":
            return 1 if check(Model(read(arguments[2])), read(arguments[1])) else 0
        if len(arguments) < 2 or arguments[0].startswith("--"):
            print(__doc__, file=sys.stderr)
            return 2
        model = Model(read(arguments[0]))
        for text in arguments[1:]:
            print(json.dumps(model.classify(model.vectors_of_text(os.fsencode(text)))))
        return 0
    except (Refused, OSError, struct.error) as error:
        print(f"read_rnl.py: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
