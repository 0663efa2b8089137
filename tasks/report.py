"""Step `report`: an HTML file next to the submission, and the same sections as Prefect artifacts."""

import json
import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel

from tasks.core.cache.acceptances import text_of
from tasks.core.cache.store import Artifact, Store, part_folders, write_atomically
from tasks.core.competition import Score, Scores, find
from tasks.core.context import run_id
from tasks.core.dataset import PartFolders
from tasks.core.report import page
from tasks.core.report.publishing import publish
from tasks.core.step import step
from tasks.core.submissions.provenance import accepted_results
from tasks.learning.attribution.explanations import read as read_explanations
from tasks.learning.attribution.explanations import renamed
from tasks.learning.ensemble import prediction_files
from tasks.learning.ensemble.evaluation import validation_scores
from tasks.learning.report.explanation_section import explanation_section
from tasks.learning.report.part_comparison import part_comparison
from tasks.learning.report.sections import sections

EXPLAINED = "Why the worst mistakes"
log = logging.getLogger("podium")


@step(cached=False, label="report {competition}")
def report(
    competition: str,
    config: BaseModel,
    dataset: list[Artifact],
    folds: Artifact,
    members: dict[str, Artifact],
    blended: Artifact,
    models: dict[str, Artifact],
    folder: str,
    *,
    comparison: Artifact,
    test_scores: dict[str, Artifact],
    validation: Artifact | None = None,
    combined_validation: Artifact | None = None,
    seed_scores: dict[str, list[Artifact]] | None = None,
    left_out: dict[str, str] | None = None,
    soup: dict[str, Any] | None = None,
    explained: Artifact | None = None,
    explained_member: str = "",
) -> dict[str, Any]:
    """Write `report.html` next to a new submission, and publish its sections or that nothing changed.

    Args:
        dataset: all parts.
        comparison: of step `compare`: how test records differ from training records.
        test_scores: scores of the test records by member.
        validation: of step `validate`, with `combined_validation`, the blend's scores of that part.
        seed_scores: of step `evaluate`, by member and seed, of those with several seeds.
        soup: of a single member whose weights are the mean of others': what was averaged.
        explained: of step `explain`: why the member `explained_member` makes its worst mistakes; a report
            without them is written again.

    Returns:
        `submission`, `report`: paths; `score`: out of fold; `validation`: score or None; `left_out`: what the
        run had no time for, by name, and why; `accepted`: the results of earlier code that count.
    """
    contract, left_out = find(competition), left_out or {}
    summary = json.loads((blended.path / "blend.json").read_text("utf-8"))
    scores = {
        name: Score(**each)
        for name, each in validation_scores(validation.path if validation else None).items()
    }
    score, validation_score = Score(**summary["score"]), scores.get("blend")
    file = Path(folder) / "report.html"
    if file.exists() and (explained is None or EXPLAINED in file.read_text("utf-8")):
        parts = [_unchanged(file, score)]
    else:
        folders = part_folders([*dataset, comparison])
        material = _material(competition, config, folders, folds, members, blended, models, summary)
        material = material._replace(seeds=_seeds(seed_scores or {}, members), soup=soup)
        if scores and combined_validation:
            of_blend = prediction_files.read(combined_validation.path, "validation")
            material = material._replace(validation=scores, blended_validation=of_blend)
        compared = part_comparison(contract, folders, comparison.path, members, test_scores)
        own = [
            *contract.sections(material),
            *_explained(competition, config, explained, explained_member),
            compared,
        ]
        parts = sections(material, own)
        title, facts = f"{competition}: {file.parent.name}", _facts(material, score, folder, left_out)
        write_atomically(file, page.render(title, score.text(), parts, facts=facts).encode())
    publish(parts, under=competition)
    on_validation = f", {validation_score.text()} on the validation part" if validation_score else ""
    log.info("%s out of fold%s, submission %s", score.text(), on_validation, folder)
    return {
        "submission": str(Path(folder) / contract.file),
        "report": str(file),
        "score": score._asdict(),
        "validation": validation_score._asdict() if validation_score else None,
        "left_out": left_out,
        "accepted": accepted_results(Store.current().journal(run_id() or "")),
    }


def _explained(
    competition: str, config: BaseModel, explained: Artifact | None, member: str
) -> list[page.Section]:
    if explained is None:
        return []
    names = find(competition).explainer.shown(config.model_dump(mode="json"))
    found = renamed(read_explanations(explained.path), names)
    if not found:
        none = f"Out of fold, member {member} answers no record wrongly."
        return [page.Section(EXPLAINED, [page.Text(none)])]
    return [explanation_section(EXPLAINED, found, member=member)]


def _unchanged(file: Path, score: Score) -> page.Section:
    written = datetime.fromtimestamp(file.stat().st_mtime, UTC).strftime("%Y-%m-%d %H:%M UTC")
    text = f"{score.text()} out of fold, as before. The report of {written} is still valid: {file}"
    return page.Section("Unchanged", [page.Text(text)])


def _material(
    competition: str,
    config: BaseModel,
    folders: PartFolders,
    folds: Artifact,
    members: dict[str, Artifact],
    blended: Artifact,
    models: dict[str, Artifact],
    summary: dict[str, Any],
) -> page.Material:
    ids: list[str] = json.loads((folds.path / "ids.json").read_text("utf-8"))
    row = {id: index for index, id in enumerate(ids)}
    scorer = find(competition).scorer(folders, settings=_answers(config))

    def score(scores: Scores) -> Score:
        return scorer(scores.values, np.array([row[id] for id in scores.ids]), decision=scores.decision)

    def read(artifact: Artifact, decision: dict[str, Any]) -> Scores:
        return prediction_files.read(artifact.path, "out_of_fold")._replace(decision=decision)

    decisions = summary["members_decision"]
    files = {name: model.path / "history.json" for name, model in models.items()}
    return page.Material(
        dataset=folders,
        folds=np.load(folds.path / "folds.npy"),
        members={name: read(member, decisions[name]) for name, member in members.items()},
        blended=read(blended, summary["decision"]),
        weights=summary["weights"],
        nested=Score(**summary["nested"]["score"]) if summary["nested"] else None,
        score=score,
        histories={name: json.loads(file.read_text("utf-8")) for name, file in files.items()},
        steps=Store.current().journal(run_id() or ""),
        config=config.model_dump(mode="json"),
        models={name: model.path for name, model in models.items()},
    )


def _seeds(
    seed_scores: dict[str, list[Artifact]], members: dict[str, Artifact]
) -> dict[str, page.SeedScores]:
    """Scores of single seeds beside those of the members that average them."""

    def content(folder: Path, name: str) -> dict[str, Any]:
        read: dict[str, Any] = json.loads((folder / name).read_text("utf-8"))
        return read

    return {
        name: page.SeedScores(
            Score(**content(members[name].path, "member.json")["score"]),
            [Score(**content(each.path, "score.json")) for each in single],
        )
        for name, single in seed_scores.items()
    }


def _facts(
    material: page.Material, score: Score, folder: str, left_out: dict[str, str]
) -> list[tuple[str, str]]:
    validation = material.validation.get("blend")
    return [
        ("Out of fold", score.text()),
        *([("Validation", validation.text())] if validation else []),
        ("Records", f"{len(material.folds):,}"),
        ("Members", str(len(material.members))),
        *((f"Left out: {name}", reason) for name, reason in left_out.items()),
        *((f"Accepted: {each['step']}", text_of(each)) for each in accepted_results(material.steps)),
        ("Submission", Path(folder).name),
    ]


def _answers(config: BaseModel) -> dict[str, Any] | None:
    """The settings of turning scores into answers; None if the competition has none."""
    answers: BaseModel | None = getattr(config, "answers", None)
    return answers.model_dump(mode="json") if answers else None
