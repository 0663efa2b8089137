"""Make up a small data set for the demo preset: reviews that are good or bad."""

import csv
from pathlib import Path

import numpy as np

from tasks.core import demo_files

WORDS = {
    "good": ("excellent", "friendly", "delicious", "quick", "lovely"),
    "bad": ("awful", "rude", "cold", "slow", "boring"),
}
THINGS = ("food", "service", "room", "music", "view", "coffee")
FORMS = ("The {0} was {1}.", "We found the {0} rather {1}.", "{1}, this {0}, I must say.")


def write(root: Path, *, records: int = 200, test_records: int = 60, seed: int = 0) -> None:
    """Write `train.csv` and `test.csv`, unless they are there already."""
    bounds = {
        "records": (records, 20, 10**6),
        "test_records": (test_records, 1, 10**6),
        "seed": (seed, 0, 10**6),
    }
    with demo_files.replacement(root, demo_files.within_bounds(bounds)) as folder:
        random = np.random.default_rng(seed)
        for part, count in (("train", records), ("test", test_records)):
            with (folder / f"{part}.csv").open("w", encoding="utf-8", newline="") as stream:
                writer = csv.writer(stream, lineterminator="\n")
                writer.writerow(("id", "text", "label")[: 3 if part == "train" else 2])
                for number in range(count):
                    label = ("bad", "good")[int(random.integers(2))]
                    row = (f"{part}-{number:05}", _review(label, random), label)
                    writer.writerow(row[: 3 if part == "train" else 2])


def _review(label: str, random: np.random.Generator) -> str:
    """Two sentences, of which one in five says the contrary."""
    other = "good" if label == "bad" else "bad"
    sentences = []
    for _ in range(2):
        words = WORDS[label if random.random() < 0.8 else other]
        sentences.append(str(random.choice(FORMS)).format(random.choice(THINGS), random.choice(words)))
    return " ".join(sentences)
