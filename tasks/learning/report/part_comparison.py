"""The section on training and test records, from what step `compare` wrote and the members' predictions."""

import json
import logging
from collections.abc import Mapping
from pathlib import Path

from tasks.core.cache.store import Artifact
from tasks.core.competition import Competition
from tasks.core.dataset import Dataset
from tasks.core.report.page import Section, Text
from tasks.learning.ensemble import prediction_files
from tasks.learning.ensemble.agreement import Agreements, agreements
from tasks.learning.report import comparison_section
from tasks.learning.report.foreign_members import MemberDescription, leak_warnings

log = logging.getLogger("podium")


def part_comparison(
    contract: Competition,
    dataset: Dataset,
    compared: Path,
    members: Mapping[str, Artifact],
    test: Mapping[str, Artifact],
) -> Section:
    """Make the section; what it warns of is logged too.

    Args:
        dataset: at least the test part.
        compared: folder that step `compare` wrote.
        members: out-of-fold predictions by member.
        test: scores of the test records by member.
    """
    comparison = json.loads((compared / "comparison.json").read_text("utf-8"))
    rows = [record["row"] for record in comparison["most_unlike"]]
    excerpts = contract.excerpt(dataset, "test", rows) if rows else []
    on_training, on_test = _agreements(members, "out_of_fold"), _agreements(test, "test")
    described = {name: _described(each.path) for name, each in members.items()}
    warnings = leak_warnings(described, on_training, on_test) if members.keys() == test.keys() else []
    for warning in warnings:
        log.warning("%s", warning)
    rates = comparison_section.agreement(on_training.share, on_test.share)
    more = [*rates, *(Text(f"Warning: {warning}") for warning in warnings)]
    return comparison_section.comparison(comparison, excerpts, more=more)


def _agreements(artifacts: Mapping[str, Artifact], part: str) -> Agreements:
    """How often members agree; of a single member nothing is read."""
    if len(artifacts) < 2:
        return Agreements(0, [0] * len(artifacts))
    together = prediction_files.read_together([each.path for each in artifacts.values()], part, what="member")
    return agreements([each.values for each in scores] for scores in together)


def _described(member: Path) -> MemberDescription:
    return MemberDescription.of(json.loads((member / "member.json").read_text("utf-8")))
