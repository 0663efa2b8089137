import math

import pytest

from tasks.extraction.labelling.coverage import CHANCE, FileLabels, unlabelled_predicates

COMMON = {"作者": 600, "出版社": 300}


def test_what_is_frequent_elsewhere_and_never_labelled_is_unlabelled() -> None:
    files = {"train": FileLabels(1000, COMMON), "extra": FileLabels(500, {"作者": 10})}
    assert unlabelled_predicates(files) == {"extra": {"出版社": 150.0}}


def test_one_label_shows_that_a_file_labels_the_predicate() -> None:
    files = {"train": FileLabels(1000, COMMON), "extra": FileLabels(500, {"作者": 10, "出版社": 1})}
    assert unlabelled_predicates(files) == {}


@pytest.mark.parametrize("files", [{}, {"train": FileLabels(1000, COMMON)}])
def test_nothing_is_known_of_one_file(files) -> None:
    assert unlabelled_predicates(files) == {}


def test_any_file_may_lack_predicates_and_the_rest_is_counted_together() -> None:
    files = {
        "train": FileLabels(200, {"作者": 100}),
        "second": FileLabels(100, {"出版社": 90}),
        "third": FileLabels(100, {"出版社": 30, "作者": 20}),
    }
    found = unlabelled_predicates(files)
    assert found == {"train": {"出版社": 120.0}, "second": {"作者": 40.0}}


def test_what_may_be_missing_by_chance_is_labelled() -> None:
    enough = math.ceil(-math.log(CHANCE))
    for labels, is_unlabelled in ((enough - 1, False), (enough, True)):
        files = {"train": FileLabels(100, {"号": labels}), "extra": FileLabels(100, {})}
        assert bool(unlabelled_predicates(files)) == is_unlabelled


def test_a_small_file_says_nothing() -> None:
    assert unlabelled_predicates({"train": FileLabels(5000, COMMON), "extra": FileLabels(10, {})}) == {}
