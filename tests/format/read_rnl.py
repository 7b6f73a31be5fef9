#!/usr/bin/env python3
"""Reads an int8 `.rnl` model and classifies texts, from runtime/FORMAT.md alone, in Python integers.

    read_rnl.py MODEL.rnl TEXT...               one JSON line a text
    read_rnl.py --check ANSWERS.bin MODEL.rnl   compares with known answers, bit for bit

Exit code 0; 1 where an answer differs; 2 for a file or text that it refuses. Section numbers (§) are those of
FORMAT.md. Nothing here is shared with, or translated from, the Rust code: that is what makes it a check of both.
"""

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
INT8 = 2
STRUCT_CODES = "BbhiIef"  # §5.1, for struct: U8, I8, I16, I32, U32, F16, F32
U8, I8, I16, I32, U32 = range(5)
LAST, MEAN, MAX = range(3)
MAX_LAYERS, MAX_SIZE, MAX_MEAN_STEPS = 4, 16_384, 65_535
STRINGS_PER_BLOCK = 16
UNKNOWN_TOKEN, FIRST_WORD_TOKEN = 1, 2
MAX_WORD_BYTES = 64

# §4: structures are dictionaries, with fields in the order of the file; an enumeration is the number of its
# variants.
TENSOR = {"data_type": 7, "offset": "u32", "elements": "u32"}
STRING_TABLE = {"count": "u32", "index": TENSOR, "bytes": TENSOR}
EMBEDDING = {"weights": TENSOR, "size": "u16"}
SCALES = {"multipliers": TENSOR, "accumulator_shift": "u8", "cell_fraction_bits": "u8"}
HEAD = {"weights": TENSOR, "bias": TENSOR, "scales": ("option", SCALES)}
DIRECTION = {"packing": 1, **HEAD}
LAYER = {"cell": 1, "input_size": "u16", "hidden_size": "u16", "forward": DIRECTION, "reverse": ("option", DIRECTION)}
WORDS = {"input": 1, "rule": 1, "vocabulary": STRING_TABLE, "embedding": EMBEDDING}
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
    **WORDS,
    "max_steps": "u32",
    "layers": ("sequence", LAYER),
    "pooling": 3,
    "head": HEAD,
}
KNOWN_ANSWER = {"text": "string", "class": "u32", "logits": "bytes"}


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


class Matrix:
    """Quantized rows, each with its bias and multiplier."""

    def __init__(self, area: bytes, parts: SimpleNamespace, rows: int, columns: int, largest_input: int) -> None:
        weights = view(area, parts.weights, I8, rows * columns)
        self.rows = [weights[start : start + columns] for start in range(0, rows * columns, columns)]
        self.bias = view(area, parts.bias, I32, rows)
        if parts.scales is None:
            refuse("Precision", INT8, 0)
        self.shift, self.cell_fraction_bits = parts.scales.accumulator_shift, parts.scales.cell_fraction_bits
        expect_within("AccumulatorShift", 0, 15, self.shift)
        expect_within("CellFractionBits", 0, 15, self.cell_fraction_bits)
        self.multipliers = view(area, parts.scales.multipliers, I16, rows)
        for multiplier in self.multipliers:
            expect_within("Multiplier", 1, 32_767, max(multiplier, 0))
        for row, bias in zip(self.rows, self.bias):
            if -128 in row:
                refuse("WeightRange", 127, 128)
            largest = sum(map(abs, row)) * largest_input + abs(bias)
            expect_within("AccumulatorRange", 0, 0x7FFF_FFFF >> self.shift, largest)

    def product(self, vector: list[int]) -> list[int]:
        """§10.3: the accumulator of each row, requantized."""
        sums = (sum(map(mul, row, vector)) + bias for row, bias in zip(self.rows, self.bias))
        return [((total << self.shift) * multiplier) >> 16 for total, multiplier in zip(sums, self.multipliers)]


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
        expect("UnsupportedVersion", 1, version)
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
        words = string_table(self.area, manifest.vocabulary, "Vocabulary")
        for number in range(1, len(words)):
            if words[number - 1] >= words[number]:
                refuse("VocabularyOrder", len(words), number)
        self.tokens = {word: token for token, word in enumerate(words, FIRST_WORD_TOKEN)}
        self.max_steps = manifest.max_steps or 0xFFFF_FFFF
        self.pooling = manifest.pooling
        self.read_network(manifest)
        expect("Capacity", self.capacity(), capacity)

    def read_network(self, manifest: SimpleNamespace) -> None:
        size = self.embedding_size = manifest.embedding.size
        expect_within("InputSize", 1, MAX_SIZE, size)
        if self.pooling == MEAN:
            expect_within("MaxSteps", 1, MAX_MEAN_STEPS, manifest.max_steps)
        self.embedding = view(self.area, manifest.embedding.weights, I8, (len(self.tokens) + FIRST_WORD_TOKEN) * size)
        if -128 in self.embedding:
            refuse("WeightRange", 127, 128)
        expect_within("LayerCount", 1, MAX_LAYERS, len(manifest.layers))
        self.shapes, self.matrices = [], []
        for layer in manifest.layers:
            expect("InputSize", size, layer.input_size)
            expect_within("HiddenSize", 1, MAX_SIZE, layer.hidden_size)
            expect("Direction", 1, 1 if layer.reverse is None else 2)
            columns = round_up(size, 4) + round_up(layer.hidden_size, 4)
            self.matrices.append(Matrix(self.area, layer.forward, 4 * layer.hidden_size, columns, 127))
            self.shapes.append((size, layer.hidden_size))
            size = layer.hidden_size
        self.head = Matrix(self.area, manifest.head, len(self.labels), size, 32_767)

    def capacity(self) -> int:
        """§2: 32-bit words of state of a classifier."""
        words = len(self.labels)
        for input_size, hidden_size in self.shapes:
            words += (round_up(input_size, 4) + round_up(hidden_size, 4)) // 4 + 2 * (round_up(hidden_size, 2) // 2)
        pooled = self.shapes[-1][1]
        return words + round_up(pooled, 2) // 2 + (0 if self.pooling == LAST else pooled)

    def logits(self, text: bytes) -> list[int]:
        """§8 and §10: the logits after all words of a text, Q15.16."""
        hidden = [[0] * size for _, size in self.shapes]
        cells = [[0] * size for _, size in self.shapes]
        outputs = []
        for token in [self.tokens.get(word, UNKNOWN_TOKEN) for word in words_of(text)][: self.max_steps]:
            x = list(self.embedding[token * self.embedding_size :][: self.embedding_size])
            for number, matrix in enumerate(self.matrices):
                vector = padded(x) + padded([narrow(h) for h in hidden[number]])
                hidden[number], cells[number] = lstm_step(matrix, vector, cells[number])
                x = [narrow(h) for h in hidden[number]]
            outputs.append(hidden[-1])
        return self.head.product(self.pool(outputs))

    def pool(self, outputs: list[list[int]]) -> list[int]:
        """§10.6."""
        if not outputs:
            return [0] * self.shapes[-1][1]
        if self.pooling == LAST:
            return outputs[-1]
        units = zip(*outputs)
        if self.pooling == MAX:
            return [max(unit) for unit in units]
        steps, sums = len(outputs), [sum(unit) for unit in units]
        return [(abs(total) + steps // 2) // steps * (-1 if total < 0 else 1) for total in sums]

    def classify(self, text: bytes) -> dict[str, Any]:
        logits = self.logits(text)
        best = logits.index(max(logits))
        answer = {"class": best, "label": self.labels[best], "probability_q15": probability(logits, best)}
        return {**answer, "logits": logits}


# ---- §7: words -----------------------------------------------------------------------------------------------


def words_of(text: bytes) -> list[bytes | None]:
    """The words of a text in lower case; `None` for one that is too long."""
    # A byte that is not UTF-8 becomes U+FFFD, which separates words like it.
    spaced = "".join(c.lower() if is_alphanumeric(c) else " " for c in text.decode(errors="replace"))
    words = [word.encode() for word in spaced.split(" ") if word]
    return [word if len(word) <= MAX_WORD_BYTES else None for word in words]


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


def narrow(hidden: int) -> int:
    return (hidden * 127 + 16_384) >> 15


def lstm_step(matrix: Matrix, vector: list[int], cells: list[int]) -> tuple[list[int], list[int]]:
    """§10.4: the next hidden and cell states."""
    size, bits = len(cells), matrix.cell_fraction_bits
    gates = [saturate(value) for value in matrix.product(vector)]
    hidden, following = [], []
    for i, f, g, o, cell in zip(gates[:size], gates[size:], gates[2 * size :], gates[3 * size :], cells):
        added = (sigmoid(i) * tanh(g)) >> (15 - bits)
        cell = saturate((sigmoid(f) * cell + added + 16_384) >> 15)
        following.append(cell)
        hidden.append((sigmoid(o) * tanh_of_cell(cell, bits) + 16_384) >> 15)
    return hidden, following


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


def check(model: Model, data: bytes) -> int:
    """Compares with a file of known answers (appendix A); the number of texts that differ."""
    different, count, answers = 0, int.from_bytes(data[:4], "little"), Postcard(data[4:])
    expect_within("answers", 1, 0xFFFF_FFFF, count)
    for _ in range(count):
        known = vars(answers.take(KNOWN_ANSWER))
        expected = {"class": known["class"], "logits": list(struct.unpack(f"<{len(model.labels)}i", known["logits"]))}
        found = model.classify(known["text"].encode())
        if any(found[name] != value for name, value in expected.items()):
            different += 1
            print(f"{known['text']!r}: expected {expected}, found {found}")
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
            print(json.dumps(model.classify(os.fsencode(text))))
        return 0
    except (Refused, OSError, struct.error) as error:
        print(f"read_rnl.py: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
