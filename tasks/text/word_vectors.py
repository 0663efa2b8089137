"""Word vectors in the text format of word2vec as an `.npz` of `words` and `vectors`.

    python -m tasks.text.word_vectors vectors.txt.bz2 vectors.npz --most 200000

A line has a word and its numbers, after a first line with both counts, which may be missing; words come by
falling frequency, so that the first are the most frequent. Files that end in `.gz` and `.bz2` are unpacked.
"""

import argparse
import bz2
import gzip
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np

OPEN = {".gz": gzip.open, ".bz2": bz2.open}


def read(file: Path, *, most: int) -> tuple[np.ndarray, np.ndarray]:
    """The first words (k,) and their vectors (k, d) float16.

    Raises:
        ValueError: a line has another number of numbers than the first, or something else than numbers.
    """
    words, vectors = list[str](), list[np.ndarray]()
    for number, (word, values) in islice(_entries(file), most):
        if vectors and len(values) != len(vectors[0]):
            expected = f"a word and {len(vectors[0])} numbers"
            raise ValueError(f"{file}:{number}: expected {expected}, received {len(values)} after {word!r}")
        words.append(word)
        vectors.append(values)
    return np.array(words), np.array(vectors)


def _entries(file: Path) -> Iterator[tuple[int, tuple[str, np.ndarray]]]:
    with OPEN.get(file.suffix, open)(file, "rt", encoding="utf-8", newline="\n") as lines:  # type: ignore[operator]
        for number, line in enumerate(lines, start=1):
            word, *values = line.rstrip().split(" ")
            if number == 1 and len(values) == 1:  # the counts of words and of numbers
                continue
            try:
                yield number, (word, np.array(values, np.float16))
            except ValueError:
                raise ValueError(
                    f"{file}:{number}: expected numbers after {word!r}, received others"
                ) from None


def main() -> None:
    """Entry of the command."""
    parser = argparse.ArgumentParser(prog="python -m tasks.text.word_vectors", description=__doc__)
    parser.add_argument("file", type=Path, help="vectors in the text format of word2vec")
    parser.add_argument("output", type=Path, help="the .npz to write")
    parser.add_argument("--most", type=int, default=200_000, help="words kept; 200,000 unless given")
    given = parser.parse_args()
    try:
        words, vectors = read(given.file, most=given.most)
    except (OSError, ValueError) as error:
        raise SystemExit(str(error)) from None
    np.savez(given.output, words=words, vectors=vectors)
    print(f"{given.output}: {len(words):,} words of {vectors.shape[1]} numbers")


if __name__ == "__main__":
    main()
