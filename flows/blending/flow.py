"""DAG: members of earlier runs → submission; nothing is trained.

load → split; members of earlier runs (→ predict → average, for other test records) → blend → combine → decode
     → submit → report
"""

from typing import Any

from prefect import flow
from prefect.task_runners import ThreadPoolTaskRunner

from flows.members.member_provenance import EarlierMember, note_steps
from flows.runtime.await_steps import await_steps
from flows.training.cross_validation import CrossValidation, Member
from flows.training.dataset import load_parts
from flows.training.finish import finish
from tasks.core.context import run_id
from tasks.split import split


@flow(
    name="blend",
    description="Make one submission of members of earlier runs.",
    task_runner=ThreadPoolTaskRunner(max_workers=4),  # type: ignore[arg-type]
)
@await_steps
def blending(
    competition: str, config: Any, members: dict[str, EarlierMember], command: str
) -> dict[str, Any]:
    """From cached members to a checked submission with its report."""
    known = [artifact for each in members.values() for artifact in (each.artifact, *each.scores.values())]
    note_steps(known, run=run_id() or "")
    parts = load_parts(competition, config.data)
    folds = split.submit(competition, parts.train, config.folds)
    validation = CrossValidation(competition, config, parts, folds)
    completed = {name: _completed(validation, name, each) for name, each in members.items()}
    return finish(competition, config, parts, folds, completed, command=command)


def _completed(validation: CrossValidation, name: str, member: EarlierMember) -> Member:
    """The member, its models predicting the parts of which the store has no scores."""
    scores: dict[str, Any] = dict(member.scores)
    for part in validation.other_parts:
        if part not in scores:
            steps = validation.of_part(part)
            predictions = steps.predictions(member.recipe, member.models)
            scores[part] = steps.averaged(name, member.artifact, predictions)
    return Member(member.artifact, member.models, scores, recipe=member.recipe)
