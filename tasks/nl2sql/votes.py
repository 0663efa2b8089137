"""Which of a question's candidates wins, by their scores: a whole query, or two parts of a query."""

import json
from typing import Literal

import numpy as np

from tasks.learning.candidates import Frame
from tasks.nl2sql.query import from_json
from tasks.nl2sql.records import Query

Vote = Literal["query", "parts"]
NOBODY = -1


def query_of(candidate: str) -> Query:
    """The query that a candidate's key stands for."""
    return from_json(json.loads(candidate))


class Ballot:
    """The candidates of one frame with their parts; `winners` may then be asked for any scores."""

    def __init__(self, frame: Frame) -> None:
        self.frame, self._rows = frame, frame.rows
        self._parts: tuple[np.ndarray, np.ndarray] | None = None

    def query(self, place: int) -> Query:
        """The query of the candidate at this place of the frame."""
        return query_of(self.frame.keys[place])

    def winners(self, scores: np.ndarray, vote: Vote) -> np.ndarray:
        """(n, 2) int64: the place of the candidate whose selection wins, and of that whose conditions do.

        With `query` both are the candidate of the highest score; with `parts` each is the first one that has
        the part whose candidates together score highest. Of equals the first wins; without any, `NOBODY`.
        """
        if vote == "query":
            best = self._best(scores, self._rows)
            return np.stack([best, best], axis=1)
        return np.stack([self._best_part(scores, part) for part in self._parts_of_candidates()], axis=1)

    def _best(self, scores: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """(n,) int64: the first place of the highest score in each record; `rows` is (m,) and rises."""
        winners = np.full(len(self.frame.starts) - 1, NOBODY, np.int64)
        if len(rows):
            starts = np.flatnonzero(np.diff(rows, prepend=-1))
            highest = np.repeat(np.maximum.reduceat(scores, starts), np.diff(starts, append=len(rows)))
            places = np.flatnonzero(scores == highest)[::-1]
            winners[rows[places]] = places  # the last to be written is the first of its record
        return winners

    def _best_part(self, scores: np.ndarray, part: np.ndarray) -> np.ndarray:
        firsts = np.unique(part, return_index=True)[1]
        winners = self._best(np.bincount(part, scores), self._rows[firsts])
        return np.where(winners == NOBODY, NOBODY, firsts[winners] if len(firsts) else NOBODY)

    def _parts_of_candidates(self) -> tuple[np.ndarray, np.ndarray]:
        """(m,) int64 each: the number of a candidate's selection and of its conditions; equal parts of one
        record have equal numbers, and numbers rise with first occurrence.
        """
        if self._parts is None:
            selections, conditions = dict[object, int](), dict[object, int]()
            numbers = [
                (
                    selections.setdefault((row, query.select), len(selections)),
                    conditions.setdefault((row, query.connector, query.conditions), len(conditions)),
                )
                for row, query in zip(self._rows.tolist(), map(query_of, self.frame.keys), strict=True)
            ]
            both = np.array(numbers, np.int64).reshape(-1, 2)
            self._parts = both[:, 0], both[:, 1]
        return self._parts
