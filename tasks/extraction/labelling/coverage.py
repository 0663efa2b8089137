"""Predicates that a training file never labels, though its sentences state them.

Training files may follow different schemas: DuIE 2.0 has no 出版社, 出生日期 and some others of the 50
predicates, and its sentences state them without a label. Learned as they stand, they teach that there is no
such triple. A predicate is *unlabelled* in a file where, by its frequency in the other training files, its
labels cannot be missing by chance.
"""

import math
from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

CHANCE = 1e-6
"""Largest probability that a file which labels a predicate has no label of it."""


class FileLabels(NamedTuple):
    """What was counted in a training file."""

    sentences: int
    labels: Mapping[str, int]
    """By predicate; those without a label may be missing."""


def unlabelled_predicates(files: Mapping[str, FileLabels]) -> dict[str, dict[str, float]]:
    """For each file that has some, its unlabelled predicates and how many labels of each were expected.

    Numbers of labels are taken as Poisson distributed, with the other files' rate for a sentence.

    >>> unlabelled_predicates({"a": FileLabels(100, {"作者": 60, "号": 1}), "b": FileLabels(50, {"号": 1})})
    {'b': {'作者': 30.0}}
    """
    found: dict[str, dict[str, float]] = {}
    for name, file in files.items():
        others = [other for key, other in files.items() if key != name]
        sentences = sum(other.sentences for other in others)
        labels = sum((Counter(other.labels) for other in others), Counter[str]())
        for predicate, count in labels.items():
            expected = count / sentences * file.sentences
            if not file.labels.get(predicate) and math.exp(-expected) < CHANCE:
                found.setdefault(name, {})[predicate] = expected
    return found
