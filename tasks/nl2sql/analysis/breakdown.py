"""Scores of logic form and execution: of all questions, by sub-task, and by groups of questions.

As a program it prints those of the validation part, for a folder of scores of one member or of an ensemble:

    python -m tasks.nl2sql.analysis.breakdown DATASET SCORES
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tasks.core.report.formatting import Estimate
from tasks.core.report.markdown import markdown
from tasks.core.report.page import Section, TableBlock, Text
from tasks.learning.ensemble import prediction_files
from tasks.nl2sql.analysis import evaluation, question_groups
from tasks.nl2sql.analysis.evaluation import EvaluatedPart
from tasks.nl2sql.analysis.question_groups import Grouping
from tasks.nl2sql.query import scoring
from tasks.nl2sql.query.scoring import SUBTASKS, mean_and_error

BAR = "━"
BAR_CHARACTERS = 20
COMBINATION = "combination of parts"
"""The error of a logic form all parts of which are right: a value with another column, for one."""


def totals(parts: Sequence[EvaluatedPart]) -> Section:
    """Logic form, execution and their mean by either scorer."""
    rows = [
        [part.name, scorer, len(right), *_estimates(right)]
        for part in parts
        for scorer, right in (("strict", part.strict), ("official", part.official))
        if len(right)
    ]
    text = "Official is the published scorer, strict is without its defects; all that follows is strict. "
    text += " ".join(map(_failing_labels, parts))
    columns = ["predictions", "scorer", "questions", "logic form", "execution", "mean"]
    table = TableBlock(columns, rows, "Shares of the questions that are right, ± one standard error.")
    return Section("Logic form and execution", [Text(text), table] if rows else [])


def _failing_labels(part: EvaluatedPart) -> str:
    """How many labels do not fit their table or are refused: under `strict` no answer can match them."""
    failing = int(scoring.failing_labels(part.gold, part.tables, part.executor).sum())
    return f"Labels that cannot be executed, {part.name}: {failing:,} of {len(part.gold):,}."


def _estimates(right: np.ndarray) -> list[Estimate]:
    """Logic form, execution and their mean of (n, 2) correctness."""
    points = [right[:, 0], right[:, 1], right.mean(axis=1)]
    return [Estimate(*mean_and_error(each.astype(np.float64))) for each in points]


def by_subtask(parts: Sequence[EvaluatedPart]) -> Section:
    """How often each part of a query is right, and how often it alone is wrong."""
    parts = [part for part in parts if part.questions]
    if not parts:
        return Section("Sub-tasks", [])
    right = [[*part.parts.mean(axis=0).tolist(), None] for part in parts]
    alone = [only_error(part).tolist() for part in parts]
    rows = [
        [name, *(figures[place] for pair in zip(right, alone, strict=True) for figures in pair)]
        for place, name in enumerate((*SUBTASKS, COMBINATION))
    ]
    with_bars = [[*row, bar(row[1]) if row[1] is not None else ""] for row in rows]
    caption = (
        "Share of the questions of which this part of the query is right, and number of questions of which "
        "it is the only error. “Combination of parts”: the parts are right, but not their combination."
    )
    columns = ["part of the query", *heads(("right", "only error"), parts), "right, as a bar"]
    return Section("Sub-tasks", [TableBlock(columns, with_bars, caption)])


def only_error(part: EvaluatedPart) -> np.ndarray:
    """(7,) int64: questions of which this sub-task is the only error, and those wrong though none is."""
    wrong = ~part.parts
    single = wrong[wrong.sum(axis=1) == 1].sum(axis=0)
    return np.append(single, np.count_nonzero(part.parts.all(axis=1) & ~part.strict[:, 0]))


def bar(share: float) -> str:
    """A share as a bar of text."""
    return BAR * round(share * BAR_CHARACTERS)


def by_groups(title: str, groupings: Sequence[Grouping], parts: Sequence[EvaluatedPart]) -> Section:
    """A table for each grouping that has at least two groups."""
    tables = [_group_table(each, parts) for each in groupings if len(each.names) > 1]
    return Section(title, [*tables])


def _group_table(grouping: Grouping, parts: Sequence[EvaluatedPart]) -> TableBlock:
    """All figures of the first part; of the others only the numbers of questions and the means."""
    further = [f"{part.name} {head}" for part in parts[1:] for head in ("questions", "mean")]
    rows = []
    for name in grouping.names:
        masks = [np.array([each == name for each in of], bool) for of in grouping.of]
        first, *others = (_figures(part.strict[mask]) for part, mask in zip(parts, masks, strict=True))
        rows.append([name, *first, *(figure for each in others for figure in (each[0], each[-1]))])
    columns = [grouping.title, "questions", "logic form", "execution", "mean", *further]
    return TableBlock(columns, rows, grouping.caption)


def _figures(right: np.ndarray) -> list[Any]:
    """Number of questions, logic form, execution, and their mean with its error."""
    if not len(right):
        return [0, None, None, None]
    logic_form, execution, mean = _estimates(right)
    return [len(right), logic_form.value, execution.value, mean]


def heads(names: Sequence[str], parts: Sequence[EvaluatedPart]) -> list[str]:
    """Headings of the columns that each part has; those of the first are without its name."""
    suffixes = ["", *(f", {part.name}" for part in parts[1:])]
    return [name + suffix for suffix in suffixes for name in names]


def main() -> None:
    """Entry of the program."""
    parser = argparse.ArgumentParser(prog="python -m tasks.nl2sql.analysis.breakdown", description=__doc__)
    parser.add_argument(
        "dataset", type=Path, help="folder with the files of the training and validation parts"
    )
    parser.add_argument("scores", type=Path, help="folder with the validation.jsonl of a member or ensemble")
    arguments = parser.parse_args()
    for section in validation_sections(arguments.dataset, arguments.scores):
        print(markdown(section))


def validation_sections(dataset: Path, folder: Path) -> list[Section]:
    """The sections to print; the decision is that of `blend.json` in the folder, else whole queries."""
    file = folder / "blend.json"
    decision = json.loads(file.read_text("utf-8"))["decision"] if file.is_file() else None
    scores = prediction_files.read(folder, "validation")._replace(decision=decision)
    return overview([evaluation.evaluate(dataset, "validation", scores)])


def overview(parts: Sequence[EvaluatedPart]) -> list[Section]:
    """Totals, then scores by sub-task and by groups of questions."""
    sections = [
        totals(parts),
        by_subtask(parts),
        by_groups("Scores by label", question_groups.by_label(parts), parts),
        by_groups("Scores by table", question_groups.by_table(parts), parts),
    ]
    return [section for section in sections if section.blocks]


if __name__ == "__main__":
    main()
