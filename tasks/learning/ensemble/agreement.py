"""How often members of an ensemble give the same answer."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import zip_longest
from typing import Any, NamedTuple

import numpy as np

from tasks.learning.ensemble.candidates import Candidates


class Agreements(NamedTuple):
    """How often members give the same answer to some records, by counts of ordered pairs of members."""

    records: int
    same: list[int]
    """Of each member: pairs of a record and another member that gives the same answer to it."""

    @property
    def share(self) -> float | None:
        """The mean over all pairs of members; None for fewer than two members, and for no records."""
        return self._share(sum(self.same), len(self.same) * (len(self.same) - 1))

    def of(self, member: int) -> float | None:
        """The mean over the pairs of this member with each other one."""
        return self._share(self.same[member], len(self.same) - 1)

    def without(self, member: int) -> float | None:
        """The mean over the pairs of the other members; None for fewer than two others."""
        others = len(self.same) - 1
        return self._share(sum(self.same) - 2 * self.same[member], others * (others - 1))

    def _share(self, same: int, pairs: int) -> float | None:
        return same / (pairs * self.records) if pairs > 0 and self.records else None


def agreements(pieces: Iterable[Sequence[Any]]) -> Agreements:
    """Count the equal answers of members.

    Unlike a score agreement needs no labels: members that agree less often on test records than out of fold
    are likely to err more often there. The result is exact for any number of members, because equal answers
    are counted instead of pairs compared.

    Args:
        pieces: of consecutive records, the values of each member: (n, k) scores, of which the answer is the
            class with the highest, or `Candidates`, of which it is the one with the highest score, or none.
            Nothing is kept of a piece but counts.

    Raises:
        ValueError: the members' values are not of these forms, or of different numbers of records.
    """
    records, same = 0, list[int]()
    for members in pieces:
        answers = [_answers(values) for values in members]
        votes = _votes(answers)
        records += len(votes)
        of_piece = [
            sum(record[answer] - 1 for record, answer in zip(votes, given, strict=True)) for given in answers
        ]
        same = [one + other for one, other in zip_longest(same, of_piece, fillvalue=0)]
    return Agreements(records, same)


def _votes(answers: Sequence[Sequence[Any]]) -> list[Counter[Any]]:
    """How many members give each answer, of each record."""
    votes: list[Counter[Any]] = [Counter() for _ in (answers[0] if answers else ())]
    for number, given in enumerate(answers, 1):
        if len(given) != len(votes):
            raise ValueError(f"member {number}: expected {len(votes)} records, received {len(given)}")
        for record, answer in zip(votes, given, strict=True):
            record[answer] += 1
    return votes


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
