"""Step `report_prediction`: the report of what an earlier submission's models answer to other test files."""

import json
import logging
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from tasks.core.cache.store import Artifact, Store, part_folders, write_atomically
from tasks.core.competition import Score, find
from tasks.core.context import run_id
from tasks.core.report import page
from tasks.core.report.formatting import Estimate
from tasks.core.report.page import Section, TableBlock, Text
from tasks.core.report.publishing import publish
from tasks.core.step import step
from tasks.core.submissions.provenance import accepted_results
from tasks.learning.report import sections
from tasks.learning.report.part_comparison import part_comparison

log = logging.getLogger("podium")


@step(cached=False, label="report {competition}")
def report_prediction(
    competition: str,
    config: BaseModel,
    dataset: list[Artifact],
    blended: Artifact,
    members: dict[str, Artifact],
    scores: dict[str, Artifact],
    folder: str,
    *,
    source: str,
    comparison: Artifact | None,
) -> dict[str, Any]:
    """Write `report.html` next to a new submission, and publish its sections or that nothing changed.

    Args:
        dataset: the test part and what is common to all parts.
        blended: of step `blend` of the earlier submission.
        members: out-of-fold predictions of the members with a weight, by name.
        scores: their scores of the test records, by name.
        folder: of the new submission.
        source: name of the earlier submission.
        comparison: of step `compare`; None where the training records are not in the store.

    Returns:
        `submission`, `report`: paths; `score`: of the earlier submission, out of fold; `validation`,
        `left_out`, `accepted`: as of step `report`, the first two None and empty.
    """
    contract = find(competition)
    summary = json.loads((blended.path / "blend.json").read_text("utf-8"))
    score, count = Score(**summary["score"]), len(contract.ids(part_folders(dataset), "test"))
    file, steps = Path(folder) / "report.html", Store.current().journal(run_id() or "")
    if file.exists():
        parts = [_unchanged(file, count)]
    else:
        parts = [_origin(source, summary, list(members), count)]
        if comparison is not None:
            folders = part_folders([*dataset, comparison])
            parts.append(part_comparison(contract, folders, comparison.path, members, scores))
        parts += [each for each in (sections.accepted(steps), sections.time(steps)) if each.blocks]
        parts.append(sections.settings(config.model_dump(mode="json")))
        facts = [("Out of fold", score.text()), ("Test records", f"{count:,}"), ("Models of", source)]
        title = f"{competition}: {file.parent.name}"
        write_atomically(file, page.render(title, f"{count:,} answers", parts, facts=facts).encode())
    publish(parts, under=competition)
    log.info("%s answers by the models of %s, submission %s", f"{count:,}", source, folder)
    return {
        "submission": str(Path(folder) / contract.file),
        "report": str(file),
        "score": score._asdict(),
        "validation": None,
        "left_out": {},
        "accepted": accepted_results(steps),
    }


def _unchanged(file: Path, count: int) -> Section:
    text = f"{count:,} answers, as before. The report of that prediction is still valid: {file}"
    return Section("Unchanged", [Text(text)])


def _origin(source: str, summary: dict[str, Any], names: list[str], count: int) -> Section:
    text = (
        f"The models of {source} answered {count:,} test records with its weights and decisions. "
        "Nothing was trained or chosen; the scores are out-of-fold scores of that submission."
    )
    rows = [[name, summary["weights"][name], _estimate(summary["members"][name])] for name in names]
    table = TableBlock(
        ["member", "weight", "out of fold"], [*rows, ["blend", 1.0, _estimate(summary["score"])]]
    )
    return Section("Models", [Text(text), table])


def _estimate(score: dict[str, Any]) -> Estimate:
    return Estimate(score["value"], score["standard_error"])
