"""Make up a small data set for the demo preset: flowers with four measures, a colour and a kind."""

import csv
from pathlib import Path

import numpy as np

from tasks.core import demo_files

KINDS = ("daisy", "rose", "tulip")
COLOURS = ("blue", "red", "white", "yellow")
COLUMNS = ("petal_length", "petal_width", "stem_length", "leaves", "colour")


def write(root: Path, *, records: int = 150, test_records: int = 60, seed: int = 0) -> None:
    """Write `train.csv` and `test.csv`, unless they are there already."""
    bounds = {
        "records": (records, 20, 10**6),
        "test_records": (test_records, 1, 10**6),
        "seed": (seed, 0, 10**6),
    }
    with demo_files.replacement(root, demo_files.within_bounds(bounds)) as folder:
        random = np.random.default_rng(seed)
        middles = random.normal(5, 1.5, (len(KINDS), 4))
        for part, count in (("train", records), ("test", test_records)):
            with (folder / f"{part}.csv").open("w", encoding="utf-8", newline="") as stream:
                label = ("label",) if part == "train" else ()
                writer = csv.writer(stream, lineterminator="\n")
                writer.writerow(("id", *COLUMNS, *label))
                for number in range(count):
                    kind = int(random.integers(len(KINDS)))
                    row = _flower(middles[kind], kind, random)
                    writer.writerow((f"{part}-{number:05}", *row, *([KINDS[kind]] if label else [])))


def _flower(middle: np.ndarray, kind: int, random: np.random.Generator) -> list[str]:
    measures = [f"{value:.2f}" for value in random.normal(middle, 1.2)]
    if random.random() < 0.1:
        measures[int(random.integers(4))] = ""  # one that was not measured
    likely = random.random() < 0.6
    return [*measures, COLOURS[kind if likely else int(random.integers(len(COLOURS)))]]
