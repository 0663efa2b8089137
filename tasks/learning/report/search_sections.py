"""Sections of a search's report: result, history, importance of parameters, and all trials."""

from collections.abc import Mapping, Sequence
from typing import Any

from tasks.core.report.formatting import Estimate, counted
from tasks.core.report.page import Block, Section, TableBlock, Text
from tasks.learning.report import charts, search_charts
from tasks.learning.search.trials import Trial, best

SHOWN_PARAMETERS = 8
"""Parameters in parallel coordinates; more are not readable."""


def sections(trials: Sequence[Trial], importances: Mapping[str, float]) -> list[Section]:
    """Return the sections in reading order, without those for which there are too few trials."""
    first = [_result(trials), _history(trials)]
    if importances:
        first += [_importance(importances), _parallel(trials, list(importances))]
    return [*first, _table(trials)]


def _result(trials: Sequence[Trial]) -> Section:
    winner, first = best(trials), trials[0]
    assert winner is not None
    assert winner.score is not None
    is_start = winner.number == first.number
    rows: list[list[Any]] = [] if is_start else [[f"best: trial {winner.number}", _estimate(winner)]]
    if first.score is not None:
        rows.append(["the settings it started from: trial 0", _estimate(first)])
    changes = [[key, search_charts.short(value)] for key, value in winner.differences.items()]
    blocks: list[Block] = [
        TableBlock(["trial", winner.score.name], rows, "Score ± one standard error."),
        Text(_conclusion(trials, is_start=is_start)),
    ]
    if changes:
        blocks.append(TableBlock(["setting", "value"], changes, "Settings that the best trial changes."))
    return Section("Result", blocks)


def _conclusion(trials: Sequence[Trial], *, is_start: bool) -> str:
    complete = sum(trial.state == "complete" for trial in trials)
    if is_start and complete == 1:
        return "No trial was complete but that of the settings that the search started from."
    if is_start:
        return (
            f"Of {complete} complete trials none was better than the settings that the search started from."
        )
    return (
        f"The best of {complete} scores is too optimistic: part of its difference to the others is chance. "
        "Its standard error shows how much."
    )


def _history(trials: Sequence[Trial]) -> Section:
    states = [trial.state for trial in trials]
    counts = ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states))
    caption = "Score ± one standard error of each trial. Crosses: mean of the folds when a trial was pruned."
    text = f"{counted(len(trials), 'trial')}: {counts}."
    return Section("History", [Text(text), search_charts.history(trials, caption=caption)])


def _importance(importances: Mapping[str, float]) -> Section:
    names = [name.removeprefix("recipe.") for name in importances]
    caption = "Importance of each parameter for good trials (PED-ANOVA, Watanabe et al., IJCAI 2023)."
    return Section(
        "Importance", [charts.bars(names, list(importances.values()), title="share", caption=caption)]
    )


def _parallel(trials: Sequence[Trial], by_importance: Sequence[str]) -> Section:
    shown = by_importance[:SHOWN_PARAMETERS]
    caption = "One line for each complete trial, the best one orange; darker is better. Most important first."
    return Section("Parallel coordinates", [search_charts.parallel(trials, shown, caption=caption)])


def _table(trials: Sequence[Trial]) -> Section:
    rows = [
        [
            trial.number,
            trial.state,
            _estimate(trial) if trial.score else None,
            None if trial.seconds is None else round(trial.seconds, 1),
            ", ".join(
                f"{name.removeprefix('recipe.')} {search_charts.short(value)}"
                for name, value in trial.params.items()
            ),
        ]
        for trial in trials
    ]
    return Section("Trials", [TableBlock(["trial", "state", "score", "seconds", "parameters"], rows)])


def _estimate(trial: Trial) -> Estimate:
    assert trial.score is not None
    return Estimate(trial.score.value, trial.score.standard_error)
