"""The end of every flow: members → blend → decode → submit → report."""

from collections.abc import Mapping
from typing import Any

from flows.training.cross_validation import Future, Member
from tasks.blend import blend
from tasks.decode import decode
from tasks.report import report
from tasks.submit import REBUILD, submit


def finish(
    competition: str,
    config: Any,
    dataset: Future,
    folds: Future,
    members: Mapping[str, Member],
    *,
    left_out: dict[str, str] | None = None,
    command: str = REBUILD,
) -> Any:
    """Blend the members, write and check the submission, and report; a future of what `report` returns.

    Args:
        left_out: what the run had no time for, by name, and why.
        command: rebuilds the submission, with its competition and folder in braces.
    """
    joined = {name: member.joined for name, member in members.items()}
    models = {
        f"{name}, fold {fold}": model
        for name, member in members.items()
        for fold, model in enumerate(member.models)
    }
    answers = getattr(config, "answers", None)
    blended = blend.submit(competition, dataset, joined, config.blend, answers, folds=folds)
    file = decode.submit(competition, dataset, blended)
    folder = submit.submit(
        competition, config, dataset, blended, file, config.run.name, left_out=left_out, command=command
    )
    return report.submit(
        competition, config, dataset, folds, joined, blended, models, folder, left_out=left_out
    )
