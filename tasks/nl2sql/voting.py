"""From scored candidates to one answer a question: by votes on whole queries, or on their two parts."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np

from tasks.learning.ensemble.candidates import Candidates, Frame
from tasks.nl2sql.query.schema import EQUAL, NONE, Condition, Query, Question, Table, from_json

Vote = Literal["query", "parts"]
NO_WINNER = -1


def answer_queries(
    values: Candidates, questions: Sequence[Question], tables: Mapping[str, Table], decision: dict[str, Any]
) -> list[Query]:
    """The query of each question by a decision, whose `vote` is "query" or "parts"."""
    ballot = Ballot(values.frame)
    winners = ballot.winners(values.scores, decision["vote"])
    triples = zip(*winners.T.tolist(), questions, strict=True)
    return [
        winning_query(ballot, selection, conditions, question, tables[question.table])
        for selection, conditions, question in triples
    ]


def query_of(candidate: str) -> Query:
    """The query that a candidate's key stands for."""
    return from_json(json.loads(candidate))


class Ballot:
    """The candidates of one frame with their parts; `winners` may then be computed for any scores."""

    def __init__(self, frame: Frame) -> None:
        self.frame, self._rows = frame, frame.rows
        self._parts: tuple[np.ndarray, np.ndarray] | None = None

    def query(self, place: int) -> Query:
        """The query of the candidate at this place of the frame."""
        return query_of(self.frame.keys[place])

    def winners(self, scores: np.ndarray, vote: Vote) -> np.ndarray:
        """(n, 2) int64: the place of the candidate whose selection wins, and of that whose conditions do.

        With `query` both are the candidate of the highest score; with `parts` each is the first one that has
        the part whose candidates together score highest. Of equals the first wins; without candidates
        `NO_WINNER`.
        """
        if vote == "query":
            best = self._best(scores, self._rows)
            return np.stack([best, best], axis=1)
        return np.stack([self._best_part(scores, part) for part in self._parts_of_candidates()], axis=1)

    def _best(self, scores: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """(n,) int64: the first place of the highest score in each record; `rows` is (m,) and rises."""
        winners = np.full(len(self.frame.starts) - 1, NO_WINNER, np.int64)
        if len(rows):
            starts = np.flatnonzero(np.diff(rows, prepend=-1))
            highest = np.repeat(np.maximum.reduceat(scores, starts), np.diff(starts, append=len(rows)))
            places = np.flatnonzero(scores == highest)[::-1]
            winners[rows[places]] = places  # the last to be written is the first of its record
        return winners

    def _best_part(self, scores: np.ndarray, part: np.ndarray) -> np.ndarray:
        firsts = np.unique(part, return_index=True)[1]
        winners = self._best(np.bincount(part, scores), self._rows[firsts])
        return np.where(winners == NO_WINNER, NO_WINNER, firsts[winners] if len(firsts) else NO_WINNER)

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


def winning_query(ballot: Ballot, selection: int, conditions: int, question: Question, table: Table) -> Query:
    """The query of the winning parts (`Ballot.winners`); the fallback where there was no candidate."""
    if selection == NO_WINNER:
        return fallback_query(table)
    other = ballot.query(conditions)
    select = other.select if conditions == selection else ballot.query(selection).select
    return in_question_order(Query(select, other.connector, other.conditions), question.text)


def in_question_order(query: Query, text: str) -> Query:
    """The query with its conditions by column, those on one column in the order of their values in the
    question.

    Most labels have this order: all but five of 2,814 in the training part of ESQL and RETQA, all but 2 to
    4 % in TableQA. The published scorer counts the last one alone.
    """

    def place(condition: Condition) -> tuple[int, int]:
        found = text.find(condition.value)
        return condition.column, found if found >= 0 else len(text)

    return query._replace(conditions=tuple(sorted(query.conditions, key=place)))


def fallback_query(table: Table) -> Query:
    """A query of the most frequent form: the last column where the first text column has its first cell."""
    column = table.types.index("text") if "text" in table.types else 0
    cell = table.rows[0][column] if table.rows else None
    conditions = () if cell is None else (Condition(column, EQUAL, str(cell)),)
    return Query(((len(table.types) - 1, NONE),), NONE, conditions)
