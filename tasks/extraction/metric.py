"""The competition's metric, F1 of triples, and the thresholds and rules that turn scores into triples."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from tasks.core.competition import Part, Score
from tasks.core.dataset import Dataset
from tasks.extraction import dataset
from tasks.extraction.answers import answered, thresholds
from tasks.extraction.records import Record, Triple, normal_form, triple_of
from tasks.extraction.scoring.triples import Counts, per_sentence, standard_error
from tasks.learning.ensemble.candidates import Candidates, Frame
from tasks.learning.ensemble.thresholds import best_threshold


def scorer(dataset: Dataset, part: Part = "train", settings: dict[str, Any] | None = None) -> "TripleScorer":
    """F1 of candidates or answers of one part's sentences, in the dataset's order.

    Args:
        settings: of `tasks.extraction.config.Answers`.

    Raises:
        ValueError: the part is the test part, which has no labels.
    """
    if part == "test":
        raise ValueError("expected a labelled part, received 'test'")
    return TripleScorer(dataset, part, settings or {})


class TripleScorer:
    """A `tasks.core.competition.Scorer` over `tasks.learning.ensemble.candidates.Candidates` of triples."""

    def __init__(self, folder: Dataset, part: Part, settings: dict[str, Any]) -> None:
        self._records = dataset.records(folder, part)
        self._alias, self._location = dataset.dictionaries(folder)
        self._settings = settings
        self._right = lru_cache(maxsize=4)(self._uncached_right)

    def __call__(
        self, values: Candidates, rows: np.ndarray | None = None, *, decision: dict[str, Any] | None = None
    ) -> Score:
        """F1 and its standard error; without a decision F1 at the best threshold, before rules, error 0."""
        chosen = np.arange(len(self._records)) if rows is None else rows
        if len(values) != len(chosen):
            raise ValueError(f"expected candidates of {len(chosen)} sentences, received {len(values)}")
        if decision is None:
            which = None if rows is None else tuple(rows.tolist())
            right, label_count = self._right(values.frame, which)
            return Score("F1", best_threshold(values.scores, right, label_count)[1], 0.0)
        texts = [self._records[row].text for row in chosen]
        counts = self.counts(answered(values, texts, decision), chosen)
        return Score("F1", Counts(*counts.sum(axis=0).tolist()).f1, standard_error(counts))

    def counts(self, answers: Sequence[Sequence[Triple]], rows: np.ndarray) -> np.ndarray:
        """(n, 4) int64, as `tasks.extraction.scoring.triples.per_sentence` counts."""
        records = [self._records[row] for row in rows]
        return per_sentence(
            [(record.text, record.triples) for record in records],
            [(record.text, list(triples)) for record, triples in zip(records, answers, strict=True)],
            alias=self._alias,
            location=self._location,
            mode=self._settings.get("mode", "official"),
        )

    def decide(self, values: Candidates) -> dict[str, Any]:
        """The rules of the settings, and their threshold, else those with the best F1 on these values."""
        rules = list(self._settings.get("rules", ()))
        if threshold := self._settings.get("threshold", 0.0):
            return {"threshold": threshold, "by_predicate": {}, "rules": rules}
        right, label_count = self._right(values.frame, None)
        by_predicate = self._settings.get("by_predicate", False)
        chosen = thresholds(values, right, label_count, self._records, by_predicate=by_predicate)
        return {**chosen, "rules": rules}

    def targets(self, values: Candidates) -> np.ndarray:
        """(m,) bool: whether each candidate is labelled."""
        return self._right(values.frame, None)[0]

    def _uncached_right(self, frame: Frame, rows: tuple[int, ...] | None) -> tuple[np.ndarray, int]:
        records = self._records if rows is None else [self._records[row] for row in rows]
        return match_labels(Candidates(frame, np.zeros(len(frame.keys))), records)


def match_labels(values: Candidates, records: Sequence[Record]) -> tuple[np.ndarray, int]:
    """(m,) bool, whether each candidate is labelled, aliases aside; and the number of labels.

    Of candidates of one sentence that the scorer takes for the same only the first can be right.
    """
    unmatched = [{normal_form(triple) for triple in record.triples} for record in records]
    label_count = sum(map(len, unmatched))
    right = np.zeros(len(values.frame.keys), bool)
    for place, (row, candidate) in enumerate(zip(values.frame.rows.tolist(), values.frame.keys, strict=True)):
        form = normal_form(triple_of(candidate))
        if form in unmatched[row]:
            right[place] = True
            unmatched[row].remove(form)
    return right, label_count
