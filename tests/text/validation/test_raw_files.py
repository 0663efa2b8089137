from collections import Counter

import pytest

from tasks.text.validation.raw_files import FirstEntries, Notes, quantile


def test_kinds_come_in_the_order_of_their_messages_with_the_first_examples() -> None:
    notes = Notes({"long": "long texts", "none": "never seen", "odd": "odd ones"})
    notes.add("odd", "x:1")
    for number in range(1200):
        notes.add("long", f"a:{number}")
    assert notes.listed() == [
        {
            "kind": "long",
            "message": "long texts: 1,200",
            "count": 1200,
            "examples": [f"a:{number}" for number in range(5)],
        },
        {"kind": "odd", "message": "odd ones: 1", "count": 1, "examples": ["x:1"]},
    ]


def test_examples_are_short_and_escape_control_characters() -> None:
    notes = Notes({"odd": "odd ones"})
    notes.add("odd", "\x1b[31m" + "x" * 500)
    (example,) = notes.listed()[0]["examples"]
    assert example.startswith("\\x1b[31m")
    assert len(example) < 140


@pytest.mark.parametrize(("share", "value"), [(0.5, 2), (0.75, 2), (0.76, 9), (1.0, 9)])
def test_quantiles(share: float, value: int) -> None:
    assert quantile(Counter({2: 3, 9: 1}), share) == value
    assert quantile(Counter(), share) == 0


def test_first_entries_are_those_of_the_part_and_of_the_parts_before_it() -> None:
    entries: FirstEntries[str] = FirstEntries()
    assert entries.add("train", "key", "train:1") == ("train:1", None)
    assert entries.add("train", "key", "train:2") == ("train:1", None)
    assert entries.add("validation", "other", "validation:1") == ("validation:1", None)
    assert entries.add("test", "key", "test:1") == ("test:1", "train:1")
    assert entries.add("test", "other", "test:2") == ("test:2", "validation:1")
