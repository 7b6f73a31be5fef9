#!/usr/bin/env python3
"""Writes train.csv and test.csv of this folder from the optical digits that scikit-learn ships.

Usage: python3 -m venv /tmp/digits && /tmp/digits/bin/pip install scikit-learn==1.9.1
       /tmp/digits/bin/python trainer/data/digits/make.py

An image of 8 x 8 pixels is a sequence of 8 frames, its rows from the top, of 8 channels, its columns from the left.
A quarter of the images of each digit, drawn with a seed, becomes the test rows.
"""

import csv
import random
from pathlib import Path

from sklearn.datasets import load_digits

FOLDER = Path(__file__).resolve().parent
SIZE = 8
SEED = 1
TEST_SHARE = 0.25


def split(labels):
    """The numbers of the training images and of the test images, each in the order of the data set."""
    chance = random.Random(SEED)
    test = []
    for digit in sorted(set(labels)):
        images = [number for number, label in enumerate(labels) if label == digit]
        test += chance.sample(images, round(TEST_SHARE * len(images)))
    return sorted(set(range(len(labels))) - set(test)), sorted(test)


def write(path, digits, numbers):
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["sequence", "label", *(f"c{column}" for column in range(SIZE))])
        for number in numbers:
            for pixels in digits.images[number]:
                writer.writerow([number, digits.target[number], *(int(value) for value in pixels)])


def main():
    digits = load_digits()
    training, test = split(digits.target.tolist())
    write(FOLDER / "train.csv", digits, training)
    write(FOLDER / "test.csv", digits, test)
    print(f"{len(training)} training and {len(test)} test images")


if __name__ == "__main__":
    main()
