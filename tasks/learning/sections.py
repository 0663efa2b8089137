"""The sections that any competition's report has: scores, weights, training, time, settings."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tasks.core.cells import Estimate
from tasks.core.competition import Score, Scores
from tasks.core.page import Material, Section, Table, Text
from tasks.learning import charts

BLEND = "blend"


def sections(material: Material, own: Sequence[Section] = ()) -> list[Section]:
    """The report in reading order: results, the competition's own, how it all came about."""
    results = [scores(material), scores_by_fold(material), weights(material)]
    origins = [training(material), time(material), settings(material)]
    return [section for section in [*results, *own, *origins] if section.blocks]


def scores(material: Material) -> Section:
    """The official metric of each member and of the blend out of fold, best first."""
    found = [(name, material.score(part)) for name, part in _parts(material).items()]
    metric = found[0][1]
    found.sort(key=lambda entry: entry[1].value, reverse=metric.higher_is_better)
    names = [name for name, _ in found]
    chart = charts.bars(
        names,
        [score.value for _, score in found],
        errors=[score.standard_error for _, score in found],
        title=metric.name,
        caption=f"{metric.name.capitalize()} ± one standard error.",
    )
    table = Table(["member", metric.name], [[name, _estimate(score)] for name, score in found])
    return Section("Scores", [Text(_scores_text(material, metric)), chart, table])


def _scores_text(material: Material, metric: Score) -> str:
    better = "higher" if metric.higher_is_better else "lower"
    flattery = " The blend's weights were chosen on these predictions, which flatters it slightly."
    flattery = flattery if len(material.members) > 1 else ""
    return (
        f"{metric.name.capitalize()} of out-of-fold predictions: each of the "
        f"{len(material.folds):,} training records was predicted by models that had not seen it. "
        f"The {better} the better.{flattery}"
    )


def scores_by_fold(material: Material) -> Section:
    """The metric on each fold's held-out records, ± its standard error."""
    parts = _parts(material)
    rows: list[list[Any]] = []
    for fold in np.unique(material.folds):
        places = np.flatnonzero(material.folds == fold)
        estimates = [_estimate(material.score(_chosen(part, places))) for part in parts.values()]
        rows.append([f"fold {fold}", len(places), *estimates])
    whole = [_estimate(material.score(part)) for part in parts.values()]
    rows.append(["all", len(material.folds), *whole])
    return Section(
        "Scores by fold",
        [Table(["held out", "records", *parts], rows, "Score ± one standard error.")],
    )


def _parts(material: Material) -> dict[str, Scores]:
    """The blend and its members; a member alone is the blend."""
    single = len(material.members) == 1
    return material.members if single else {BLEND: material.blended, **material.members}


def _chosen(scores: Scores, places: np.ndarray) -> Scores:
    return Scores([scores.ids[place] for place in places], scores.values[places])


def _estimate(score: Score) -> Estimate:
    return Estimate(score.value, score.standard_error)


def weights(material: Material) -> Section:
    """Each member's share of the blend; no section for a single member."""
    if len(material.weights) < 2:
        return Section("Weights", [])
    ordered = sorted(material.weights.items(), key=lambda entry: -entry[1])
    names, shares = [name for name, _ in ordered], [float(share) for _, share in ordered]
    return Section(
        "Weights",
        [charts.bars(names, shares, title="share of the blend", caption="How much each member counts.")],
    )


def training(material: Material) -> Section:
    """Learning curves, and the last epoch of each training."""
    if not material.histories:
        return Section("Training", [])
    caption = (
        "Dashed blue: training records; solid orange: held-out records; one line a fold. "
        "A dotted line separates stages."
    )
    rows = [_training_row(name, history) for name, history in material.histories.items() if history]
    columns = [
        "training",
        "epochs",
        "seconds",
        "loss",
        "accuracy",
        "held-out loss",
        "held-out accuracy",
    ]
    chart = charts.learning_curves(material.histories, caption=caption)
    return Section("Training", [chart, Table(columns, rows, "After the last epoch.")])


def _training_row(name: str, history: Sequence[Mapping[str, Any]]) -> list[Any]:
    last = history[-1]
    measured = [last.get(key) for key in ("loss", "accuracy", "held_out_loss", "held_out_accuracy")]
    return [name, len(history), sum(epoch.get("seconds", 0.0) for epoch in history), *measured]


def time(material: Material) -> Section:
    """Where the run's time went, by kind of step and step by step."""
    if not material.steps:
        return Section("Time", [])
    totals: dict[str, float] = {}
    for step in material.steps:
        totals[step["step"]] = totals.get(step["step"], 0.0) + float(step["seconds"] or 0.0)
    states = [step["state"] for step in material.steps]
    counts = ", ".join(f"{states.count(state)} {state.lower()}" for state in dict.fromkeys(states))
    whole = _duration(sum(totals.values()))
    text = f"{len(states)} steps ({counts}), {whole} in all; steps may overlap."
    rows = [[step["step"], step["label"], step["state"], step["seconds"]] for step in material.steps]
    chart = charts.bars(
        list(totals), list(totals.values()), title="seconds", caption="Seconds by kind of step."
    )
    return Section("Time", [Text(text), chart, Table(["step", "label", "state", "seconds"], rows)])


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [f"{hours} h"] * bool(hours) + [f"{minutes} min"] * bool(hours or minutes)
    return " ".join(parts) or f"{rest} s"


def settings(material: Material) -> Section:
    """Every resolved setting on a line, by the name that `--set` takes."""
    rows = [[name, json.dumps(value, ensure_ascii=False)] for name, value in _flat(material.config)]
    return Section("Settings", [Table(["setting", "value"], rows)] if material.config else [])


def _flat(value: Any, prefix: str = "") -> list[tuple[str, Any]]:
    """Leaves of nested settings with their dotted names; lists of plain values are leaves."""
    if isinstance(value, Mapping) and value:
        entries = list(value.items())
    elif isinstance(value, list | tuple) and any(isinstance(item, Mapping) for item in value):
        entries = [(str(index), item) for index, item in enumerate(value)]
    else:
        return [(prefix, value)]
    return [leaf for key, item in entries for leaf in _flat(item, f"{prefix}.{key}" if prefix else str(key))]
