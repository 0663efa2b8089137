"""What averaging trainings that differ in their seed alone brought, and their learning curves as one."""

import re
from collections.abc import Mapping, Sequence
from statistics import fmean, stdev
from typing import Any

from tasks.core.report.formatting import Estimate
from tasks.core.report.page import Material, Section, SeedScores, TableBlock, Text

History = Sequence[Mapping[str, Any]]
SEED = re.compile(r" seed \d+$")


def seeds(material: Material) -> Section:
    """Make the section of the scores of single seeds beside that of their mean; empty without several."""
    if not material.seeds:
        return Section("Seeds", [])
    metric = next(iter(material.seeds.values())).averaged.name
    text = (
        "Of each fold several models were trained that differ in their seed alone, and their predictions "
        "averaged. Single seeds are scored out of fold like the mean: where it is no better than they are on "
        "average, one seed would do."
    )
    columns = ["member", "seeds", "a single seed", "lowest", "highest", "their mean", "gain"]
    rows = [[name, *_row(scores)] for name, scores in material.seeds.items()]
    caption = (
        f"{metric.capitalize()} out of fold: of a single seed on average ± standard deviation of the seeds, "
        "of the mean of their predictions ± one standard error."
    )
    return Section("Seeds", [Text(text), TableBlock(columns, rows, caption)])


def _row(scores: SeedScores) -> list[Any]:
    averaged, values = scores.averaged, [score.value for score in scores.single]
    average = fmean(values)
    single, mean = Estimate(average, stdev(values)), Estimate(averaged.value, averaged.standard_error)
    return [len(values), single, min(values), max(values), mean, averaged.value - average]


def by_fold(histories: Mapping[str, History]) -> dict[str, History]:
    """The epochs of each fold's only training, or the mean of those of its seeds, by "member, fold f"."""
    trainings: dict[str, list[History]] = {}
    for name, history in histories.items():
        trainings.setdefault(SEED.sub("", name), []).append(history)
    return {name: each[0] if len(each) == 1 else _mean(each) for name, each in trainings.items()}


def _mean(histories: Sequence[History]) -> list[dict[str, Any]]:
    """The mean of each figure that all trainings have of an epoch; they have the same stages."""
    return [
        {field: fmean(row[field] for row in rows) for field in rows[0] if all(field in row for row in rows)}
        for rows in zip(*histories, strict=False)
    ]
