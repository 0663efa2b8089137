"""Step `report`: one HTML file beside the submission, and the same sections as Prefect artifacts."""

import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel

from tasks.core import page
from tasks.core.competition import Score, Scores, find
from tasks.core.markdown import markdown
from tasks.core.running import run_id
from tasks.core.step import step
from tasks.core.store import Artifact, Store, write_atomically
from tasks.learning.sections import sections

log = logging.getLogger("podium")


@step(cached=False, label="report {competition}")
def report(
    competition: str,
    config: BaseModel,
    dataset: Artifact,
    folds: Artifact,
    members: dict[str, Artifact],
    blended: Artifact,
    models: dict[str, Artifact],
    folder: str,
) -> dict[str, Any]:
    """Write `report.html` into the submission's folder and publish its sections.

    Returns:
        `submission`, `report`: paths; `score`: name, value and standard error out of fold.
    """
    found = find(competition)
    material = _material(competition, config, dataset, folds, members, blended, models)
    told = sections(material, found.sections(material))
    score = material.score(material.blended)
    file = Path(folder) / "report.html"
    figure = f"{score.name} {score.value:.4f} ± {score.standard_error:.4f}"
    facts = [
        ("Out of fold", figure),
        ("Records", f"{len(material.folds):,}"),
        ("Members", str(len(members))),
        ("Submission", Path(folder).name),
    ]
    if not file.exists():
        text = page.render(f"{competition}: {Path(folder).name}", figure, told, facts=facts)
        write_atomically(file, text.encode())
    _publish(competition, told)
    log.info("%s out of fold, submission %s", figure, folder)
    return {
        "submission": str(Path(folder) / found.file),
        "report": str(file),
        "score": score._asdict(),
    }


def _material(
    competition: str,
    config: BaseModel,
    dataset: Artifact,
    folds: Artifact,
    members: dict[str, Artifact],
    blended: Artifact,
    models: dict[str, Artifact],
) -> page.Material:
    ids: list[str] = json.loads((folds.path / "ids.json").read_text("utf-8"))
    row = {id: index for index, id in enumerate(ids)}
    official = find(competition).scorer(dataset.path)

    def score(scores: Scores) -> Score:
        return official(scores.values, np.array([row[id] for id in scores.ids]))

    def read(artifact: Artifact) -> Scores:
        return Scores(ids, np.load(artifact.path / "out_of_fold.npy"))

    return page.Material(
        dataset=dataset.path,
        folds=np.load(folds.path / "folds.npy"),
        members={name: read(member) for name, member in members.items()},
        blended=read(blended),
        weights=json.loads((blended.path / "blend.json").read_text("utf-8"))["weights"],
        score=score,
        histories={
            name: json.loads((model.path / "history.json").read_text("utf-8"))
            for name, model in models.items()
        },
        steps=Store.current().journal(run_id() or ""),
        config=config.model_dump(mode="json"),
    )


def _publish(competition: str, told: list[page.Section]) -> None:
    """Sections as Markdown artifacts of the run; a page that fails must not cost the submission."""
    from prefect.artifacts import create_markdown_artifact

    for section in told:
        key = "".join(each if each.isalnum() else "-" for each in section.title.lower())
        key = f"{competition}-{key}".encode("ascii", "ignore").decode().strip("-")
        try:
            create_markdown_artifact(markdown(section), key=key, description=section.title)
        except Exception as error:
            log.warning("section %r was not published: %s", section.title, error)
