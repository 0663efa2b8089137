"""The competition's metric, the mean of logic form and execution accuracy, and how members vote."""

from functools import lru_cache
from typing import Any

import numpy as np

from tasks.core.competition import Part, Score
from tasks.core.dataset import Dataset
from tasks.learning.ensemble.candidates import Candidates, Frame
from tasks.nl2sql import dataset
from tasks.nl2sql.query.execution import Executor
from tasks.nl2sql.query.schema import Question, Table
from tasks.nl2sql.query.scoring import LabelComparison, mean_and_error
from tasks.nl2sql.voting import Ballot, Vote, in_question_order, query_of, winning_query

NAME = "mean of logic form and execution"


def scorer(dataset: Dataset, part: Part = "train", settings: dict[str, Any] | None = None) -> "QueryScorer":
    """Accuracy of candidates or answers of one part's questions, in the dataset's order.

    Args:
        settings: of `tasks.nl2sql.config.Answers`.

    Raises:
        ValueError: the test part, whose queries are not known.
    """
    if part == "test":
        raise ValueError("expected a labelled part, received 'test'")
    return QueryScorer(dataset, part, settings or {})


class QueryScorer:
    """A `tasks.core.competition.Scorer` over `tasks.learning.ensemble.candidates.Candidates` of queries."""

    def __init__(self, folder: Dataset, part: Part, settings: dict[str, Any]) -> None:
        self._questions = dataset.questions(folder, part)
        self._tables = dataset.tables(folder, part)
        self._executor = Executor(dataset.database(folder, part), self._tables)
        self._settings = settings
        self._mode = settings.get("mode", "strict")
        self._label = lru_cache(maxsize=len(self._questions))(self._uncached_label)
        self._winners = lru_cache(maxsize=4)(self._uncached_winners)

    def __call__(
        self, values: Candidates, rows: np.ndarray | None = None, *, decision: dict[str, Any] | None = None
    ) -> Score:
        """Mean ± its standard error; without a decision, votes are on whole queries."""
        chosen = np.arange(len(self._questions)) if rows is None else rows
        if len(values) != len(chosen):
            raise ValueError(f"expected candidates of {len(chosen)} questions, received {len(values)}")
        winners = self._winners(values.frame, None if rows is None else tuple(rows.tolist()))
        right = winners.correct(values.scores, decision["vote"] if decision else "query")
        return Score(NAME, *mean_and_error(right.mean(axis=1)))

    def decide(self, values: Candidates) -> dict[str, Any]:
        """Whether members vote on whole queries or on parts, as the settings say; with `chosen`, by the
        better score on these values, and on whole queries if both score the same.
        """
        vote = self._settings.get("vote", "chosen")
        if vote == "chosen":
            whole, parts = (self(values, decision={"vote": each}).value for each in ("query", "parts"))
            vote = "parts" if parts > whole else "query"
        return {"vote": vote, "mode": self._mode}

    def targets(self, values: Candidates) -> np.ndarray:
        """(m,) bool: whether the logic form of each candidate is right."""
        rows = values.frame.rows.tolist()
        queries = map(query_of, values.frame.keys)
        right = [
            self._label(row).correct(in_question_order(query, self._questions[row].text))[0]
            for row, query in zip(rows, queries, strict=True)
        ]
        return np.array(right, bool)

    def _uncached_label(self, row: int) -> LabelComparison:
        question = self._questions[row]
        assert question.query is not None, "a labelled part has a query for each question"
        table = self._tables[question.table]
        return LabelComparison(question.query, table, self._executor, mode=self._mode, given=question.given)

    def _uncached_winners(self, frame: Frame, rows: tuple[int, ...] | None) -> "_Winners":
        chosen = range(len(self._questions)) if rows is None else rows
        questions = [self._questions[row] for row in chosen]
        return _Winners(frame, questions, self._tables, [self._label(row) for row in chosen])


class _Winners:
    """Correctness of the winners of one frame, cached: the same queries win under many scores."""

    def __init__(
        self, frame: Frame, questions: list[Question], tables: dict[str, Table], labels: list[LabelComparison]
    ) -> None:
        self._ballot, self._questions, self._tables, self._labels = Ballot(frame), questions, tables, labels
        self._cache: dict[tuple[int, int, int], tuple[bool, bool]] = {}

    def correct(self, scores: np.ndarray, vote: Vote) -> np.ndarray:
        """(n, 2) bool: whether the logic form of each winner is right, and its result."""
        winners = self._ballot.winners(scores, vote)
        keys = enumerate(winners.tolist())
        return np.array([self._correct(row, *pair) for row, pair in keys], bool).reshape(-1, 2)

    def _correct(self, row: int, selection: int, conditions: int) -> tuple[bool, bool]:
        key = (row, selection, conditions)
        if key not in self._cache:
            question = self._questions[row]
            query = winning_query(self._ballot, selection, conditions, question, self._tables[question.table])
            self._cache[key] = self._labels[row].correct(query)
        return self._cache[key]
