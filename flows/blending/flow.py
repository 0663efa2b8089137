"""DAG: members of earlier runs → submission; nothing is trained.

load → split; members of earlier runs → blend → decode → submit → report
"""

from typing import Any

from prefect import flow
from prefect.task_runners import ThreadPoolTaskRunner

from flows.blending.member_provenance import note_steps
from flows.runtime.await_steps import await_steps
from flows.training.cross_validation import Member
from flows.training.finish import finish
from tasks.core.cache.store import Artifact
from tasks.core.context import run_id
from tasks.load import load
from tasks.split import split


@flow(
    name="blend",
    description="Make one submission of members of earlier runs.",
    task_runner=ThreadPoolTaskRunner(max_workers=4),  # type: ignore[arg-type]
)
@await_steps
def blending(
    competition: str,
    config: Any,
    members: dict[str, Artifact],
    models: dict[str, list[Artifact]],
    command: str,
) -> dict[str, Any]:
    """From cached members to a checked submission with its report."""
    note_steps(members.values(), run=run_id() or "")
    dataset = load.submit(competition, config.data)
    folds = split.submit(competition, dataset, config.folds)
    cached = {name: Member(artifact, [], models.get(name, [])) for name, artifact in members.items()}
    return finish(competition, config, dataset, folds, cached, command=command)
