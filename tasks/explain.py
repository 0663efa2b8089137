"""Step `explain`: models and records → why the models answer these records as they do."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from pydantic import BaseModel

from tasks.core.cache.store import Artifact, part_folders
from tasks.core.competition import find
from tasks.core.config import Run
from tasks.core.dispatch import in_child, network_of, read_job
from tasks.core.jobs import ExplainedRecords, ExplainJob
from tasks.core.step import step
from tasks.learning.ensemble import prediction_files


@step(
    uses=("explanation.explain", "{method}.inference", "{method}.explanation"),
    libraries=("backend",),
    label="explain {recipe.name} {of}",
    ignore=("of",),
)
def explain(
    competition: str,
    recipe: BaseModel,
    dataset: list[Artifact],
    folds: Artifact,
    member: Artifact,
    models: list[Artifact],
    blended: Artifact,
    *,
    name: str,
    ids: dict[str, list[str]],
    worst: int = 0,
    of: str,
    seed: int,
    run: Run,
) -> Artifact:
    """Write explanations of records, as `tasks.learning.attribution.explanations` does.

    Training records are explained by the models that have not seen them, others by the mean of all.

    Args:
        dataset: the parts that have the records, and what is common to all parts.
        member: of step `gather`: the recipe's out-of-fold scores.
        models: of each fold those of all seeds, one fold after another.
        blended: of step `blend`, which decided how the scores of the member `name` become answers.
        ids: of the records, by part: `train`, `validation`, `test`.
        worst: so many training records more, those that the member answers worst.
        of: what is explained, in logs.
    """
    decision = (
        json.loads((blended.path / "blend.json").read_text("utf-8"))["members_decision"].get(name) or {}
    )
    if worst:
        scores = prediction_files.read(member.path, "out_of_fold")._replace(decision=decision)
        places = find(competition).explainer.worst(part_folders(dataset), scores)[:worst]
        ids = {**ids, "train": list(dict.fromkeys([*ids.get("train", []), *(scores.ids[n] for n in places)]))}
    return in_child(
        "tasks.explain:child",
        "explanations",
        ExplainJob,
        competition=competition,
        settings=recipe,
        dataset=dataset,
        records=explained_records(ids, folds, models),
        order=[(part, id) for part, chosen in ids.items() for id in chosen],
        decision=decision,
        first_head=json.loads((member.path / "member.json").read_text("utf-8"))["first_head"],
        seed=seed,
        run=run,
        need=network_of(recipe)["need"],
    )


def explained_records(
    ids: Mapping[str, Sequence[str]], folds: Artifact, models: Sequence[Artifact]
) -> tuple[ExplainedRecords, ...]:
    """The records by the models that explain them."""
    order: list[str] = json.loads((folds.path / "ids.json").read_text("utf-8"))
    fold_of = dict(zip(order, np.load(folds.path / "folds.npy").tolist(), strict=True))
    seeds = len(models) // (max(fold_of.values()) + 1)
    by_fold: dict[int, list[str]] = {}
    for id in ids.get("train", ()):
        by_fold.setdefault(fold_of[id], []).append(id)
    found = [
        ExplainedRecords(
            part="train",
            ids=tuple(of_fold),
            models=tuple(each.path for each in models[fold * seeds : (fold + 1) * seeds]),
        )
        for fold, of_fold in sorted(by_fold.items())
    ]
    for part in ("validation", "test"):
        if ids.get(part):
            paths = tuple(each.path for each in models)
            found.append(ExplainedRecords(part=part, ids=tuple(ids[part]), models=paths))
    return tuple(found)


def child(job: dict[str, Any]) -> None:
    """Entry of the child process."""
    import keras

    from tasks.learning.attribution import explanations
    from tasks.learning.training.keras_setup import configure

    explain_job = read_job(job, ExplainJob)
    configure(explain_job.seed)
    keras.mixed_precision.set_global_policy("float32")  # bfloat16 would not add up to one hundredth
    found = find(explain_job.competition).explainer.explain(explain_job)
    explanations.write(explain_job.output, explanations.in_order(found, explain_job.order))
