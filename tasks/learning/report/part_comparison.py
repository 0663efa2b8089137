"""The section on training and test records, from what step `compare` wrote and the members' predictions."""

import json
from collections.abc import Mapping
from pathlib import Path

from tasks.core.cache.store import Artifact
from tasks.core.competition import Competition
from tasks.core.dataset import Dataset
from tasks.core.report.page import Section
from tasks.learning.ensemble import prediction_files
from tasks.learning.ensemble.agreement import agreement
from tasks.learning.report import comparison_section


def part_comparison(
    contract: Competition,
    dataset: Dataset,
    compared: Path,
    members: Mapping[str, Artifact],
    test: Mapping[str, Artifact],
) -> Section:
    """Make the section.

    Args:
        dataset: at least the test part.
        compared: folder that step `compare` wrote.
        members: out-of-fold predictions by member.
        test: scores of the test records by member.
    """
    comparison = json.loads((compared / "comparison.json").read_text("utf-8"))
    rows = [record["row"] for record in comparison["most_unlike"]]
    excerpts = contract.excerpt(dataset, "test", rows) if rows else []
    rates = comparison_section.agreement(_agreement(members, "out_of_fold"), _agreement(test, "test"))
    return comparison_section.comparison(comparison, excerpts, more=rates)


def _agreement(artifacts: Mapping[str, Artifact], part: str) -> float | None:
    """How often members agree; None for one member, whose predictions are not read."""
    if len(artifacts) < 2:
        return None
    together = prediction_files.read_together([each.path for each in artifacts.values()], part, what="member")
    return agreement([each.values for each in scores] for scores in together)
