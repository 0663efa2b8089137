import random

import pytest

from tasks.nl2sql.linking.edit_distance import closest_substring, edit_distance


def slow_distance(one: str, other: str) -> int:
    row = list(range(len(other) + 1))
    for place, character in enumerate(one, start=1):
        new = [place]
        for column, each in enumerate(other, start=1):
            new.append(min(row[column] + 1, new[-1] + 1, row[column - 1] + (character != each)))
        row = new
    return row[-1]


def word(random: random.Random, longest: int) -> str:
    return "".join(random.choice("甲乙丙") for _ in range(random.randint(0, longest)))


def test_the_distance_is_that_of_the_textbook():
    source = random.Random(0)
    for _ in range(500):
        one, other = word(source, 9), word(source, 9)
        assert edit_distance(one, other) == slow_distance(one, other)


def test_the_closest_part_is_the_best_of_all_parts():
    source = random.Random(1)
    for _ in range(200):
        pattern, text = word(source, 5) + "甲", word(source, 8)
        parts = [text[start:end] for start in range(len(text) + 1) for end in range(start, len(text) + 1)]
        best = min(slow_distance(pattern, part) for part in parts)
        found = closest_substring(pattern, text)
        assert (found[2] if found else len(pattern)) == best
        assert found is None or slow_distance(pattern, text[found[0] : found[1]]) == best


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("远帆科技", "请问远帆科学的利润", (2, 6, 1)),
        ("远帆科技", "请问远帆科技的利润", (2, 6, 0)),
        ("远帆", "青石", None),
        ("", "青石", None),
        ("远帆", "", None),
    ],
)
def test_of_equally_near_parts_one_as_long_as_the_pattern_is_taken(pattern, text, expected):
    assert closest_substring(pattern, text) == expected
