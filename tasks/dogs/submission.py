"""The competition's submission: `<label>\\t<image id>` by line, no header, one line a test photograph."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from tasks.core import limits
from tasks.core.cache.store import atomic_file
from tasks.core.dataset import Dataset
from tasks.core.errors import InvalidSubmission
from tasks.core.strict_json import Unreadable, decoded
from tasks.core.submission_file import opened
from tasks.dogs.dataset import classes

FILE = "submission.txt"
SHOWN_CHARACTERS = 80
"""Of a line in a message."""


def decode(pieces: Iterable[np.ndarray], dataset: Dataset, decision: dict[str, Any]) -> Iterator[int]:
    """The original label with the highest score of each row of (n, k) scores, piece by piece."""
    labels = classes(dataset)
    return (labels[index] for scores in pieces for index in scores.argmax(axis=1).tolist())


def write(ids: list[str], answers: Iterable[Any], file: Path) -> None:
    """Write label and image id of each test photograph."""
    with atomic_file(file) as lines:
        lines.writelines(f"{answer}\t{id}\n".encode() for id, answer in zip(ids, answers, strict=True))


def check(file: Path, ids: list[str], dataset: Dataset) -> int:
    """Count the lines of a submission that keeps every rule.

    Raises:
        InvalidSubmission: the first rule broken, with its line.
    """
    labels, expected = {str(label) for label in classes(dataset)}, set(ids)
    seen: set[str] = set()
    for number, line in enumerate(_lines(file), start=1):
        place = f"{file}:{number}"
        fields = line.split("\t")
        if len(fields) != 2:
            raise InvalidSubmission(f"{place}: expected <label><TAB><image id>, received {_short(line)}")
        label, id = fields
        if label not in labels:
            expected_label = "expected a label of the training list"
            raise InvalidSubmission(f"{place}: {expected_label}, received {_short(label)}")
        if id not in expected:
            raise InvalidSubmission(f"{place}: expected the id of a test photograph, received {_short(id)}")
        if id in seen:
            raise InvalidSubmission(f"{place}: expected each id once, received {_short(id)} again")
        seen.add(id)
    if missing := sorted(expected - seen):
        received = f"none for {len(missing)}, the first being {missing[0]!r}"
        each = f"each of {len(expected)} test photographs"
        raise InvalidSubmission(f"{file}: expected a line for {each}, received {received}")
    return len(seen)


def _lines(file: Path) -> Iterator[str]:
    number, most = 0, limits.LINE.value()
    with opened(file) as lines:
        while line := lines.readline(most + 1):
            number += 1
            try:
                text = decoded(line)
            except Unreadable as error:
                raise InvalidSubmission(f"{file}:{number}: {error}") from None
            if len(line) > most:
                expected = f"a line of {limits.LINE.at_most()}"
                raise InvalidSubmission(f"{file}:{number}: expected {expected}, received a longer one")
            if not text.endswith("\n"):
                expected = "a line break at the end"
                raise InvalidSubmission(f"{file}:{number}: expected {expected}, received none")
            yield text[:-1]
    if not number:
        raise InvalidSubmission(f"{file}: expected a line for each test photograph, received an empty file")


def _short(text: str) -> str:
    return repr(text) if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]!r}…"
