"""The score in a run's name."""

from typing import Any

import pytest

from flows.runtime.run_labels import name_with_score

SCORE = {"name": "accuracy", "value": 0.88034, "standard_error": 0.0162, "higher_is_better": True}


@pytest.mark.parametrize(
    ("result", "name"),
    [
        ({"score": SCORE}, "demo: accuracy 0.8803 ± 0.0162"),
        ({"score": {**SCORE, "standard_error": 0.0}}, "demo: accuracy 0.8803"),
        ({"score": None}, "demo"),
        ({}, "demo"),
        (None, "demo"),
        ([1], "demo"),
    ],
)
def test_a_run_that_has_a_score_shows_it(result: Any, name: str) -> None:
    assert name_with_score("demo", result) == name
