"""Step `report`: one HTML file beside the submission, and the same sections as Prefect artifacts."""

import json
import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel

from tasks.core.cache.store import Artifact, Store, write_atomically
from tasks.core.competition import Score, Scores, find
from tasks.core.context import run_id
from tasks.core.report import page
from tasks.core.report.markdown import markdown
from tasks.core.step import step
from tasks.learning.ensemble import prediction_files
from tasks.learning.report.sections import sections

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
    *,
    left_out: dict[str, str] | None = None,
) -> dict[str, Any]:
    """Write `report.html` beside a new submission, else say that nothing changed; publish the sections.

    Args:
        left_out: what the run had no time for, by name, and why.

    Returns:
        `submission`, `report`: paths; `score`: name, value and standard error out of fold.
    """
    found, left_out = find(competition), left_out or {}
    summary = json.loads((blended.path / "blend.json").read_text("utf-8"))
    score, validation = Score(**summary["score"]), _validation(summary).get("blend")
    file = Path(folder) / "report.html"
    if file.exists():
        told = [_unchanged(file, score)]
    else:
        material = _material(competition, config, dataset, folds, members, blended, models, summary)
        told = sections(material, found.sections(material))
        _write(file, told, competition, material, score, left_out)
    publish(told, under=competition)
    log.info("%s, submission %s", _scores_told(score, validation), folder)
    return {
        "submission": str(Path(folder) / found.file),
        "report": str(file),
        "score": score._asdict(),
        "validation": validation._asdict() if validation else None,
        "left_out": left_out,
    }


def _write(
    file: Path,
    told: list[page.Section],
    competition: str,
    material: page.Material,
    score: Score,
    left_out: dict[str, str],
) -> None:
    figure, name = score.text(), file.parent.name
    facts = _facts(material, figure, name, left_out)
    write_atomically(file, page.render(f"{competition}: {name}", figure, told, facts=facts).encode())


def _scores_told(score: Score, validation: Score | None) -> str:
    on_validation = f", {validation.text()} on the validation part" if validation else ""
    return f"{score.text()} out of fold{on_validation}"


def _unchanged(file: Path, score: Score) -> page.Section:
    written = datetime.fromtimestamp(file.stat().st_mtime, UTC).strftime("%Y-%m-%d %H:%M UTC")
    told = f"{score.text()} out of fold, as before. The report of {written} holds: {file}"
    return page.Section("Unchanged", [page.Text(told)])


def _material(
    competition: str,
    config: BaseModel,
    dataset: Artifact,
    folds: Artifact,
    members: dict[str, Artifact],
    blended: Artifact,
    models: dict[str, Artifact],
    summary: dict[str, Any],
) -> page.Material:
    ids: list[str] = json.loads((folds.path / "ids.json").read_text("utf-8"))
    row = {id: index for index, id in enumerate(ids)}
    official = find(competition).scorer(dataset.path, settings=_answers(config))

    def score(scores: Scores) -> Score:
        return official(scores.values, np.array([row[id] for id in scores.ids]), decision=scores.decision)

    def read(artifact: Artifact, decision: dict[str, Any]) -> Scores:
        return prediction_files.read(artifact.path, "out_of_fold")._replace(decision=decision)

    decisions = summary["members_decision"]
    return page.Material(
        dataset=dataset.path,
        folds=np.load(folds.path / "folds.npy"),
        members={name: read(member, decisions[name]) for name, member in members.items()},
        blended=read(blended, summary["decision"]),
        validation=_validation(summary),
        blended_validation=prediction_files.read(blended.path, "validation")
        if summary["validation"]
        else None,
        weights=summary["weights"],
        nested=Score(**summary["nested"]["score"]) if summary["nested"] else None,
        score=score,
        histories={
            name: json.loads((model.path / "history.json").read_text("utf-8"))
            for name, model in models.items()
        },
        steps=Store.current().journal(run_id() or ""),
        config=config.model_dump(mode="json"),
    )


def _facts(
    material: page.Material, figure: str, submission: str, left_out: dict[str, str]
) -> list[tuple[str, str]]:
    validation = material.validation.get("blend")
    return [
        ("Out of fold", figure),
        *([("Validation", validation.text())] if validation else []),
        ("Records", f"{len(material.folds):,}"),
        ("Members", str(len(material.members))),
        *((f"Left out: {name}", why) for name, why in left_out.items()),
        ("Submission", submission),
    ]


def _answers(config: BaseModel) -> dict[str, Any] | None:
    """Settings of turning scores into answers, where a competition has any."""
    answers: BaseModel | None = getattr(config, "answers", None)
    return answers.model_dump(mode="json") if answers else None


def _validation(summary: dict[str, Any]) -> dict[str, Score]:
    """Scores of the validation part by member, the blend's under "blend"; empty where there is none."""
    if not summary["validation"]:
        return {}
    found = {**summary["members_validation"], "blend": summary["validation"]}
    return {name: Score(**score) for name, score in found.items()}


def publish(told: list[page.Section], *, under: str, of: str = "") -> None:
    """Sections as Markdown artifacts of the run; a page that fails must not cost what was found.

    Args:
        told: the sections.
        under: how their keys begin.
        of: how their descriptions begin.
    """
    from httpx import TransportError
    from prefect.artifacts import create_markdown_artifact

    for section in told:
        key = "".join(each if each.isalnum() else "-" for each in f"{under}-{section.title}".lower())
        key = key.encode("ascii", "ignore").decode().strip("-")
        try:
            create_markdown_artifact(markdown(section), key=key, description=f"{of}{section.title}")
        except TransportError as error:  # the server is away: others would wait a minute each
            log.warning("sections from %r on were not published: %s", section.title, error)
            return
        except Exception as error:
            log.warning("section %r was not published: %s", section.title, error)
