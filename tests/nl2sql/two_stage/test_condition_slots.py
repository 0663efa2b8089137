import numpy as np
import pytest

from tasks.nl2sql.decoding.beam import combinations
from tasks.nl2sql.query.schema import EQUAL, GREATER, LESS, Condition
from tasks.nl2sql.two_stage.candidates import CandidateKind, ConditionCandidate
from tasks.nl2sql.two_stage.condition_slots import condition_slots

CELL, NEW, ONLY = CandidateKind.CELL, CandidateKind.NEW_NUMBER, CandidateKind.ONLY
TOWN = ConditionCandidate(0, "临江", CELL, 0, 2)
FIRM = ConditionCandidate(1, "临江公司", CELL, 0, 4)
HIGH, HIGH_TOO = (
    ConditionCandidate(2, "5", NEW, 6, 7),
    ConditionCandidate(3, "5", NEW, 6, 7),
)
YEAR, OTHER_YEAR = (
    ConditionCandidate(4, "2021", ONLY),
    ConditionCandidate(5, "2020", ONLY),
)


def scored(*rows):
    """(k, 4) of as many rows as {operator: probability}."""
    found = np.zeros((len(rows), 4), np.float32)
    for place, row in enumerate(rows):
        for operator, probability in row.items():
            found[place, operator] = probability
    return found


def taken(candidates, probabilities, *, accept=0.5):
    """The most probable set of conditions."""
    ((_, conditions),) = combinations(condition_slots(candidates, probabilities, accept=accept), most=1)
    return set(conditions)


def test_probabilities_of_a_slot_sum_to_one():
    own = condition_slots(
        [TOWN, FIRM, HIGH], scored({EQUAL: 0.7}, {EQUAL: 0.4}, {GREATER: 0.6, LESS: 0.3}), accept=0.5
    )
    assert [sum(probability for probability, _ in slot) for slot in own] == pytest.approx([1, 1])
    assert all(slot[-1][1] is None for slot in own)


CASES = [
    ("nothing likely", [TOWN], [{EQUAL: 0.2}], set()),
    ("one condition", [TOWN], [{EQUAL: 0.8}], {(0, EQUAL, "临江")}),
    ("of two values that share characters the likelier", [TOWN, FIRM], [{EQUAL: 0.7}, {EQUAL: 0.9}],
     {(1, EQUAL, "临江公司")}),
    ("of two operators the likelier", [HIGH], [{GREATER: 0.5, LESS: 0.45}], {(2, GREATER, "5")}),
    ("one value said of two columns", [HIGH, HIGH_TOO], [{GREATER: 0.9}, {GREATER: 0.8}],
     {(2, GREATER, "5"), (3, GREATER, "5")}),
    ("one value of one column or less probably the other", [HIGH, HIGH_TOO], [{GREATER: 0.9}, {GREATER: 0.4}],
     {(2, GREATER, "5")}),
    ("values that stand nowhere", [YEAR, OTHER_YEAR], [{EQUAL: 0.8}, {EQUAL: 0.7}],
     {(4, EQUAL, "2021"), (5, EQUAL, "2020")}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("candidates", "rows", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_which_conditions_are_taken(candidates, rows, expected):
    assert taken(candidates, scored(*rows)) == {Condition(*each) for each in expected}


@pytest.mark.parametrize(("accept", "count"), [(0.5, 1), (0.89, 1), (0.91, 0), (0.995, 0)])
def test_acceptance_decides_from_where_a_condition_is_taken(accept, count):
    assert len(taken([TOWN], scored({EQUAL: 0.9}), accept=accept)) == count


def test_a_question_has_a_few_slots_whatever_is_scored():
    many = [ConditionCandidate(column, "1", ONLY) for column in range(500)]
    assert len(condition_slots(many, np.full((500, 4), 0.2, np.float32), accept=0.5)) == 8
    assert condition_slots([], np.zeros((0, 4), np.float32), accept=0.5) == []
