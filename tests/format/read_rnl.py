#!/usr/bin/env python3
"""Reads an int8 `.rnl` model and classifies sequences, from runtime/FORMAT.md alone, in Python integers.

    read_rnl.py MODEL.rnl TEXT...               one JSON line a text
    read_rnl.py --check ANSWERS.bin MODEL.rnl   compares with known answers, bit for bit
    read_rnl.py --describe MODEL.rnl            header, labels and part two as JSON; checks the id

Exit code 0; 1 where an answer or the id differs; 2 for a file or text that it refuses. Section numbers (§) are those of
FORMAT.md. Nothing here is shared with, or translated from, the Rust code: that is what makes it a check of both.
"""

import codecs
import hashlib
import json
import os
import re
import struct
import sys
import unicodedata
import zlib
from decimal import ROUND_FLOOR, Decimal, localcontext
from operator import mul
from types import SimpleNamespace
from typing import Any, Callable, NoReturn

HEADER = struct.Struct("<4sHBBIBBH16s8I")  # §2
VERSION, INT8 = 3, 2
ROW_MAJOR, HALF_WORDS = range(2)  # §6
FIRST_LENGTH, DEVICE_CHECKSUM = 48, 60  # where in the header what the id leaves out starts, and the last checksum
TEXT, FRAMES = range(2)  # §4.2
WORDS, HASHED_WORDS, FINGERPRINTED_WORDS, COMPOSED_WORDS, CHARACTERS, BYTES = range(6)  # §4.3
ALPHANUMERIC, WITH_MARKS, ASCII = range(3)
UNICODE_VERSION = 17
LSTM, GRU, RNN_TANH, RNN_RELU = range(4)
GATES, RESULTS = (4, 3, 1, 1), (4, 4, 1, 1)  # §4.6, of each cell
LAST, MEAN, MAX = range(3)
ONE_THRESHOLD, THRESHOLDS_OF_CLASSES = 1, 2
MAX_LAYERS, MAX_HEADS, MAX_SIZE, MAX_KEPT_STEPS, MAX_BUCKETS = 4, 1, 16_384, 65_535, 1 << 24
MAX_PADDING, MAX_STRIDE, MOST_SUMMED = 1_024, 1_024, 65_535
STRINGS_PER_BLOCK, BUCKETS_PER_BLOCK = 16, 128
LONGEST_STRING = 127
MAX_FINGERPRINTS, MAX_REMAINDER_BITS = 1 << 24, 24
MAX_COMPOSED_ROWS, PREFIX_CHARACTERS = 1 << 15, 5
PADDING_TOKEN, UNKNOWN_TOKEN, FIRST_TOKEN = range(3)
MAX_WORD_BYTES = 64
ONE_PROBABILITY = 1 << 15

# §2: the bits of `needs`.
BIDIRECTIONAL_BIT, INT4_BIT, FRAMES_BIT, WINDOWS_BIT, UNICODE_BIT, FLOAT_BIT = (1 << n for n in (3, 4, 10, 11, 12, 13))
CELL_BITS = (1 << 0, 1 << 1, 1 << 2, 1 << 2)
TOKEN_BITS = (1 << 5, 1 << 7, 1 << 6, 1 << 6, 1 << 8, 1 << 9)
KNOWN_NEEDS = (1 << 14) - 1

# §4: structures are dictionaries, with fields in the order of the file; an enumeration is the number of its
# variants, or a list of their contents, `None` for a variant without one.
SPLIT = {"rule": 3, "unicode": "u8"}
STRING_TABLE = {"count": "u32", "bytes": "u32"}
FINGERPRINT_TABLE = {"count": "u32", "seed": "u32", "remainder_bits": "u8"}
TOKENS = [
    {"split": SPLIT, "strings": STRING_TABLE},
    {"split": SPLIT, "buckets": "u32"},
    {"split": SPLIT, "table": FINGERPRINT_TABLE},
    {"split": SPLIT, "table": FINGERPRINT_TABLE, "parts": 1, "buckets": "u32"},
    {"rule": 1, "unicode": "u8", "strings": STRING_TABLE},
    None,
]
VECTORS = [{"size": "u16", "bits": "u8"}, None]
FRAME_INPUT = {
    "channels": "u16",
    "has_one_unit": "bool",
    "frames_per_step": "u16",
    "frame_stride": "u16",
    "has_differences": "bool",
}
INPUT = [{"tokens": TOKENS, "vectors": VECTORS}, FRAME_INPUT]
DIRECTION = {"accumulator_shift": "u8", "state_fraction_bits": "u8"}
LAYER = {"cell": 4, "hidden_size": "u16", "bits": "u8", "forward": DIRECTION, "reverse": ("option", DIRECTION)}
HEAD = {
    "task": 1,
    "pooling": 3,
    "labels": STRING_TABLE,
    "accumulator_shift": "u8",
    "inverse_temperature": "u16",
    "thresholds": [None, {"threshold": "u16"}, None],
}
PART_ONE = {
    "input": INPUT,
    "max_steps": "u32",
    "pad_to": "u16",
    "layers": ("sequence", LAYER, MAX_LAYERS),
    "heads": ("sequence", HEAD, MAX_HEADS),
}
EXTENSION = {"tag": "u16", "critical": "bool", "content": "bytes"}
ANY_NUMBER = 0xFFFF_FFFF
PART_TWO = {
    "trainer_version": "string",
    "data_hash": ("raw", 32),
    "training_rows": "u32",
    "calibration_rows": "u32",
    "validation_accuracy": "f32",
    "seed": "u64",
    "longest_row": "u32",
    "label_column": "string",
    "text_columns": ("sequence", "string", ANY_NUMBER),
    "channel_names": ("sequence", "string", ANY_NUMBER),
    "metrics": ("sequence", {"name": "string", "value": "f32"}, ANY_NUMBER),
}
NUMBERS = {"channels": "u16", "values": "bytes"}
KNOWN_INPUT = [{"text": "string"}, NUMBERS, NUMBERS]
KNOWN_ANSWER = {"input": KNOWN_INPUT, "class": "u32", "logits": "bytes"}


class Refused(Exception):
    """A file that is no valid model, or a text whose words the standard library cannot tell."""


def refuse(error: str, expected: Any, found: Any) -> NoReturn:
    raise Refused(f"{error}: expected {expected}, found {found}")


def expect(error: str, expected: int, found: int) -> None:
    if found != expected:
        refuse(error, expected, found)


def expect_within(error: str, smallest: int, largest: int, found: int) -> None:
    if not smallest <= found <= largest:
        refuse(error, smallest if found < smallest else largest, found)


# ---- §3: postcard --------------------------------------------------------------------------------------------


class Unreadable(Refused):
    """Bytes that are not the values they should be."""

    def __init__(self, part: str) -> None:
        super().__init__(f"Unreadable: {part}")


class Postcard:
    """Takes postcard values from the front of some bytes."""

    def __init__(self, data: bytes, part: str, length_bits: int = 64) -> None:
        """`length_bits`: those of a length or a number of items, 32 in what a device reads."""
        self.rest, self.part, self.length_bits = data, part, length_bits

    @classmethod
    def whole(cls, schema: Any, data: bytes, part: str, length_bits: int = 64) -> Any:
        """A value that fills the bytes."""
        postcard = cls(data, part, length_bits)
        value = postcard.take(schema)
        if postcard.rest:
            raise Unreadable(part)
        return value

    def take(self, schema: Any) -> Any:
        match schema:
            case dict():
                return SimpleNamespace(**{name: self.take(field) for name, field in schema.items()})
            case int(variants):
                return self.up_to(variants - 1)
            case list(variants):
                kind = self.up_to(len(variants) - 1)
                content = variants[kind] and self.take(variants[kind])
                return SimpleNamespace(kind=kind, content=content)
            case ("option", some):
                return self.take(some) if self.boolean() else None
            case ("sequence", item, most):
                return [self.take(item) for _ in range(self.up_to(most, self.length_bits))]
            case ("raw", length):
                return self.raw(length)
            case "u8":
                return self.raw(1)[0]
            case "bool":
                return self.boolean()
            case "f32":
                return struct.unpack("<f", self.raw(4))[0]
            case "bytes":
                return self.raw(self.varint(self.length_bits))
            case "string":
                data = self.raw(self.varint(self.length_bits))
                return data.decode() if is_utf8(data) else self.fail()
            case _:
                return self.varint(int(schema.removeprefix("u")))

    def fail(self) -> NoReturn:
        raise Unreadable(self.part)

    def raw(self, length: int) -> bytes:
        if length > len(self.rest):
            self.fail()
        taken, self.rest = self.rest[:length], self.rest[length:]
        return taken

    def boolean(self) -> bool:
        byte = self.raw(1)[0]
        return byte == 1 if byte < 2 else self.fail()

    def varint(self, bits: int) -> int:
        value = 0
        for place in range(-(-bits // 7)):
            byte = self.raw(1)[0]
            value |= (byte & 127) << (7 * place)
            if byte < 128:
                return value if value < 1 << bits else self.fail()
        return self.fail()

    def up_to(self, largest: int, bits: int = 32) -> int:
        number = self.varint(bits)
        return number if number <= largest else self.fail()


def is_utf8(data: bytes) -> bool:
    try:
        return data.decode() is not None
    except UnicodeDecodeError:
        return False


# ---- §2, §5, §6 and §11: header, tensors, checks -------------------------------------------------------------


class File:
    """The parts of a model file (§1, §2), whose lengths and checksums are right."""

    def __init__(self, data: bytes) -> None:
        if len(data) < 4:
            refuse("WrongLength", HEADER.size, len(data))
        if data[:4] != b"RNL1":
            refuse("NotAModel", b"RNL1", data[:4])
        if len(data) >= 6:
            expect("UnsupportedVersion", VERSION, int.from_bytes(data[4:6], "little"))
        if len(data) < HEADER.size:
            refuse("WrongLength", HEADER.size, len(data))
        _, _, precision, packing, self.needs, self.alignment, reserved, *rest = HEADER.unpack_from(data)
        signature_length, self.id, self.model_version, self.capacity, *lengths = rest
        part_one_length, extensions_length, device_length, part_two_length, part_two_checksum, checksum = lengths
        expect_within("UnsupportedPrecision", 0, INT8, precision)
        expect_within("UnsupportedPacking", 0, HALF_WORDS if precision == INT8 else ROW_MAJOR, packing)
        self.packing = packing
        expect("Reserved", 0, reserved)
        if self.alignment not in (4, 8, 16):
            refuse("Alignment", 16, self.alignment)
        extensions = HEADER.size + part_one_length
        tensors = round_up(extensions + extensions_length, self.alignment)
        if tensors > device_length:
            refuse("DeviceLength", tensors, device_length)
        if self.needs > KNOWN_NEEDS:
            raise Refused(f"UnknownNeed: bit {next(bit for bit in range(14, 32) if self.needs >> bit & 1)}")
        if self.needs & FLOAT_BIT:
            raise Refused("MissingFeature: float")
        total_length = device_length + part_two_length + signature_length
        self.is_stripped = len(data) == device_length
        if not self.is_stripped:
            expect("WrongLength", device_length if len(data) < device_length else total_length, len(data))
        self.device_part = data[:device_length]
        self.part_two = data[device_length : device_length + part_two_length]
        found = zlib.crc32(self.device_part[:DEVICE_CHECKSUM] + self.device_part[HEADER.size :])
        expect("WrongChecksum: Device", checksum, found)
        if not self.is_stripped:
            expect("WrongChecksum: Two", part_two_checksum, zlib.crc32(self.part_two))
        self.part_one = Postcard.whole(PART_ONE, data[HEADER.size : extensions], "One", 32)
        expect("Needs", needs_of(self.part_one) | (0 if precision == INT8 else FLOAT_BIT), self.needs)
        self.extensions = extension_records(data[extensions : extensions + extensions_length])
        self.tensors = Tensors(self.device_part[tensors:], self.alignment)

    def id_of_content(self) -> bytes:
        """§2: what the id should be."""
        data = bytearray(self.device_part)
        data[14:32] = bytes(18)
        data[FIRST_LENGTH : HEADER.size] = bytes(HEADER.size - FIRST_LENGTH)
        return hashlib.sha256(data).digest()[:16]


def needs_of(part_one: SimpleNamespace) -> int:
    """§2: the bits of what part one needs."""
    kind, content = part_one.input.kind, part_one.input.content
    if kind == FRAMES:
        needs = FRAMES_BIT | (WINDOWS_BIT if is_gathered(content) else 0)
    else:
        needs = TOKEN_BITS[content.tokens.kind] | (UNICODE_BIT if unicode_of(content.tokens) else 0)
        needs |= INT4_BIT if content.vectors.content and content.vectors.content.bits == 4 else 0
    for layer in part_one.layers:
        needs |= CELL_BITS[layer.cell] | (INT4_BIT if layer.bits == 4 else 0)
        needs |= BIDIRECTIONAL_BIT if layer.reverse else 0
    return needs


def is_gathered(frames: SimpleNamespace) -> bool:
    return frames.frames_per_step != 1 or frames.frame_stride != 1 or frames.has_differences


def unicode_of(tokens: SimpleNamespace) -> int:
    if tokens.kind == BYTES:
        return 0
    return tokens.content.unicode if tokens.kind == CHARACTERS else tokens.content.split.unicode


def extension_records(data: bytes) -> list[SimpleNamespace]:
    """§4.8: the records; none of them may be critical, as no tag is known."""
    postcard, records = Postcard(data, "Extensions", 32), []
    while postcard.rest:
        record = postcard.take(EXTENSION)
        if record.critical:
            raise Refused(f"UnknownExtension: tag {record.tag}")
        records.append(record)
    return records


class Tensors:
    """§5.1: takes the tensors, one after another."""

    def __init__(self, area: bytes, alignment: int) -> None:
        self.area, self.alignment, self.place = area, alignment, 0

    def take_bytes(self, length: int) -> bytes:
        if length == 0:
            return b""
        start = round_up(self.place, self.alignment)
        if start + length > len(self.area):
            refuse("Tensors", start + length, len(self.area))
        self.place = start + length
        return self.area[start : self.place]

    def take(self, code: str, elements: int) -> tuple[Any, ...]:
        """The elements of a tensor; `code` is their type for `struct`."""
        layout = struct.Struct(f"<{elements}{code}")
        return layout.unpack(self.take_bytes(layout.size))

    def take_rows(self, bits: int, rows: int, columns: int) -> list[tuple[int, ...]]:
        """Rows of I8 or I4 (§5.2), verified, in I4 with what fills up their last byte."""
        if bits == 8:
            stride, values = columns, self.take("b", rows * columns)
        elif bits == 4:
            stride = round_up(columns, 2)
            halves = (half for byte in self.take_bytes(rows * stride // 2) for half in (byte & 15, byte >> 4))
            values = tuple((half ^ 8) - 8 for half in halves)
        else:
            refuse("Bits", 8, bits)
        expect_weights(values, bits)
        return [values[start : start + stride] for start in range(0, rows * stride, stride)] if stride else [()] * rows

    def take_half_words(self, cell: int, inputs: int, size: int) -> tuple[list[Any], list[Any]]:
        """§6.1: the rows of `W` and of `U`, verified, with what fills up their columns."""
        of_x, of_h = round_up(inputs, 2), round_up(size, 2)
        groups = range(0, size, 4)
        # For each block its columns of `x` and of `h`, and its rows.
        blocks: list[tuple[int, int, list[int]]] = []
        match cell:
            case 0:
                blocks = [(of_x, of_h, [gate * size + unit for gate in range(4)]) for unit in range(size)]
            case 1:
                for unit in groups:
                    for first in (unit, unit + 2):
                        rows = [gate * size + of if of < size else -1 for of in (first, first + 1) for gate in (0, 1)]
                        blocks.append((of_x, of_h, rows))
                    new = [2 * size + of if of < size else -1 for of in range(unit, unit + 4)]
                    blocks += [(of_x, 0, new), (0, of_h, new)]
            case _:
                blocks = [(of_x, of_h, [of if of < size else -1 for of in range(unit, unit + 4)]) for unit in groups]
        w: list[Any] = [()] * (GATES[cell] * size)
        u: list[Any] = [()] * (GATES[cell] * size)
        words = self.take("I", sum(2 * (x + h) // 2 for x, h, _ in blocks))
        place = 0
        for x, h, rows in blocks:
            block, place = words[place : place + x + h], place + x + h
            for number, row in enumerate(rows):
                halves = [half for word in block[number // 2 :: 2] for half in (word & 0xFFFF, word >> 16)]
                weights = tuple(half_word_weight(half, number % 2) for half in halves)
                if max(map(abs, weights), default=0) > 127:
                    refuse("WeightRange", 127, 128)
                if row >= 0:
                    w[row] = weights[:x] if x else w[row]
                    u[row] = weights[x:] if h else u[row]
        return w, u

    def end(self) -> None:
        expect("Tensors", self.place, len(self.area))


def half_word_weight(half: int, is_second: int) -> int:
    """§6.1: the weight of one of the two rows of a half-word."""
    low = ((half & 0xFF) ^ 0x80) - 0x80
    return low if is_second else (((half ^ 0x8000) - 0x8000) - low) >> 8


def expect_weights(values: tuple[int, ...], bits: int) -> None:
    """§11: the smallest number of so many bits is not used."""
    smallest = -(1 << (bits - 1))
    if smallest in values:
        refuse("WeightRange", -smallest - 1, -smallest)


def string_table(tensors: Tensors, table: SimpleNamespace, error: str) -> list[bytes]:
    """The strings of a table (§5.3), in order."""
    index = (0, *tensors.take("I", max(0, -(-table.count // STRINGS_PER_BLOCK) - 1)))
    data = tensors.take_bytes(table.bytes)
    strings: list[bytes] = []
    start = 0
    for number in range(table.count):
        block, place = divmod(number, STRINGS_PER_BLOCK)
        end = start + 1 + data[start] if start < len(data) else len(data) + 1
        string = data[start + 1 : end]
        is_short = end <= len(data) and len(string) <= LONGEST_STRING
        if (place == 0 and index[block] != start) or not is_short or not is_utf8(string):
            refuse(error, table.count, number)
        strings.append(string)
        start = end
    expect(error, len(data), start)
    return strings


def bit_string(elements: tuple[int, ...] | bytes, size: int) -> list[int]:
    """The bits of some elements of `size` bits, the lowest first."""
    return [element >> bit & 1 for element in elements for bit in range(size)]


def number_of(bits: list[int]) -> int:
    return sum(bit << place for place, bit in enumerate(bits))


class Fingerprints:
    """A table of fingerprints (§5.5), verified; its words as pairs of quotient and remainder."""

    def __init__(self, tensors: Tensors, table: SimpleNamespace) -> None:
        self.count, self.seed, self.bits = table.count, table.seed, table.remainder_bits
        expect_within("Vocabulary", 0, MAX_FINGERPRINTS, self.count)
        expect_within("RemainderBits", 1, MAX_REMAINDER_BITS, self.bits)
        buckets = bit_string(tensors.take("I", -(-2 * self.count // 32)), 32)
        index = tensors.take("I", -(-self.count // BUCKETS_PER_BLOCK))
        remainders = bit_string(tensors.take_bytes(-(-self.count * self.bits // 8)), 8)
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


class Results:
    """The bias and multiplier of each result: those of the head, or of a direction."""

    def __init__(self, tensors: Tensors, results: int, shifts: SimpleNamespace, most_fraction_bits: int) -> None:
        self.bias = tensors.take("i", results)
        self.shift, self.state_fraction_bits = shifts.accumulator_shift, shifts.state_fraction_bits
        expect_within("AccumulatorShift", 0, 15, self.shift)
        expect_within("StateFractionBits", 0, most_fraction_bits, self.state_fraction_bits)
        self.multipliers = tensors.take("h", results)
        for multiplier in self.multipliers:
            expect_within("Multiplier", 1, 32_767, max(multiplier, 0))

    def check(self, result: int, weights: tuple[int, ...], one_hot: tuple[int, ...], largest: int) -> None:
        """§11.4: what is checked of each result; `largest` is that of what its weights are multiplied with."""
        total = sum(map(abs, weights)) * largest + 127 * max(map(abs, one_hot), default=0) + abs(self.bias[result])
        expect_within("AccumulatorRange", 0, 0x7FFF_FFFF >> self.shift, total)

    def check_half_words(self, result: int, weights: tuple[int, ...], one_hot: tuple[int, ...]) -> None:
        """§11.4: the same of a row of half-words."""
        expect_within("HalfWordRange", 0, (1 << 23) - 1, 127 * sum(map(abs, weights)))
        self.check(result, weights, one_hot, 127)

    def order_by_result(self, size: int, of_unit: int) -> None:
        """§6.1: from the order of half-words to that of rows."""
        order = [unit * of_unit + number for number in range(of_unit) for unit in range(size)]
        self.bias, self.multipliers = ([numbers[place] for place in order] for numbers in (self.bias, self.multipliers))

    def requantize(self, sums: list[int]) -> list[int]:
        """§10.3: from a sum for each result to the results."""
        accumulators = ((total + bias) << self.shift for total, bias in zip(sums, self.bias))
        return [(total * multiplier) >> 16 for total, multiplier in zip(accumulators, self.multipliers)]


class Direction:
    """One direction of a layer (§6)."""

    def __init__(self, tensors: Tensors, layer: Any, inputs: int, shifts: Any, tokens: int | None, packing: int) -> None:
        cell, size = layer.cell, layer.hidden_size
        self.has_half_words = packing == HALF_WORDS and layer.bits == 8
        self.cell, self.size, self.inputs = cell, size, 0 if tokens else inputs
        rows, results = GATES[cell] * size, RESULTS[cell] * size
        entries = tensors.take("b", tokens * rows) if tokens else ()
        expect_weights(entries, 8)
        self.one_hot = [entries[start : start + rows] for start in range(0, len(entries), rows)]
        if self.has_half_words:
            w, u = tensors.take_half_words(cell, self.inputs, size)
        else:
            w = [()] * rows if tokens else tensors.take_rows(layer.bits, rows, inputs)
            u = tensors.take_rows(layer.bits, rows, size)
        self.results = Results(tensors, results, shifts, 15 if cell in (LSTM, RNN_RELU) else 0)
        if self.has_half_words:
            self.results.order_by_result(size, RESULTS[cell])
        # The row of each result: its weights of `x` and of `h`, and its place in a one-hot token's weights.
        self.parts: list[tuple[Any, Any, int | None]] = [(w[row], u[row], row) for row in range(rows)]
        if cell == GRU:
            new = range(2 * size, 3 * size)
            self.parts[2 * size :] = [(w[row], (), row) for row in new]
            self.parts += [((), u[row], None) for row in new]
        for result, (of_input, of_state, row) in enumerate(self.parts):
            one_hot = tuple(entry[row] for entry in self.one_hot) if row is not None else ()
            if self.has_half_words:
                self.results.check_half_words(result, of_input + of_state, one_hot)
            else:
                self.results.check(result, of_input + of_state, one_hot, 127)

    def run(self, steps: list[Any], reverse: bool) -> list[list[int]]:
        """§8: the hidden state of each step, in the order of the sequence; a step is `x`, or a token if one-hot."""
        hidden, cell = [0] * self.size, [0] * self.size
        outputs = []
        for step in reversed(steps) if reverse else steps:
            x, entry = ((), self.one_hot[step]) if self.one_hot else (step, None)
            hidden, cell = self.step(x, entry, hidden, cell)
            outputs.append(hidden)
        return outputs[::-1] if reverse else outputs

    def step(self, x: Any, entry: Any, h: list[int], c: list[int]) -> tuple[list[int], list[int]]:
        """§10.4: the next hidden and cell states."""
        narrowed, sums = narrow(self.cell, h), []
        for of_input, of_state, row in self.parts:
            # What fills up a row of I4 or of half-words has nothing to be multiplied with.
            total = sum(map(mul, of_input, x)) + sum(map(mul, of_state, narrowed))
            sums.append(total + (127 * entry[row] if entry and row is not None else 0))
        values = [saturate(value) for value in self.results.requantize(sums)]
        results = [values[start : start + self.size] for start in range(0, len(values), self.size)]
        match self.cell:
            case 0:
                return lstm_step(results, c, self.results.state_fraction_bits)
            case 1:
                return gru_step(results, h), c
            case 2:
                return [tanh(value) for value in results[0]], c
            case _:
                return [max(0, value) for value in results[0]], c

    def words(self) -> int:
        """§2: 32-bit words of its states."""
        vectors = (self.inputs + 1) // 2 + (self.size + 1) // 2 if self.has_half_words else words(self.size)
        return words(self.inputs) + vectors + (2 if self.cell == LSTM else 1) * words(2 * self.size)


class Model:
    """An int8 model, verified, and how it classifies."""

    def __init__(self, data: bytes) -> None:
        self.file = File(data)
        part_one, self.tensors = self.file.part_one, self.file.tensors
        self.is_text, self.input = part_one.input.kind == TEXT, part_one.input.content
        if self.is_text:
            self.read_tokens(self.input.tokens)
        self.max_steps, self.pad_to = part_one.max_steps or 0xFFFF_FFFF, part_one.pad_to
        self.check_steps(part_one)
        self.read_vectors()
        self.read_layers(part_one.layers)
        if not part_one.heads:
            refuse("HeadCount", MAX_HEADS, 0)
        self.read_head(part_one.heads[0])
        self.tensors.end()
        expect("Capacity", self.capacity(), self.file.capacity)

    def read_tokens(self, tokens: SimpleNamespace) -> None:
        """§5.4: what has a token."""
        kind, content = tokens.kind, tokens.content
        self.kind, self.tokens = kind, dict[bytes, int]()
        if kind != BYTES:
            self.rule = ALPHANUMERIC if kind == CHARACTERS else content.split.rule
            expect("Unicode", 0 if self.rule == ASCII else UNICODE_VERSION, unicode_of(tokens))
        if kind in (WORDS, CHARACTERS):
            strings = string_table(self.tensors, content.strings, "Vocabulary")
            for number in range(1, len(strings)):
                if strings[number - 1] >= strings[number]:
                    refuse("VocabularyOrder", len(strings), number)
            self.tokens = {string: token for token, string in enumerate(strings, FIRST_TOKEN)}
            for number, string in enumerate(strings):
                if kind == CHARACTERS and len(string.decode()) != 1:
                    refuse("Vocabulary", len(strings), number)
        known = len(self.tokens)
        if kind == HASHED_WORDS:
            known = self.buckets = content.buckets
            expect_within("Buckets", 1, MAX_BUCKETS, known)
        if kind in (FINGERPRINTED_WORDS, COMPOSED_WORDS):
            self.fingerprints = Fingerprints(self.tensors, content.table)
            known = self.fingerprints.count
        if kind == COMPOSED_WORDS:
            self.buckets = content.buckets
            expect_within("Buckets", 1, max(0, MAX_COMPOSED_ROWS - FIRST_TOKEN - known), self.buckets)
            expect("OneHot", 0, int(self.input.vectors.content is None))
            known += self.buckets
        if kind == BYTES:
            known = 256
        self.token_count = FIRST_TOKEN + known

    def check_steps(self, part_one: SimpleNamespace) -> None:
        self.is_bidirectional = any(layer.reverse for layer in part_one.layers)
        if self.is_bidirectional:
            expect_within("MaxSteps", 1, MAX_KEPT_STEPS, part_one.max_steps)
        if not self.is_text:
            expect("PadTo", 0, self.pad_to)
        expect_within("PadTo", 0, min(self.max_steps, MAX_PADDING), self.pad_to)

    def read_vectors(self) -> None:
        """What the first layer takes in: a table of vectors, `None` under OneHot, or the channels of frames."""
        self.table: list[tuple[int, ...]] | None = None
        if not self.is_text:
            self.read_frames()
        elif embedding := self.input.vectors.content:
            self.input_size, bits = embedding.size, embedding.bits
            expect_within("InputSize", 1, MAX_SIZE, self.input_size)
            rows = self.tensors.take_rows(bits, self.token_count, self.input_size)
            factor = 16 if bits == 4 else 1
            self.table = [tuple(factor * value for value in row[: self.input_size]) for row in rows]
        else:
            expect_within("InputSize", 1, 65_535, self.token_count)
            self.input_size = 0

    def read_frames(self) -> None:
        """§4.5 and §5.2: how frames become steps."""
        frames = self.input
        expect_within("Channels", 1, MAX_SIZE, frames.channels)
        values = frames.channels * (2 if frames.has_differences else 1)
        expect_within("FramesPerStep", 1, MAX_SIZE // values, frames.frames_per_step)
        expect_within("FrameStride", 1, MAX_STRIDE, frames.frame_stride)
        for unit in self.tensors.take("I", 1 if frames.has_one_unit else frames.channels):
            expect_within("FrameUnit", 1, 0x7F7F_FFFF, unit)
        data = self.tensors.take_bytes(8 * frames.channels)
        differences = self.tensors.take_bytes(8 * frames.channels if frames.has_differences else 0)
        self.channels, self.differences = ([*struct.iter_unpack("<ihBB", part)] for part in (data, differences))
        for _, scale, pre_shift, shift in self.channels + self.differences:
            expect_within("ChannelScale", 1, 16_383, max(scale, 0))
            expect_within("ChannelPreShift", 0, 31, pre_shift)
            expect_within("ChannelShift", 0, 30, shift)
        self.input_size = values * frames.frames_per_step

    def read_layers(self, layers: list[SimpleNamespace]) -> None:
        size = self.input_size
        expect_within("LayerCount", 1, MAX_LAYERS, len(layers))
        self.layers: list[list[Direction]] = []
        for layer in layers:
            expect_within("HiddenSize", 1, MAX_SIZE, layer.hidden_size)
            tokens = self.token_count if self.is_text and self.table is None and not self.layers else None
            shifts = [shifts for shifts in (layer.forward, layer.reverse) if shifts]
            packing = self.file.packing
            self.layers.append([Direction(self.tensors, layer, size, of_one, tokens, packing) for of_one in shifts])
            size = layer.hidden_size * len(shifts)
        self.pooled_size = size

    def read_head(self, head: SimpleNamespace) -> None:
        self.pooling, self.inverse_temperature = head.pooling, head.inverse_temperature
        self.labels = [label.decode() for label in string_table(self.tensors, head.labels, "Labels")]
        classes = len(self.labels)
        expect_within("ClassCount", 1, 65_535, classes)
        expect_within("Temperature", 1, 65_535, self.inverse_temperature)
        self.head = self.tensors.take_rows(8, classes, self.pooled_size)
        shifts = SimpleNamespace(accumulator_shift=head.accumulator_shift, state_fraction_bits=0)
        self.results = Results(self.tensors, classes, shifts, 0)
        for number, row in enumerate(self.head):
            self.results.check(number, row, (), 32_767)
        self.thresholds = [0] * classes
        if head.thresholds.kind == ONE_THRESHOLD:
            self.thresholds = [head.thresholds.content.threshold] * classes
        if head.thresholds.kind == THRESHOLDS_OF_CLASSES:
            self.thresholds = [*self.tensors.take("H", classes)]
        for threshold in self.thresholds:
            expect_within("Threshold", 0, ONE_PROBABILITY, threshold)

    def capacity(self) -> int:
        """§2: 32-bit words of state of a classifier."""
        answer = len(self.labels) + words(2 * self.pooled_size)
        if not self.is_text and is_gathered(self.input):
            answer += (self.input.channels if self.input.has_differences else 0) + words(self.input_size)
        gathered = 0 if self.pooling == LAST else self.pooled_size
        if not self.is_bidirectional:
            running = gathered + sum(forward.words() for (forward,) in self.layers)
            has_copy = (self.is_text and self.kind != BYTES) or self.pad_to > 0
            return answer + running * (2 if has_copy else 1)
        step = (4 if self.is_wide() else 2) if self.is_text else self.input_size
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
        starts = [place for place, byte in enumerate(word) if not 0x80 <= byte <= 0xBF]
        prefix = word[: starts[PREFIX_CHARACTERS]] if len(starts) > PREFIX_CHARACTERS else word
        first = FIRST_TOKEN + self.fingerprints.count
        return first + hash_of(prefix, seed ^ 0xFFFF_FFFF) % buckets, first + hash_of(word, seed) % buckets

    def token_list(self, text: bytes) -> list[Any]:
        """§7: the tokens of a text."""
        if self.kind == BYTES:
            return [byte + FIRST_TOKEN for byte in text]
        if self.kind == CHARACTERS:
            return [self.tokens.get(c, UNKNOWN_TOKEN) for c in characters_of(text)]
        found = words_of(text, self.rule)
        match self.kind:
            case 0:
                return [self.tokens.get(word, UNKNOWN_TOKEN) for word in found]
            case 1:
                return [UNKNOWN_TOKEN if w is None else FIRST_TOKEN + hash_of(w) % self.buckets for w in found]
            case 2:
                return [self.fingerprints.token(word) for word in found]
            case _:
                return [self.composed(word) for word in found]

    def steps_of_text(self, text: bytes) -> list[Any]:
        """§8: what the first layer takes in for each token and for the padding."""
        if not self.is_text:
            raise Refused("NoText: the model classifies frames")
        tokens = self.token_list(text)[: self.max_steps]
        tokens += [PADDING_TOKEN] * (self.pad_to - len(tokens))
        return [self.vector(token) for token in tokens] if self.table else tokens

    def vector(self, token: int | tuple[int, int]) -> tuple[int, ...]:
        """§5.4: the vector of a token."""
        if isinstance(token, int):
            return self.table[token]
        return tuple(first + second >> 1 for first, second in zip(*(self.table[row] for row in token)))

    def steps_of_frames(self, frames: list[tuple[int, ...]]) -> list[list[int]]:
        """§8.1: what the first layer takes in for each step."""
        if self.is_text:
            raise Refused("NoFrames: the model classifies text")
        count, stride = self.input.frames_per_step, self.input.frame_stride
        values, before = [], None
        for frame in frames:
            expect("WrongChannels", self.input.channels, len(frame))
            changes = [saturate32(raw - last) for raw, last in zip(frame, before or frame)]
            of_frame = [normalize(raw, channel) for raw, channel in zip(frame, self.channels)]
            values.append(of_frame + [normalize(change, c) for change, c in zip(changes, self.differences)])
            before = frame
        if 0 < len(values) < count:
            first = values[0][: self.input.channels] + [normalize(0, channel) for channel in self.differences]
            values = [first] * (count - len(values)) + values
        ends = range(count, len(values) + 1, stride)
        return [sum(values[end - count : end], []) for end in ends][: self.max_steps]

    def logits(self, steps: list[Any]) -> list[int]:
        """§8 and §10: the logits after all steps, Q15.16."""
        outputs: list[list[list[int]]] = []
        for directions in self.layers:
            outputs = [direction.run(steps, reverse) for direction, reverse in zip(directions, (False, True))]
            narrowed = [[narrow(d.cell, h) for h in hidden] for d, hidden in zip(directions, outputs)]
            steps = [sum(parts, []) for parts in zip(*narrowed)]
        pooled = [
            unit
            for direction, hidden, last in zip(self.layers[-1], outputs, (-1, 0))
            for unit in self.pool(hidden, last, direction.size)
        ]
        return self.results.requantize([sum(map(mul, row, pooled)) for row in self.head])

    def pool(self, hidden: list[list[int]], last: int, size: int) -> list[int]:
        """§10.6, of one direction; `last` is the place of the step computed last."""
        if not hidden:
            return [0] * size
        if self.pooling == LAST:
            return hidden[last]
        if self.pooling == MAX:
            return [max(unit) for unit in zip(*hidden)]
        return [mean(unit) for unit in zip(*hidden)]

    def classify(self, steps: list[Any]) -> dict[str, Any]:
        logits = self.logits(steps)
        best = logits.index(max(logits))
        q15 = probability(logits, best, self.inverse_temperature)
        answer = {"class": best, "label": self.labels[best], "probability_q15": q15}
        return {**answer, "accepted": q15 >= self.thresholds[best], "logits": logits}

    def describe(self) -> dict[str, Any]:
        """What the header and part two say; `id_is_right` if the id is that of the content."""
        file, part_two = self.file, None
        if not file.is_stripped:
            part_two = vars(Postcard(file.part_two, "Two").take(PART_TWO))
            part_two["data_hash"] = part_two["data_hash"].hex()
            part_two["metrics"] = {metric.name: metric.value for metric in part_two["metrics"]}
        return {
            "id": file.id.hex(),
            "id_is_right": file.id == file.id_of_content(),
            "model_version": file.model_version,
            "capacity": file.capacity,
            "device_length": len(file.device_part),
            "labels": self.labels,
            "extensions": {record.tag: record.content.hex() for record in file.extensions},
            "part_two": part_two,
        }


# ---- §7: text ------------------------------------------------------------------------------------------------

# A part that is not UTF-8 becomes a surrogate, which no text has.
BROKEN_PART = "\udcff"
codecs.register_error("part", lambda error: (BROKEN_PART, error.end))
JOINERS = "\u200c\u200d"


def words_of(text: bytes, rule: int) -> list[bytes | None]:
    """The words of a text in lower case; `None` for one that is too long."""
    if rule == ASCII:
        words = re.findall(rb"[0-9a-z\x80-\xff]+", text.lower())  # `bytes.lower` maps ASCII alone
    else:
        split = split_with_marks if rule == WITH_MARKS else split_alphanumeric
        words = ["".join(map(lower_case, word)).encode() for word in split(text.decode(errors="part"))]
    return [word if len(word) <= MAX_WORD_BYTES else None for word in words]


def split_alphanumeric(text: str) -> list[str]:
    return "".join(c if is_alphanumeric(c) else " " for c in text).split()


def split_with_marks(text: str) -> list[str]:
    words = [""]
    for character in text:
        if character in JOINERS or is_mark(character):
            words[-1] += character if words[-1] else ""
        elif is_alphanumeric(character):
            words[-1] += character
        else:
            words.append("")
    return [word for word in words if word]


def characters_of(text: bytes) -> list[bytes | None]:
    """The characters of a text in lower case; `None` for a part that is not UTF-8."""
    characters: list[bytes | None] = []
    for character in text.decode(errors="part"):
        lower = None if character == BROKEN_PART else lower_case(character)
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


def category_of(character: str) -> str:
    """The general category. This Python's Unicode may be older than 17: what it does not know is refused."""
    category, code = unicodedata.category(character), ord(character)
    noncharacter = code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF
    if category == "Cn" and not noncharacter and int(unicodedata.unidata_version.split(".")[0]) < UNICODE_VERSION:
        raise Refused(f"U+{code:04X}: this Python cannot tell what it is")
    return category


def is_mark(character: str) -> bool:
    return category_of(character) in ("Mn", "Mc", "Me")


def is_within(code: int, ranges: tuple[tuple[int, int], ...]) -> bool:
    return any(first <= code <= last for first, last in ranges)


# §7: what `unicodedata` lacks of Alphabetic, the part called Other_Alphabetic: circled letters, and marks. Of marks
# only some are listed here, as alphabetic or not: combining accents and letters, Devanagari, and variation selectors.
CIRCLED_LETTERS = (0x24B6, 0x24E9), (0x1F130, 0x1F149), (0x1F150, 0x1F169), (0x1F170, 0x1F189)
VOWEL_SIGNS = (0x900, 0x903), (0x93A, 0x93B), (0x93E, 0x94C), (0x94E, 0x94F), (0x955, 0x957), (0x962, 0x963)
ALPHABETIC_MARKS = (0x345, 0x345), (0x363, 0x36F), *VOWEL_SIGNS
OTHER_MARKS = (0x300, 0x344), (0x346, 0x362), (0x93C, 0x93C), (0x94D, 0x94D), (0x951, 0x954), (0xFE00, 0xFE0F)


def is_alphanumeric(character: str) -> bool:
    """Unicode's Alphabetic or Numeric. A text with a mark that is not listed is refused rather than split wrongly."""
    category, code = category_of(character), ord(character)
    if category == "So":
        return is_within(code, CIRCLED_LETTERS)
    if category in ("Mn", "Mc"):
        if not is_within(code, ALPHABETIC_MARKS + OTHER_MARKS):
            raise Refused(f"U+{code:04X}: this reader cannot tell whether it is alphabetic")
        return is_within(code, ALPHABETIC_MARKS)
    return category[0] in "LN"


def lower_case(character: str) -> str:
    """Its lower case, one character or two."""
    category_of(character)
    return character.lower()


# ---- §10: integers -------------------------------------------------------------------------------------------


def round_up(size: int, multiple: int) -> int:
    return -(-size // multiple) * multiple


def words(length: int) -> int:
    """§2: 32-bit words for so many bytes."""
    return -(-length // 4)


def clamp(value: int, magnitude: int) -> int:
    return max(-magnitude, min(magnitude, value))


def saturate(value: int) -> int:
    return max(-32_768, min(32_767, value))


def saturate32(value: int) -> int:
    return max(-(1 << 31), min((1 << 31) - 1, value))


def normalize(raw: int, channel: tuple[int, int, int, int]) -> int:
    """§10.1: a channel's number, or its difference, as an input."""
    zero, scale, pre_shift, shift = channel
    shifted = clamp(saturate32(raw - zero) >> pre_shift, 65_535)
    return clamp((shifted * scale + ((1 << shift) >> 1)) >> shift, 127)


def mean(unit: tuple[int, ...]) -> int:
    """§8 and §10.6: the mean over the steps of one unit."""
    total = count = 0
    for value in unit:
        if count == MOST_SUMMED:
            total, count = total >> 1, MOST_SUMMED // 2 + 1
        total, count = total + value, count + 1
    rounded = (abs(total) + count // 2) // count
    return saturate(-rounded if total < 0 else rounded)


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


def probability(logits: list[int], number: int, inverse_temperature: int) -> int:
    """§10.8: the softmax probability of a class in Q0.15."""
    distances = [((max(logits) - logit) * inverse_temperature) >> 12 for logit in logits]
    weights = [exp_of_minus(min(0xFFFF_FFFF, distance)) for distance in distances]
    total = sum(weights)
    return min(ONE_PROBABILITY, ((weights[number] << 15) + total // 2) // total)


# ---- command line --------------------------------------------------------------------------------------------


def known_steps(model: Model, known: SimpleNamespace) -> list[Any]:
    """What the first layer takes in of a known answer's input (appendix A)."""
    if known.kind == 0:
        return model.steps_of_text(known.content.text.encode())
    channels, values = known.content.channels, known.content.values
    code = "h" if known.kind == 1 else "i"
    layout = struct.Struct(f"<{channels}{code}")
    if channels == 0 or len(values) % layout.size:
        refuse("KnownAnswer", layout.size, len(values))
    return model.steps_of_frames(list(layout.iter_unpack(values)))


def check(model: Model, data: bytes) -> int:
    """Compares with a file of known answers (appendix A); the number of sequences that differ."""
    different, count, answers = 0, int.from_bytes(data[:4], "little"), Postcard(data[4:], "known answers")
    expect_within("answers", 1, 0xFFFF_FFFF, count)
    for number in range(count):
        known = vars(answers.take(KNOWN_ANSWER))
        expected = {"class": known["class"], "logits": list(struct.unpack(f"<{len(model.labels)}i", known["logits"]))}
        found = model.classify(known_steps(model, known["input"]))
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
        if len(arguments) == 2 and arguments[0] == "--describe":
            described = Model(read(arguments[1])).describe()
            print(json.dumps(described))
            return 0 if described["id_is_right"] else 1
        if len(arguments) < 2 or arguments[0].startswith("--"):
            print(__doc__, file=sys.stderr)
            return 2
        model = Model(read(arguments[0]))
        for text in arguments[1:]:
            print(json.dumps(model.classify(model.steps_of_text(os.fsencode(text)))))
        return 0
    except (Refused, OSError, struct.error) as error:
        print(f"read_rnl.py: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
