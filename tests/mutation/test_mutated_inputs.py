"""Mutated inputs are refused clearly or accepted rightly, and nothing else.

`python -m tests.mutation --seed 1 --inputs 8000` tries more by hand and prints a table.
"""

import multiprocessing
from random import Random

import pytest

from tests.mutation import trial
from tests.mutation.__main__ import described, table, tasks
from tests.mutation.inputs import Input, Place
from tests.mutation.kinds.all_kinds import KINDS
from tests.mutation.pool import outcomes
from tests.mutation.trial import RIGHT, Class, tried

WORKERS = max(1, min(2, multiprocessing.cpu_count()))


def none_is_wrong(inputs: int, seed: int) -> None:
    found = list(outcomes(tasks(inputs, seed), workers=WORKERS))
    wrong = [described(each) for each in found if each.found not in RIGHT]
    assert not wrong, "\n".join([*wrong, table(found)])
    assert {each.found for each in found} == set(RIGHT)


def test_some_hundred_inputs() -> None:
    none_is_wrong(300, seed=15)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_thousands_of_inputs(seed: int) -> None:
    none_is_wrong(2000, seed=seed)


def test_equal_seeds_make_equal_inputs(tmp_path) -> None:
    places = [Place(tmp_path / "one"), Place(tmp_path / "other")]
    for kind, make in KINDS.items():
        if kind != "pictures: huge":
            names = []
            for place in places:
                place.clear()
                names.append(make(place, Random(f"3:{kind}:0")).name)
            assert names[0] == names[1]


def refusing(code: int, text: str) -> None:
    import sys

    print(text, file=sys.stderr)
    raise SystemExit(code)


ACTS = {
    "refused": ("refused", lambda: refusing(2, "podium: expected a, received b")),
    "accepted": ("either", lambda: None),
    "wrongly refused": ("accepted", lambda: refusing(2, "podium: expected a, received b")),
    "wrongly accepted": ("refused", lambda: None),
    "unclear": ("refused", lambda: refusing(2, "")),
    "traceback": ("refused", lambda: [][0]),
    "memory": ("accepted", lambda: b"x" * 200_000_000),
}


@pytest.mark.parametrize("found", ACTS)
def test_classes(found: Class, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(trial, "MOST_GROWTH_BYTES", 100_000_000)
    expected, act = ACTS[found]
    made = Input("", expected, act)
    assert tried("kind", 0, lambda place, random: made, Place(tmp_path / "a"), 0).found == found
