from typing import Any

import numpy as np
import pytest

from tasks.core.report.markdown import markdown
from tasks.core.report.page import Pictures, TableBlock, Text, jpeg, render
from tasks.learning.report.comparison_section import agreement, comparison

UNLIKE = [{"row": 7, "id": "q7", "probability": 0.875}, {"row": 2, "id": "q2", "probability": 0.75}]
PHOTOS = [jpeg(np.full((8, 8, 3), shade, np.uint8), side_pixels=8) for shade in (10, 200)]


def compared(auc: float | None, error: float | None = 0.01, **changes: Any) -> dict[str, Any]:
    both = {"train": 5000, "test": 1200}
    return {"auc": auc, "standard_error": error, "compared": both, "most_unlike": UNLIKE, **changes}


def text(*arguments: Any) -> str:
    section = comparison(*arguments)
    assert section.title == "Training and test"
    return " ".join(block.text for block in section.blocks if isinstance(block, Text))


def test_the_auc_stands_with_its_error_and_what_was_compared() -> None:
    said = text(compared(0.5123, 0.0087), ["one", "two"])
    assert "0.512 ± 0.009" in said
    assert "1,200 test records from 5,000 training records" in said


@pytest.mark.parametrize(
    ("auc", "error", "expected"),
    [
        (0.5, 0.01, "No difference was found"),
        (0.515, 0.01, "No difference was found"),
        (0.4, 0.01, "No difference was found"),
        (0.53, 0.01, "somewhat unlike"),
        (0.75, 0.01, "somewhat unlike"),
        (0.751, 0.01, "Warning: test records look unlike"),
        (1.0, 0.0, "Warning: test records look unlike"),
        (0.5, 0.0, "No difference was found"),
    ],
)
def test_a_sentence_says_what_it_means(auc: float, error: float, expected: str) -> None:
    said = text(compared(auc, error), ["one", "two"])
    meanings = ["No difference was found", "somewhat unlike", "Warning"]
    assert expected in said
    assert sum(each in said for each in meanings) == 1


def test_too_few_records_are_said() -> None:
    few = compared(None, None, compared={"train": 10, "test": 2}, most_unlike=[])
    section = comparison(few, [])
    assert "too few records" in text(few, [])
    assert "10 training and 2 test records" in text(few, [])
    assert [type(block) for block in section.blocks] == [Text]


def test_texts_are_a_table_and_photographs_pictures() -> None:
    table = comparison(compared(0.6), ["谁写了《红楼梦》?", "two"]).blocks[-1]
    assert isinstance(table, TableBlock)
    assert table.rows == [["q7", 0.875, "谁写了《红楼梦》?"], ["q2", 0.75, "two"]]
    pictures = comparison(compared(0.6), PHOTOS).blocks[-1]
    assert isinstance(pictures, Pictures)
    assert [(each.data, each.caption) for each in pictures.items] == [(PHOTOS[0], "q7"), (PHOTOS[1], "q2")]


@pytest.mark.parametrize("excerpts", [["one", "two"], PHOTOS, ["<script>alert(1)</script>", PHOTOS[0]]])
def test_it_is_drawn_on_a_page_and_as_markdown(excerpts: Any) -> None:
    section = comparison(compared(0.8), excerpts, more=agreement(0.9, 0.8))
    page = render("Report", "", [section])
    assert "Warning: test records look unlike" in page
    assert "<script>" not in page
    assert "q7" in markdown(section)


def test_other_excerpts_than_records_are_an_error() -> None:
    with pytest.raises(ValueError):
        comparison(compared(0.6), ["one"])


@pytest.mark.parametrize(
    ("out_of_fold", "test", "rows"),
    [
        (0.9, 0.8, [["out of fold", 0.9], ["test", 0.8]]),
        (None, 0.8, [["test", 0.8]]),
        (0.0, None, [["out of fold", 0.0]]),
    ],
)
def test_the_agreement_of_members_has_a_row_for_each_part_that_is_known(
    out_of_fold: float | None, test: float | None, rows: list[list[Any]]
) -> None:
    [table] = agreement(out_of_fold, test)
    assert isinstance(table, TableBlock)
    assert table.rows == rows


def test_the_agreement_of_one_member_is_nothing() -> None:
    assert agreement(None, None) == []
