"""Scores of logic form and execution: of all questions, by sub-task, and by classes of questions.

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
from tasks.core.report.page import Section, Table, Text
from tasks.learning.ensemble import prediction_files
from tasks.nl2sql.analysis import evaluation, question_groups
from tasks.nl2sql.analysis.evaluation import Outcome
from tasks.nl2sql.analysis.question_groups import Classes
from tasks.nl2sql.query import scoring
from tasks.nl2sql.query.scoring import SUBTASKS, mean_and_error

BAR = "━"
BAR_CHARACTERS = 20
TOGETHER = "put together"
"""What is wrong with a logic form all parts of which are right: a value with another column, for one."""


def totals(outcomes: Sequence[Outcome]) -> Section:
    """Logic form, execution and their mean by either scorer."""
    rows = [
        [found.name, scorer, len(right), *_estimates(right)]
        for found in outcomes
        for scorer, right in (("strict", found.strict), ("official", found.official))
        if len(right)
    ]
    text = "Official is the published scorer, strict is without its defects; all that follows is strict. "
    text += " ".join(map(_failing_labels, outcomes))
    columns = ["predictions", "scorer", "questions", "logic form", "execution", "mean"]
    table = Table(columns, rows, "Shares of the questions that are right, ± one standard error.")
    return Section("Logic form and execution", [Text(text), table] if rows else [])


def _failing_labels(found: Outcome) -> str:
    """How many labels are no queries of their table or are refused: under `strict` nothing can meet them."""
    failing = int(scoring.failing_labels(found.gold, found.tables, found.executor).sum())
    return f"Labels that cannot be executed, {found.name}: {failing:,} of {len(found.gold):,}."


def _estimates(right: np.ndarray) -> list[Estimate]:
    """Logic form, execution and their mean of (n, 2) verdicts."""
    points = [right[:, 0], right[:, 1], right.mean(axis=1)]
    return [Estimate(*mean_and_error(each.astype(np.float64))) for each in points]


def by_subtask(outcomes: Sequence[Outcome]) -> Section:
    """How often each part of a query is right, and how often it alone is wrong."""
    found = [each for each in outcomes if each.questions]
    if not found:
        return Section("Sub-tasks", [])
    right = [[*each.parts.mean(axis=0).tolist(), None] for each in found]
    alone = [wrong_alone(each).tolist() for each in found]
    rows = [
        [name, *(list_[place] for pair in zip(right, alone, strict=True) for list_ in pair)]
        for place, name in enumerate((*SUBTASKS, TOGETHER))
    ]
    columns = heads(("right", "alone wrong"), found)
    drawn = [[*row, bar(row[1]) if row[1] is not None else ""] for row in rows]
    caption = (
        "Share of the questions of which the part is right for itself, and number of those of which nothing "
        "else is wrong. “Put together”: all parts are right, but a value stands with another column."
    )
    return Section("Sub-tasks", [Table(["part of the query", *columns, "right, as a bar"], drawn, caption)])


def wrong_alone(found: Outcome) -> np.ndarray:
    """(7,) int64: questions of which this sub-task alone is wrong, and those wrong though none is."""
    wrong = ~found.parts
    single = wrong[wrong.sum(axis=1) == 1].sum(axis=0)
    return np.append(single, np.count_nonzero(found.parts.all(axis=1) & ~found.strict[:, 0]))


def bar(share: float) -> str:
    """A share as a bar of text."""
    return BAR * round(share * BAR_CHARACTERS)


def by_classes(title: str, divisions: Sequence[Classes], outcomes: Sequence[Outcome]) -> Section:
    """A table for each way to divide the questions into classes, of which there are at least two."""
    tables = [_class_table(each, outcomes) for each in divisions if len(each.names) > 1]
    return Section(title, [*tables])


def _class_table(division: Classes, outcomes: Sequence[Outcome]) -> Table:
    """All figures of the first outcome, and of any other no more than fits beside them."""
    named = [f"{found.name} {head}" for found in outcomes[1:] for head in ("questions", "mean")]
    rows = []
    for name in division.names:
        masks = [np.array([each == name for each in of], bool) for of in division.of]
        first, *others = (_figures(found.strict[own]) for found, own in zip(outcomes, masks, strict=True))
        rows.append([name, *first, *(figure for each in others for figure in (each[0], each[-1]))])
    columns = [division.title, "questions", "logic form", "execution", "mean", *named]
    return Table(columns, rows, division.caption)


def _figures(right: np.ndarray) -> list[Any]:
    """Number of questions, logic form, execution, and their mean with its error; the others' are alike."""
    if not len(right):
        return [0, None, None, None]
    logic_form, execution, mean = _estimates(right)
    return [len(right), logic_form.value, execution.value, mean]


def heads(names: Sequence[str], outcomes: Sequence[Outcome]) -> list[str]:
    """Heads of columns that each outcome has; those of the first stand without its name."""
    return [
        name if place == 0 else f"{name}, {found.name}"
        for place, found in enumerate(outcomes)
        for name in names
    ]


def main() -> None:
    """Entry of the program."""
    parser = argparse.ArgumentParser(prog="python -m tasks.nl2sql.analysis.breakdown", description=__doc__)
    parser.add_argument("dataset", type=Path, help="folder with validation.jsonl and its tables")
    parser.add_argument("scores", type=Path, help="folder with the validation.jsonl of a member or ensemble")
    given = parser.parse_args()
    for section in validation_sections(given.dataset, given.scores):
        print(markdown(section))


def validation_sections(dataset: Path, folder: Path) -> list[Section]:
    """What is printed; the decision is that of the folder's `blend.json`, else whole queries are elected."""
    file = folder / "blend.json"
    decision = json.loads(file.read_text("utf-8"))["decision"] if file.is_file() else None
    scores = prediction_files.read(folder, "validation")._replace(decision=decision)
    found = [evaluation.read(dataset, "validation", scores)]
    told = [
        totals(found),
        by_subtask(found),
        by_classes("Scores by label", question_groups.by_label(found), found),
        by_classes("Scores by table", question_groups.by_table(found), found),
    ]
    return [section for section in told if section.blocks]


if __name__ == "__main__":
    main()
