"""Section of a report on a member whose weights are the mean of those of others."""

from collections.abc import Mapping
from typing import Any

from tasks.core.report.formatting import Estimate
from tasks.core.report.page import Section, TableBlock, Text


def soup_section(soup: Mapping[str, Any] | None) -> Section:
    """Make the section of what was averaged, empty where nothing was.

    Args:
        soup: `method`, `ingredients` by name with `score` and `chosen`, `gain` over the best of them, and
            `nested` or None.
    """
    if soup is None:
        return Section("Ingredients", [])
    rows = [
        [name, _estimate(each["score"]), "yes" if each["chosen"] else "no"]
        for name, each in soup["ingredients"].items()
    ]
    columns = ["member", "out of fold", "averaged"]
    gain = soup["gain"]
    text = (
        "The weights of this member are the mean of those of other members, fold by fold. It scores "
        f"{gain['value']:+.4f} ± {gain['standard_error']:.4f} over {gain['over']}, the best of them, on the "
        "same records."
    )
    return Section("Ingredients", [Text(text), TableBlock(columns, rows, "The best first.")])


def caveat(soup: Mapping[str, Any] | None) -> str:
    """What a soup's out-of-fold score is to be read with; empty unless it was chosen by this score."""
    if soup is None or not (nested := soup["nested"]):
        return ""
    score = nested["score"]
    return (
        " What is averaged was chosen on these predictions, so the score is slightly too optimistic; chosen "
        f"for each fold on the other folds, it is {score['value']:.4f} ± {score['standard_error']:.4f}."
    )


def _estimate(score: Mapping[str, Any]) -> Estimate:
    return Estimate(score["value"], score["standard_error"])
