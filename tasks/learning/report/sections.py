"""The sections that any competition's report has: scores, weights, training, time, settings; and notes."""

import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tasks.core.competition import Score, Scores
from tasks.core.report.formatting import Estimate
from tasks.core.report.page import Block, Material, Section, TableBlock, Text
from tasks.learning.report import charts

BLEND = "blend"
MOST_CURVES = 8
"""Members whose learning curves are drawn: a drawing of forty takes minutes, and nobody reads it."""
FIGURES = {
    "loss": "loss",
    "accuracy": "accuracy",
    "held_out_loss": "held-out loss",
    "held_out_accuracy": "held-out accuracy",
    "held_out_f1_of_marks": "held-out F1 of marks",
}
"""What a training may measure in an epoch, and the head of its column."""


def sections(material: Material, own: Sequence[Section] = ()) -> list[Section]:
    """The report in reading order: results, the competition's own, how it all came about."""
    results = [scores(material), scores_by_fold(material), weights(material)]
    origins = [training(material), time(material), settings(material)]
    return [section for section in [*results, *own, *origins] if section.blocks]


def scores(material: Material) -> Section:
    """The official metric of each member and of the blend out of fold, best first."""
    found = [(name, material.score(part)) for name, part in _parts(material).items()]
    metric = found[0][1]
    found.sort(key=lambda entry: entry[1].signed, reverse=True)
    names = [name for name, _ in found]
    chart = charts.bars(
        names,
        [score.value for _, score in found],
        errors=[score.standard_error for _, score in found],
        title=metric.name,
        caption=f"{metric.name.capitalize()} ± one standard error.",
    )
    columns = ["member", "out of fold", *(["validation"] if material.validation else [])]
    rows = [[name, _estimate(score), *_validation(material, name)] for name, score in found]
    table = TableBlock(columns, rows, f"{metric.name.capitalize()} ± one standard error.")
    return Section("Scores", [Text(_scores_text(material, metric)), chart, table])


def _validation(material: Material, name: str) -> list[Estimate]:
    """The score of the validation part, where there is one."""
    return [_estimate(material.validation[name])] if material.validation else []


def _scores_text(material: Material, metric: Score) -> str:
    better = "higher" if metric.higher_is_better else "lower"
    flattery = " The blend's weights were chosen on these predictions, which flatters it slightly."
    if material.nested:
        figure = f"{material.nested.value:.4f} ± {material.nested.standard_error:.4f}"
        flattery = (
            " The blend's weights were chosen on these predictions, which flatters it; "
            f"chosen on all folds but the one they are judged on, they score {figure}."
        )
    if material.config.get("blend", {}).get("method") == "stack":
        flattery = " What the blend says of a record it learned from the other folds."
    flattery = flattery if len(material.members) > 1 else ""
    if material.validation:
        flattery += " Nothing was fitted or chosen on the validation records."
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
        [TableBlock(["held out", "records", *parts], rows, "Score ± one standard error.")],
    )


def _parts(material: Material) -> dict[str, Scores]:
    """The blend and its members; a member alone is the blend."""
    single = len(material.members) == 1
    return material.members if single else {BLEND: material.blended, **material.members}


def _chosen(scores: Scores, places: np.ndarray) -> Scores:
    ids = [scores.ids[place] for place in places]
    return scores._replace(ids=ids, values=scores.values[places])


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
    """Learning curves, and the last epoch of each training with whichever figures were taken."""
    if not material.histories:
        return Section("Training", [])
    caption = (
        "Dashed blue: training records; solid orange: held-out records; one line a fold. "
        "A dotted line separates stages."
    )
    trainings = {name: history for name, history in material.histories.items() if history}
    taken = [field for field in FIGURES if any(field in history[-1] for history in trainings.values())]
    rows = [
        [name, len(history), *(history[-1].get(field) for field in taken)]
        for name, history in trainings.items()
    ]
    drawn = _counting_most(material)
    if len(drawn) < len(material.histories):
        caption += f" Only the {MOST_CURVES} members that count most."
    chart = charts.learning_curves(drawn, caption=caption)
    columns = ["training", "epochs", *(FIGURES[field] for field in taken)]
    return Section("Training", [chart, TableBlock(columns, rows, "After the last epoch.")])


def _counting_most(material: Material) -> dict[str, charts.History]:
    """Histories of those trainings' members that have the greatest shares of the blend."""
    member = {name: charts.member_of(name) for name in material.histories}
    ordered = sorted(dict.fromkeys(member.values()), key=lambda name: -material.weights.get(name, 0.0))
    chosen = ordered[:MOST_CURVES]
    return {name: history for name, history in material.histories.items() if member[name] in chosen}


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
    return Section("Time", [Text(text), chart, TableBlock(["step", "label", "state", "seconds"], rows)])


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [f"{hours} h"] * bool(hours) + [f"{minutes} min"] * bool(hours or minutes)
    return " ".join(parts) or f"{rest} s"


def notes(dataset: Path, *, told: Collection[str] = (), more: Sequence[Block] = ()) -> Section:
    """What reading the raw files found, from the dataset's `notes.json`; none where there is no such file.

    Args:
        told: names of counts that are left out, because `more` tells them.
        more: blocks between counts and notes.
    """
    file = dataset / "notes.json"
    if not file.is_file():
        return Section("Notes on the data", [])
    found = json.loads(file.read_text(encoding="utf-8"))
    counts = [[name, count] for name, count in found["counts"].items() if name not in told]
    rows = [[note["kind"], note["message"], _examples(note["examples"])] for note in found["notes"]]
    blocks: list[Block] = [TableBlock(["what", "count"], counts)] if counts else []
    told_notes: list[Block] = [TableBlock(["kind", "note", "examples"], rows)] if rows else []
    return Section("Notes on the data", [*blocks, *more, *told_notes])


def _examples(examples: Sequence[Any], shown: int = 5) -> str:
    texts = [example if isinstance(example, str) else json.dumps(example) for example in examples[:shown]]
    return ", ".join(texts) + (f" and {len(examples) - shown} more" if len(examples) > shown else "")


def settings(material: Material) -> Section:
    """Every resolved setting on a line, by the name that `--set` takes."""
    rows = [[name, json.dumps(value, ensure_ascii=False)] for name, value in _flat(material.config)]
    return Section("Settings", [TableBlock(["setting", "value"], rows)] if material.config else [])


def _flat(value: Any, prefix: str = "") -> list[tuple[str, Any]]:
    """Leaves of nested settings with their dotted names; lists of plain values are leaves."""
    if isinstance(value, Mapping) and value:
        entries = list(value.items())
    elif isinstance(value, list | tuple) and any(isinstance(item, Mapping) for item in value):
        entries = [(str(index), item) for index, item in enumerate(value)]
    else:
        return [(prefix, value)]
    return [leaf for key, item in entries for leaf in _flat(item, f"{prefix}.{key}" if prefix else str(key))]
