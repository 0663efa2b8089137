"""Estimators of scikit-learn in files: what comes back predicts the same, and nothing else can be made."""

import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tasks.core.errors import UserError
from tasks.learning.estimators import class_names, reading, writing
from tasks.learning.estimators.fit import seeded

ROWS = np.random.default_rng(0).normal(size=(60, 4))
CLASSES = (ROWS[:, 0] > 0).astype(np.int64) + (ROWS[:, 1] > 0.5)


def linear() -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), LogisticRegression())


def boosting() -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(max_iter=3)


def older_boosting() -> Any:
    from sklearn.ensemble import GradientBoostingClassifier

    return GradientBoostingClassifier(n_estimators=2)


def forest() -> Any:
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(3)


def network() -> Any:
    from sklearn.neural_network import MLPClassifier

    return MLPClassifier((3,), max_iter=3)


def neighbours() -> Any:
    from sklearn.neighbors import KNeighborsClassifier

    return KNeighborsClassifier()


def vote() -> Any:
    from sklearn.ensemble import VotingClassifier
    from sklearn.naive_bayes import GaussianNB

    return VotingClassifier([("bayes", GaussianNB()), ("linear", linear())], voting="soft")


def logarithms() -> Any:
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer

    return make_pipeline(FunctionTransformer(np.exp), linear())


ESTIMATORS = (linear, boosting, older_boosting, forest, network, neighbours, vote, logarithms)


def fitted(make: Callable[[], Any], rows: Any = ROWS) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return seeded(make(), 3).fit(rows, CLASSES)


@pytest.mark.parametrize("make", ESTIMATORS, ids=lambda make: make.__name__)
def test_an_estimator_comes_back_and_equal_ones_have_equal_bytes(
    make: Callable[[], Any], tmp_path: Path
) -> None:
    files = []
    for name in ("first", "second"):
        (folder := tmp_path / name).mkdir()
        estimator = fitted(make)
        writing.save(estimator, folder)
        found = reading.load(folder)
        assert type(found) is type(estimator)
        np.testing.assert_array_equal(found.predict_proba(ROWS), estimator.predict_proba(ROWS))
        files.append({file.name: file.read_bytes() for file in folder.iterdir()})
    assert files[0] == files[1]


def test_an_estimator_of_texts_comes_back(tmp_path: Path) -> None:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    texts = np.array([f"word{value} after «{value * 2}»" for value in CLASSES], object)
    estimator = fitted(
        lambda: make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), LogisticRegression()), texts
    )
    writing.save(estimator, tmp_path)
    found = reading.load(tmp_path)
    np.testing.assert_array_equal(found.predict_proba(texts), estimator.predict_proba(texts))


def test_seeds_are_set_where_there_are_none() -> None:
    from sklearn.ensemble import RandomForestClassifier

    assert seeded(RandomForestClassifier(random_state=5), 3).random_state == 5
    first, again, other = (seeded(forest(), seed).random_state for seed in (3, 3, 4))
    assert first == again != other


class Foreign:
    """An object that does not belong to scikit-learn."""


FOREIGN = {
    "an object": Foreign(),
    "a builtin": print,
    "a lambda": lambda rows: rows,
    "a path": Path("x"),
    "bytes": b"bytes",
}


@pytest.mark.parametrize("value", FOREIGN.values(), ids=FOREIGN)
def test_what_is_not_of_scikit_learn_is_not_stored(value: Any, tmp_path: Path) -> None:
    from sklearn.preprocessing import FunctionTransformer

    with pytest.raises(class_names.CannotBeStored, match="give EstimatorTraining a `save` of your own"):
        writing.save(FunctionTransformer(value), tmp_path)


def test_an_object_inside_itself_is_refused(tmp_path: Path) -> None:
    from sklearn.preprocessing import FunctionTransformer

    inside: list[Any] = []
    inside.append(inside)
    with pytest.raises(UserError, match="is one in itself"):
        writing.save(FunctionTransformer(kw_args={"inside": inside}), tmp_path)


@pytest.mark.parametrize(
    "name",
    ["os:system", "builtins:eval", "sklearn.utils:os", "sklearn.base:clone", "numpy:load", "subprocess:Popen",
     "sklearn.externals.array_api_compat:os.system", "sklearn.datasets:fetch_openml"],
)  # fmt: skip
def test_a_file_makes_nothing_but_classes_of_scikit_learn(name: str, tmp_path: Path) -> None:
    np.savez(tmp_path / writing.ARRAYS)
    for described in ({"name": name}, {"called": name, "arguments": ["true"], "state": None}):
        (tmp_path / writing.DESCRIPTION).write_text(json.dumps(described))
        with pytest.raises(ValueError, match="expected a class of scikit-learn"):
            reading.load(tmp_path)
