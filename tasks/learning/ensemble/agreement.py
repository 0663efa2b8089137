"""How often members of an ensemble give the same answer."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from tasks.learning.ensemble.candidates import Candidates


def agreement(pieces: Iterable[Sequence[Any]]) -> float | None:
    """The share of records with the same answer, as a mean over all pairs of members.

    Unlike a score it needs no labels: members that agree less often on test records than out of fold are
    likely to err more often there. The result is exact for any number of members, because equal answers are
    counted instead of pairs compared.

    Args:
        pieces: of consecutive records, the values of each member: (n, k) scores, of which the answer is the
            class with the highest, or `Candidates`, of which it is the one with the highest score, or none.
            Nothing is kept of a piece but two numbers.

    Returns:
        None for fewer than two members, and for no records.

    Raises:
        ValueError: the members' values are not of these forms, or of different numbers of records.
    """
    same = pairs = 0
    for members in pieces:
        votes = _votes(members)
        same += sum(times * (times - 1) for record in votes for times in record.values())
        pairs += len(members) * (len(members) - 1) * len(votes)
    return same / pairs if pairs else None


def _votes(members: Sequence[Any]) -> list[Counter[Any]]:
    """How many members give each answer, of each record."""
    votes: list[Counter[Any]] | None = None
    for number, values in enumerate(members, 1):
        given = _answers(values)
        votes = [Counter() for _ in given] if votes is None else votes
        if len(given) != len(votes):
            raise ValueError(f"member {number}: expected {len(votes)} records, received {len(given)}")
        for record, answer in zip(votes, given, strict=True):
            record[answer] += 1
    return votes or []


def _answers(values: Any) -> list[Any]:
    """The answer of each record: a class, or the key of a candidate and None where there is none."""
    if isinstance(values, Candidates):
        return [_best(record) for record in values.records()]
    if values.ndim != 2:
        raise ValueError(f"expected scores (n, k), received {values.shape}")
    return list(np.argmax(values, axis=1).tolist())


def _best(record: dict[str, float]) -> str | None:
    """The candidate with the highest score; of several, the first by its text, whatever their order."""
    return min(record, key=lambda key: (-record[key], key)) if record else None
