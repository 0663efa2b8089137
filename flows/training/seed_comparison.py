"""Scores of single seeds, beside which the report shows those of their averaged predictions."""

from collections.abc import Mapping

from flows.training.cross_validation import CrossValidation, Member
from flows.training.dataset import Future
from flows.training.repeated_trainings import by_fold
from tasks.evaluate import evaluate


def compare_seeds(validation: CrossValidation, members: Mapping[str, Member]) -> dict[str, Member]:
    """The members, those of several seeds with an out-of-fold score of each seed by itself.

    Call it when the steps of all members are submitted: in the flow's pool of threads a step that waits keeps
    a thread from the next training.
    """
    return {name: _compared(validation, member) for name, member in members.items()}


def _compared(validation: CrossValidation, member: Member) -> Member:
    recipe = member.recipe
    if recipe.seeds == 1:
        return member
    predictions = member.single or _predictions(validation, member)
    scores = [
        evaluate.submit(
            validation.competition,
            recipe.name,
            validation.parts.train,
            validation.folds,
            list(of_seed),
            of=f"seed {number}",
        )
        for number, of_seed in enumerate(zip(*predictions, strict=True))
    ]
    return member._replace(seed_scores=scores)


def _predictions(validation: CrossValidation, member: Member) -> list[list[Future]]:
    """Held-out predictions of each fold's models alone, by fold; for the member they predict together."""
    return [
        validation.predict_singly(member.recipe, member.inputs, models, fold=fold)
        for fold, models in enumerate(by_fold(member.models, member.recipe.seeds))
    ]
