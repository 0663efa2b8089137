"""The blend of some of its members."""

from typing import Any

import numpy as np
import pytest

from flows.offline.member_choice import by_weight, chosen

SUMMARY: dict[str, Any] = {
    "weights": {"light": 0.2, "none": 0.0, "heavy": 0.5, "middle": 0.3},
    "stack": None,
    "decision": {"threshold": 0.5},
    "members_decision": {
        "light": {"threshold": 0.1},
        "heavy": {"threshold": 0.2},
        "middle": {"threshold": 0.3},
    },
}
STACK = {"weights": [1.0, 2.0, 3.0, 4.0], "bias": 0.0}


def test_members_without_a_weight_are_left_out() -> None:
    assert by_weight(SUMMARY) == ["heavy", "middle", "light"]


def test_all_members_are_combined_as_in_the_submission() -> None:
    combination, decision = chosen(SUMMARY, ["light", "middle", "heavy"])
    assert combination.weights == SUMMARY["weights"]
    assert decision == {"threshold": 0.5}


def test_weights_of_some_keep_their_ratios() -> None:
    combination, decision = chosen(SUMMARY, ["heavy", "middle"])
    assert combination.weights == pytest.approx({"light": 0, "none": 0, "heavy": 0.625, "middle": 0.375})
    values = combination.combine({"heavy": np.ones((1, 1)), "middle": np.zeros((1, 1))})
    assert values == pytest.approx(0.625)
    assert decision == {"threshold": 0.5}


def test_one_alone_decides_as_it_does_out_of_fold() -> None:
    combination, decision = chosen(SUMMARY, ["light"])
    assert combination.needed() == ["light"]
    assert decision == {"threshold": 0.1}


def test_a_stack_without_some_is_its_heaviest_member() -> None:
    combination, decision = chosen({**SUMMARY, "stack": STACK}, ["heavy", "middle"])
    assert combination.stack is None
    assert combination.needed() == ["heavy"]
    assert decision == {"threshold": 0.2}
