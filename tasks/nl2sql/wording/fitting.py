"""Fit regressions on the wording of labelled questions (`tasks.nl2sql.wording.model`).

How strongly weights are regularised is chosen by cross-validation, with all questions about a table in one
fold.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from tasks.learning.threads import one_thread
from tasks.nl2sql.query.schema import Query, Question, Table
from tasks.nl2sql.wording.masking import masked
from tasks.nl2sql.wording.model import Classifier, WordingModel, runs_of, selection_class

LEAST_QUESTIONS = 2
"""Questions in which a run of characters must stand to count."""
MOST_RUNS = 30_000
"""The most frequent ones count."""
STRENGTHS = (0.1, 1.0, 10.0)
"""Inverse strengths of the regularisation that are tried."""
FOLDS = 3
"""Of the cross-validation."""


def fit(questions: Iterable[Question], tables: Mapping[str, Table]) -> WordingModel:
    """Fit the regressions on labelled questions."""
    asked = [(question, _labelled(question)) for question in questions]
    texts = [masked(question.text, tables[question.table]) for question, _ in asked]
    found = [runs_of(text) for text in texts]
    runs = _frequent(found)
    of_tables = [question.table for question, _ in asked]
    selected = [selection_class(aggregate for _, aggregate in query.select) for _, query in asked]
    joined = [row for row, (_, query) in enumerate(asked) if len(query.conditions) > 1]
    connectors = [str(asked[row][1].connector) for row in joined]
    return WordingModel(
        runs,
        _fitted(found, runs, selected, of_tables),
        _fitted([found[row] for row in joined], runs, connectors, [of_tables[row] for row in joined]),
    )


def _labelled(question: Question) -> Query:
    assert question.query is not None
    return question.query


def _frequent(found: Sequence[set[str]]) -> dict[str, int]:
    counts = Counter(run for runs in found for run in runs)
    several = [run for run, count in counts.items() if count >= LEAST_QUESTIONS]
    frequent = sorted(several, key=lambda run: (-counts[run], run))[:MOST_RUNS]
    return {run: place for place, run in enumerate(sorted(frequent))}


def _fitted(
    found: Sequence[set[str]], runs: Mapping[str, int], labels: Sequence[str], groups: Sequence[str]
) -> Classifier:
    from sklearn.linear_model import LogisticRegression

    classes, labelled = np.unique(labels, return_counts=True)
    weights = np.zeros((len(classes), len(runs) + 1), np.float32)
    if len(classes) > 1 and runs:  # else there is nothing to tell, or nothing to tell it by
        present, known = _matrix(found, runs), np.asarray(labels)
        with one_thread():
            strength = _best_strength(present, known, groups)
            model = LogisticRegression(C=strength, max_iter=1000).fit(present, known)
        fitted = weights[1:] if len(classes) == 2 else weights  # of two classes the second has the weights
        fitted[:, :-1], fitted[:, -1] = model.coef_, model.intercept_
    return Classifier(classes.tolist(), labelled.astype(np.float64), weights)


def _matrix(found: Sequence[set[str]], runs: Mapping[str, int]) -> Any:
    """(n, g) sparse: 1 where a question has a run."""
    from scipy.sparse import csr_array

    columns = [sorted(runs[run] for run in each if run in runs) for each in found]
    ends = np.cumsum([0, *map(len, columns)])
    places = np.array([place for each in columns for place in each], np.int32)
    return csr_array((np.ones(len(places)), places, ends), shape=(len(found), len(runs)))


def _best_strength(present: Any, labels: np.ndarray, groups: Sequence[str]) -> float:
    """The inverse strength of the regularisation with the least cross entropy on tables left out."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GroupKFold

    if len(set(groups)) < FOLDS:
        return STRENGTHS[0]
    losses = dict.fromkeys(STRENGTHS, 0.0)
    for train, left_out in GroupKFold(FOLDS).split(present, labels, groups):
        if len(set(labels[train])) < 2:
            continue
        for strength in STRENGTHS:
            model = LogisticRegression(C=strength, max_iter=1000).fit(present[train], labels[train])
            losses[strength] += _cross_entropy(model, present[left_out], labels[left_out])
    return min(losses, key=lambda strength: (losses[strength], strength))


def _cross_entropy(model: Any, present: Any, labels: np.ndarray) -> float:
    """Summed over the questions whose class the model knows."""
    place = {name: column for column, name in enumerate(model.classes_)}
    shares = model.predict_log_proba(present)
    return -float(sum(shares[row, place[label]] for row, label in enumerate(labels) if label in place))
