"""Entries of a bundle's child processes; each job is JSON."""

import json
from pathlib import Path
from typing import Any

from flows.offline.inference import config_of, inference_of
from flows.offline.member_choice import chosen
from tasks.core.dataset import PartFolders
from tasks.core.jobs import EncodeJob, PredictJob
from tasks.learning.ensemble.answer_files import write_submission
from tasks.learning.ensemble.average_files import write_average
from tasks.learning.ensemble.combined_files import write_combination


def load(job: dict[str, Any]) -> None:
    """Read and check the raw test files in `root` by the settings `data`; write the part to `output`."""
    data = config_of(job["competition"]).model_validate({"data": {**job["data"], "root": job["root"]}}).data
    inference_of(job["competition"], "").load(data, "test", Path(job["output"]))


def encode(job: dict[str, Any]) -> None:
    """The work of step `encode`."""
    read = EncodeJob.model_validate(job)
    inference_of(read.competition, "").encode(read)


def predict(job: dict[str, Any]) -> None:
    """The work of step `predict`."""
    from tasks.learning.ensemble import prediction_files
    from tasks.learning.training.keras_setup import configure

    read = PredictJob.model_validate(job)
    if read.network:
        configure(read.seed)
    pieces = inference_of(read.competition, "").predict(read)
    prediction_files.write_pieces(read.output, read.part, pieces)


def answer(job: dict[str, Any]) -> None:
    """The work of steps `average`, `combine` and `decode`: write the submission of some members to `output`.

    `predictions` are the folders of models' predictions, by member.
    """
    bundle, output = Path(job["bundle"]), Path(job["output"])
    summary = json.loads((bundle / "blend.json").read_text("utf-8"))
    predictions = {name: [Path(each) for each in folders] for name, folders in job["predictions"].items()}
    combination, decision = chosen(summary, list(predictions))
    scores = {}
    for name in combination.needed():
        scores[name] = output / "scores" / name
        scores[name].mkdir(parents=True)
        write_average(scores[name], bundle / "members" / name, predictions[name], part="test")
    combined = output / "combined"
    combined.mkdir()
    write_combination(combined, combination, scores, part="test")
    rules = inference_of(job["competition"], job["file"])
    write_submission(output, rules, PartFolders.of(*map(Path, job["dataset"])), combined, decision)
