"""The end of every flow: members → blend → combine → decode → submit → report."""

from collections.abc import Mapping
from typing import Any

from flows.training.cross_validation import Member
from flows.training.dataset import Future, Parts
from flows.training.explained_mistakes import worst_explained
from flows.training.joined_members import pinned
from flows.training.repeated_trainings import by_fold, training_name
from tasks.blend import blend
from tasks.combine import combine
from tasks.compare import compare
from tasks.decode import decode
from tasks.report import report
from tasks.submit import REBUILD, submit
from tasks.validate import validate


def finish(
    competition: str,
    config: Any,
    parts: Parts,
    folds: Future,
    members: Mapping[str, Member],
    *,
    joined: Mapping[str, Member] | None = None,
    left_out: dict[str, str] | None = None,
    command: str = REBUILD,
) -> Any:
    """Blend the members, write and check the submission, and report; a future of what `report` returns.

    Args:
        joined: members that the run has not trained (`flows.training.joined_members`).
        left_out: what the run had no time for, by name, and why.
        command: rebuilds the submission, with its competition and folder in braces.
    """
    answers = getattr(config, "answers", None)
    members, command = {**members, **(joined or {})}, command + pinned(joined or {})
    out_of_fold = {name: member.joined for name, member in members.items()}
    blended = blend.submit(competition, parts.train, out_of_fold, config.blend, answers, folds=folds)
    combined = combine_part(competition, blended, members, "test")
    file = decode.submit(competition, parts.of("test"), blended, combined)
    validation, combined_validation = None, None
    if parts.validation is not None:
        combined_validation = combine_part(competition, blended, members, "validation")
        scores = {name: member.scores["validation"] for name, member in members.items()}
        validation = validate.submit(
            competition, parts.of("validation"), blended, combined_validation, scores, answers
        )
    ensemble = {
        "train": parts.train,
        "common": parts.common,
        "blend": blended,
        "validation": validation,
        "members": {name: _described(member) for name, member in members.items()},
    }
    folder = submit.submit(
        competition,
        config,
        parts.of("test"),
        ensemble,
        file,
        config.run.name,
        left_out=left_out,
        command=command,
    )
    explained, explained_member = worst_explained(competition, config, parts, folds, members, blended)
    return report.submit(
        competition,
        config,
        parts.all(),
        folds,
        out_of_fold,
        blended,
        _models(members, folds=config.folds.count),
        folder,
        comparison=compare.submit(competition, [*parts.all(), parts.common]),
        test_scores={name: member.scores["test"] for name, member in members.items()},
        validation=validation,
        combined_validation=combined_validation,
        seed_scores={name: member.seed_scores for name, member in members.items() if member.seed_scores},
        left_out=left_out,
        soup=_soup(members),
        explained=explained,
        explained_member=explained_member,
    )


def combine_part(competition: str, blended: Future, members: Mapping[str, Member], part: str) -> Future:
    """The blend's scores of validation or test records."""
    scores = {name: member.scores[part] for name, member in members.items()}
    return combine.submit(competition, blended, scores, part=part)


def _described(member: Member) -> dict[str, Any]:
    """What a submission's provenance holds of a member, so that it can predict other records."""
    described = {"member": member.joined, "recipe": member.recipe, "models": member.models}
    return {**described, "soup": member.soup} if member.soup else described


def _soup(members: Mapping[str, Member]) -> dict[str, Any] | None:
    """What was averaged, if a single member is the mean of others' weights."""
    (first, *others) = members.values()
    return None if others else first.soup


def _models(members: Mapping[str, Member], *, folds: int) -> dict[str, Future]:
    """The members' models as the report names them: `small, fold 0`, or `small, fold 0 seed 1`."""
    named: dict[str, Future] = {}
    for name, member in members.items():
        seeds = max(1, len(member.models) // folds)
        for fold, trained in enumerate(by_fold(member.models, seeds)):
            for number, model in enumerate(trained):
                named[f"{name}, {training_name(fold, number, seeds)}"] = model
    return named
