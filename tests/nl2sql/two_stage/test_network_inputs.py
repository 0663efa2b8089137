import numpy as np
import pytest

from tasks.nl2sql.query.schema import AND, EQUAL, GREATER, LESS, Condition, Query
from tasks.nl2sql.two_stage.candidates import CandidateKind, ConditionCandidate
from tasks.nl2sql.two_stage.inputs import candidate_array as table
from tasks.nl2sql.two_stage.inputs import choose_candidates, operators_of, padded_operators

CELL, _, _, _, NEW, CONVERTED, ONLY, _ = CandidateKind
OWN = [
    ConditionCandidate(0, "临江", CELL, 0, 2),
    ConditionCandidate(1, "2620.04", NEW, 5, 12),
    ConditionCandidate(1, "2620.040", CONVERTED, 5, 12),
    ConditionCandidate(2, "2021", ONLY),
]


def query(*conditions):
    return Query(((0, 0),), AND if len(conditions) > 1 else 0, tuple(Condition(*each) for each in conditions))


CASES = [
    ("as labelled", [(0, EQUAL, "临江"), (1, GREATER, "2620.04")], [2, 0, 4, 4]),
    ("the same number", [(1, LESS, "2620.0400")], [4, 1, 1, 4]),
    ("another column", [(2, EQUAL, "临江")], [4, 4, 4, 4]),
    ("the same but for width", [(2, EQUAL, "２０２１")], [4, 4, 4, 2]),
    ("no condition", [], [4, 4, 4, 4]),
]


@pytest.mark.parametrize(("conditions", "expected"), [case[1:] for case in CASES], ids=[c[0] for c in CASES])
def test_operators_of_candidates(conditions, expected):
    assert operators_of(OWN, query(*conditions)).tolist() == expected


def test_wrong_candidates_are_drawn_and_right_ones_are_always_there():
    targets = np.full(40, 4)
    targets[[3, 30]] = 2
    generators = (np.random.default_rng(seed) for seed in (0, 0, 1))
    drawn = [choose_candidates(targets, negatives=5, generator=each).tolist() for each in generators]
    assert drawn[0] == drawn[1] != drawn[2]
    assert all(len(each) == 12 and {3, 30} <= set(each) and each == sorted(each) for each in drawn)


@pytest.mark.parametrize(("right", "wrong", "expected"), [(0, 30, 5), (1, 3, 4), (0, 0, 0), (3, 30, 18)])
def test_how_many_candidates_are_learned_from(right, wrong, expected):
    targets = np.array([0] * right + [4] * wrong)
    assert len(choose_candidates(targets, negatives=5, generator=np.random.default_rng(0))) == expected


def test_arrays_are_padded_alike():
    batch = [OWN, OWN[:1], []]
    found = table(batch, longest=10)
    assert found.shape == (3, 8, 4)
    assert found[0, 0].tolist() == [0, CELL, 1, 3]
    assert found[0, 1].tolist() == [1, NEW, 0, 0], "a value beyond what is read has no place"
    assert found[0, 3].tolist() == [2, ONLY, 0, 0]
    assert not found[0, 4:].any()
    assert not found[2].any()
    targets = padded_operators([np.array([2, 4, 4, 4]), np.array([4]), np.array([], int)])
    assert targets.shape == found.shape[:2]
    assert (targets >= 0).sum(axis=1).tolist() == [4, 1, 0]
