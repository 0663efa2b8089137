"""DAG: cached members → submission; nothing is trained.

load → split; members of earlier runs → blend → decode → submit → report
"""

from typing import Any

from prefect import flow
from prefect.task_runners import ThreadPoolTaskRunner

from flows.blending.provenance import retell
from flows.runtime.await_steps import followed
from tasks.blend import blend
from tasks.core.cache.store import Artifact
from tasks.core.context import run_id
from tasks.decode import decode
from tasks.load import load
from tasks.report import report
from tasks.split import split
from tasks.submit import submit


@flow(
    name="blend",
    description="Make one submission of members of earlier runs.",
    task_runner=ThreadPoolTaskRunner(max_workers=4),  # type: ignore[arg-type]
)
@followed
def blending(
    competition: str,
    config: Any,
    members: dict[str, Artifact],
    models: dict[str, Artifact],
    command: str,
) -> dict[str, Any]:
    """From cached members to a checked submission with its report."""
    answers = getattr(config, "answers", None)
    retell(members.values(), run=run_id() or "")
    dataset = load.submit(competition, config.data)
    folds = split.submit(competition, dataset, config.folds)
    blended = blend.submit(competition, dataset, members, config.blend, answers, folds=folds)
    file = decode.submit(competition, dataset, blended)
    folder = submit.submit(competition, config, dataset, blended, file, config.run.name, command=command)
    return report.submit(competition, config, dataset, folds, members, blended, models, folder)
