"""Explanations by a tiny network of every kind of recipe, in a process whose backend `KERAS_BACKEND` names.

`python -m tests.backends.explanations FOLDER NAME…` prints a line of JSON for each: how far the weights are
from complete, and what they are of.
"""

import json
import sys
import time
import traceback
from pathlib import Path
from typing import Any

import numpy as np

from tasks.core.competition import find
from tasks.core.jobs import ExplainedRecords, ExplainJob
from tests.test_exported_networks import CASES, MORE, job_of

ALL = {"-".join(filter(None, case)): case for case in (*CASES, *MORE)}


def explained(name: str, folder: Path) -> dict[str, Any]:
    """What the explanations of a network with its first weights are like."""
    import keras

    from tasks.learning.training.keras_setup import configure

    case, began = ALL[name], time.process_time()
    keras.backend.clear_session()
    configure(1)
    competition, job = find(case[0]), job_of(case, folder)
    training = competition.build(job)
    model = folder / "model"
    model.mkdir()
    training.write(model)
    training.model.save_weights(model / "model.weights.h5")
    configure(1)  # which draws a trunk without pretrained weights
    found = list(competition.explainer.explain(explain_job(case[0], job, model)))
    reasons = [reason for each in found for reason in each.reasons]
    weights = [
        np.array([weight for text in each.texts for weight in text.weights])
        if each.heat is None
        else np.asarray(each.heat).ravel()
        for each in reasons
    ]
    sums = [
        abs(each.sum() - (reason.output - reason.baseline)) / max(abs(reason.output - reason.baseline), 0.001)
        for each, reason in zip(weights, reasons, strict=True)
    ]
    return {
        "name": name,
        "records": len(found),
        "reasons": [each.name for each in reasons],
        "differences": [round(each.output - each.baseline, 4) for each in reasons],
        "errors": [round(each.error, 6) for each in reasons],
        "sums": [round(float(each), 6) for each in sums],
        "largest": max(float(np.abs(each).max()) for each in weights),
        "points": [each.points for each in reasons],
        "seconds": round(time.process_time() - began, 1),
    }


def explain_job(competition: str, job: Any, model: Path) -> ExplainJob:
    """Explain a training record with this model."""
    from importlib import import_module

    recipe = import_module(f"tasks.{competition}.config").Recipe.model_validate(job.settings)
    id = find(competition).ids(job.dataset, "train")[1]
    records = ExplainedRecords(part="train", ids=(id,), models=(model,))
    return ExplainJob(
        competition=competition,
        settings=recipe.for_prediction().model_dump(mode="json"),
        dataset=job.dataset,
        seed=1,
        output=job.output,
        partial=job.partial,
        records=(records,),
        decision={"threshold": 0.5},
        first_head=0.75,
    )


def main(folder: str, *names: str) -> None:
    """Explain by these networks; else by all."""
    for name in names or ALL:
        try:
            print(json.dumps(explained(name, Path(folder) / name), ensure_ascii=False), flush=True)
        except Exception:
            print(json.dumps({"name": name, "error": traceback.format_exc()}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
