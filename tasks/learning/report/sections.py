"""Sections of every competition's report: scores, weights, training, time, settings; and data notes."""

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from tasks.core.competition import Score, Scores
from tasks.core.config import Stage
from tasks.core.dataset import Dataset
from tasks.core.dataset import notes as dataset_notes
from tasks.core.report.formatting import Estimate, counted
from tasks.core.report.page import Block, Material, Section, TableBlock, Text
from tasks.learning.report import charts
from tasks.learning.report.seed_section import by_fold, seeds
from tasks.learning.report.soup_section import caveat as soup_caveat
from tasks.learning.report.soup_section import soup_section
from tasks.learning.training.best_epoch import best_epoch

BLEND = "blend"
AGAIN = "-again"
"""Ends the names of the members of a second round (`flows.training.cross_validation`)."""
NOTED = ("train", "validation", "test", "overlap")
"""Names of the files of notes, in the order in which they are shown."""
MOST_CURVES = 8
"""Members whose learning curves are drawn; a chart of forty takes minutes and is not readable."""
FIGURES = {
    "loss": "loss",
    "accuracy": "accuracy",
    "held_out_loss": "held-out loss",
    "held_out_accuracy": "held-out accuracy",
    "held_out_f1_of_marks": "held-out F1 of marks",
    "held_out_exact_heads": "held-out exact heads",
}
"""Column heading of each figure that a training may have of an epoch."""


def sections(material: Material, of_competition: Sequence[Section] = ()) -> list[Section]:
    """Return the sections in reading order: results, the competition's, training, time, settings."""
    results = [
        scores(material),
        soup_section(material.soup),
        scores_by_fold(material),
        weights(material),
        seeds(material),
    ]
    origins = [
        training(material),
        accepted(material.steps),
        time(material.steps),
        settings(material.config),
    ]
    return [section for section in [*results, *of_competition, *origins] if section.blocks]


def scores(material: Material) -> Section:
    """Make the section of the out-of-fold scores of the members and the blend, the best first."""
    entries = [(name, material.score(part)) for name, part in _parts(material).items()]
    metric = entries[0][1]
    entries.sort(key=lambda entry: entry[1].signed, reverse=True)
    names = [name for name, _ in entries]
    chart = charts.bars(
        names,
        [score.value for _, score in entries],
        errors=[score.standard_error for _, score in entries],
        title=metric.name,
        caption=f"{metric.name.capitalize()} ± one standard error.",
    )
    columns = ["member", "out of fold", *(["validation"] if material.validation else [])]
    rows = [[name, _estimate(score), *_validation(material, name)] for name, score in entries]
    table = TableBlock(columns, rows, f"{metric.name.capitalize()} ± one standard error.")
    return Section("Scores", [Text(_scores_text(material, metric)), chart, table])


def _validation(material: Material, name: str) -> list[Estimate]:
    """The score on the validation part, if there is one."""
    return [_estimate(material.validation[name])] if material.validation else []


def _scores_text(material: Material, metric: Score) -> str:
    better = "higher" if metric.higher_is_better else "lower"
    caveat = " The blend's weights were chosen on these predictions, so its score is slightly too optimistic."
    if material.nested:
        figure = f"{material.nested.value:.4f} ± {material.nested.standard_error:.4f}"
        caveat = (
            " The blend's weights were chosen on these predictions, so its score is too optimistic; "
            f"with weights chosen for each fold on the other folds, it scores {figure}."
        )
    if material.config.get("blend", {}).get("method") == "stack":
        caveat = " The blend predicts each record by a model fitted on the other folds."
    caveat = caveat if len(material.members) > 1 else soup_caveat(material.soup)
    if material.validation:
        caveat += " Nothing was fitted or chosen on the validation records."
    return (
        f"{metric.name.capitalize()} of out-of-fold predictions: each of the "
        f"{len(material.folds):,} training records was predicted by models that had not seen it. "
        f"The {better} the better.{caveat}"
    )


def scores_by_fold(material: Material) -> Section:
    """Make the section of the scores on each fold's held-out records."""
    parts = _parts(material)
    rows: list[list[Any]] = []
    for fold in np.unique(material.folds):
        places = np.flatnonzero(material.folds == fold)
        estimates = [_estimate(material.score(_records(part, places))) for part in parts.values()]
        rows.append([f"fold {fold}", len(places), *estimates])
    whole = [_estimate(material.score(part)) for part in parts.values()]
    rows.append(["all", len(material.folds), *whole])
    return Section(
        "Scores by fold", [TableBlock(["held out", "records", *parts], rows, "Score ± one standard error.")]
    )


def _parts(material: Material) -> dict[str, Scores]:
    """The blend and its members; a single member is the blend."""
    single = len(material.members) == 1
    return material.members if single else {BLEND: material.blended, **material.members}


def _records(scores: Scores, places: np.ndarray) -> Scores:
    ids = [scores.ids[place] for place in places]
    return scores._replace(ids=ids, values=scores.values[places])


def _estimate(score: Score) -> Estimate:
    return Estimate(score.value, score.standard_error)


def weights(material: Material) -> Section:
    """Make the section of the members' shares of the blend, empty for a single member."""
    if len(material.weights) < 2:
        return Section("Weights", [])
    ordered = sorted(material.weights.items(), key=lambda entry: -entry[1])
    names, shares = [name for name, _ in ordered], [float(share) for _, share in ordered]
    return Section(
        "Weights", [charts.bars(names, shares, title="share of the blend", caption="Weight of each member.")]
    )


def training(material: Material) -> Section:
    """Make the section of learning curves, and of the figures of each training's last or kept epoch."""
    if not any(material.histories.values()):
        return Section("Training", [])
    caption = (
        "Dashed blue: training records; solid orange: held-out records; one line for each fold. "
        "A dotted line separates stages."
    )
    trainings = {name: history for name, history in material.histories.items() if history}
    measured = [field for field in FIGURES if any(field in history[-1] for history in trainings.values())]
    kept = {name: kept_epoch(history, _stages(material, name)) for name, history in trainings.items()}
    keeps_best = any(kept[name] != len(history) - 1 for name, history in trainings.items())
    rows = [
        [
            name,
            len(history),
            *([kept[name] + 1] if keeps_best else []),
            *(history[kept[name]].get(field) for field in measured),
        ]
        for name, history in trainings.items()
    ]
    histories = _of_largest_weights(material)
    if len(histories) < len(material.histories):
        caption += f" Only the {MOST_CURVES} members with the largest weights."
    curves = by_fold(histories)
    if len(curves) < len(histories):
        caption += " Of several seeds the mean."
    chart = charts.learning_curves(curves, caption=caption)
    figures = [FIGURES[field] for field in measured]
    columns = ["training", "epochs", *(["kept"] if keeps_best else []), *figures]
    when = "After the epoch whose weights are kept." if keeps_best else "After the last epoch."
    return Section("Training", [chart, TableBlock(columns, rows, when)])


def kept_epoch(history: charts.History, stages: Sequence[Stage]) -> int:
    """The place in a history of the epoch whose weights the training has kept; the last one by default."""
    last = int(history[-1].get("stage", 0)) - 1
    if not 0 <= last < len(stages) or not stages[last].keep_best:
        return len(history) - 1
    best = best_epoch(history, stages, last)
    return len(history) - 1 if best is None else best


def _stages(material: Material, training: str) -> list[Stage]:
    """What a training's stages keep, by its name; no stages if the settings have no such recipe."""
    name = charts.member_of(training)
    again = name.endswith(AGAIN)
    for recipe in material.config.get("recipes", []):
        if recipe.get("name") == name.removesuffix(AGAIN):
            settings = recipe.get("training", {})
            found = (again and settings.get("transfer")) or settings.get("stages", [])
            return [Stage(keep_best=bool(stage.get("keep_best"))) for stage in found]
    return []


def _of_largest_weights(material: Material) -> dict[str, charts.History]:
    """Histories of the members with the largest weights in the blend."""
    member = {name: charts.member_of(name) for name in material.histories}
    ordered = sorted(dict.fromkeys(member.values()), key=lambda name: -material.weights.get(name, 0.0))
    chosen = ordered[:MOST_CURVES]
    return {name: history for name, history in material.histories.items() if member[name] in chosen}


def accepted(steps: Sequence[Mapping[str, Any]]) -> Section:
    """Make the section of results of earlier code that a person has accepted; empty without any."""
    rows = [
        [
            step["label"],
            each["by"],
            each["when"][:16].replace("T", " "),
            ", ".join(each["changes"]),
            each["note"],
        ]
        for step in steps
        for each in step.get("accepted", ())
    ]
    text = (
        "These results were made by earlier code or libraries. A person has accepted them for those of this "
        "run (`podium accept`), so they were not computed again."
    )
    columns = ["step", "accepted by", "when (UTC)", "change", "note"]
    return Section("Accepted results", [Text(text), TableBlock(columns, rows)] if rows else [])


def time(steps: Sequence[Mapping[str, Any]]) -> Section:
    """Make the section of the time that the run worked, by kind of step and for each step of its journal.

    Steps from the cache took no time in this run; the table says how long they took when they ran.
    """
    if not steps:
        return Section("Time", [])
    states = [step["state"] for step in steps]
    counts = ", ".join(f"{states.count(state)} {state.lower()}" for state in dict.fromkeys(states))
    ran, cached = (_seconds_by_step(steps, cached=cached) for cached in (False, True))
    work = _duration(sum(ran.values()))
    text = f"{counted(len(states), 'step')} ({counts}), {work} of work in all; steps may overlap."
    if any(cached.values()):
        text += f" Steps from the cache had taken {_duration(sum(cached.values()))} when they ran."
    rows = [[step["step"], step["label"], step["state"], step["seconds"]] for step in steps]
    chart = charts.bars(
        list(ran), list(ran.values()), title="seconds", caption="Seconds of work in this run by kind of step."
    )
    table = TableBlock(["step", "label", "state", "seconds"], rows, "Seconds of work, without waiting.")
    return Section("Time", [Text(text), *([chart] if ran else []), table])


def _seconds_by_step(steps: Sequence[Mapping[str, Any]], *, cached: bool) -> dict[str, float]:
    """Seconds of the steps that came from the cache, or of those that ran, by kind of step."""
    totals: dict[str, float] = {}
    for step in steps:
        if (step["state"].lower() == "cached") == cached:
            totals[step["step"]] = totals.get(step["step"], 0.0) + float(step["seconds"] or 0.0)
    return totals


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [f"{hours} h"] * bool(hours) + [f"{minutes} min"] * bool(hours or minutes)
    return " ".join(parts) or f"{rest} s"


def notes(dataset: Dataset, *, omitted: Collection[str] = (), more: Sequence[Block] = ()) -> Section:
    """Make the section of the counts and notes on the raw files of all parts; empty without any.

    Args:
        omitted: names of counts that are left out, because `more` has them.
        more: blocks between counts and notes.
    """
    content = dataset_notes(dataset, NOTED)
    counts = [[name, count] for name, count in content["counts"].items() if name not in omitted]
    rows = [[note["kind"], note["message"], _examples(note["examples"])] for note in content["notes"]]
    if not counts and not rows:
        return Section("Notes on the data", [])
    blocks: list[Block] = [TableBlock(["what", "count"], counts)] if counts else []
    table: list[Block] = [TableBlock(["kind", "note", "examples"], rows)] if rows else []
    return Section("Notes on the data", [*blocks, *more, *table])


def _examples(examples: Sequence[Any], shown: int = 5) -> str:
    texts = [example if isinstance(example, str) else json.dumps(example) for example in examples[:shown]]
    return ", ".join(texts) + (f" and {len(examples) - shown} more" if len(examples) > shown else "")


def settings(config: Mapping[str, Any]) -> Section:
    """Make the section of all resolved settings, by the names that `--set` takes."""
    rows = [[name, json.dumps(value, ensure_ascii=False)] for name, value in _flat(config)]
    return Section("Settings", [TableBlock(["setting", "value"], rows)] if config else [])


def _flat(value: Any, prefix: str = "") -> list[tuple[str, Any]]:
    """Leaves of nested settings with their dotted names; lists of plain values are leaves."""
    if isinstance(value, Mapping) and value:
        entries = list(value.items())
    elif isinstance(value, list | tuple) and any(isinstance(item, Mapping) for item in value):
        entries = [(str(index), item) for index, item in enumerate(value)]
    else:
        return [(prefix, value)]
    return [leaf for key, item in entries for leaf in _flat(item, f"{prefix}.{key}" if prefix else str(key))]
