"""Cross-validation of recipes that read images: the frozen part of their network, and a second round."""

from typing import Any

from flows.training.cross_validation import CrossValidation, Member, ModelInputs, second_round_recipe
from flows.training.dataset import Future
from flows.training.repeated_trainings import by_fold
from tasks.mean import mean
from tasks.pseudo import pseudo


def frozen_outputs(validation: CrossValidation, recipe: Any, *, of_test: bool = False) -> ModelInputs:
    """Outputs of the frozen part for all views of the training records, computed once for all trainings.

    Empty where all layers are trained.

    Args:
        of_test: whether the trainings read those of test records too.
    """
    if not recipe.trunk.cut:
        return ModelInputs()
    frozen, test_views = {"trunk": recipe.trunk}, recipe.test_time.views
    parts = ("train", "test") if of_test else ("train",)
    encoded = {
        view: [validation.encoded(recipe, frozen, view, part=part) for part in parts]
        for view in dict.fromkeys(("identity", *test_views))
    }
    for_training = {"identity": encoded["identity"]} if recipe.views else encoded
    settings = {**frozen, "augmentation": recipe.augmentation}
    views = validation.views(recipe, settings, recipe.views)
    is_plain = any(stage.plain for stage in recipe.training.stages)
    plain_views = validation.views(recipe, settings, recipe.views, kind="plain") if is_plain else []
    for_prediction = {view: encoded[view][:1] for view in test_views}
    test = {view: encoded[view][1:] for view in test_views} if of_test else {}
    return ModelInputs(views, plain_views, for_training, for_prediction, test)


def second_round(validation: CrossValidation, members: dict[str, Member]) -> dict[str, Member]:
    """Train each recipe again, on confident test predictions too: new test files train this round anew.

    Recipes with `training.transfer` go on from the models of the first round, each from that of its fold and
    seed. A fold's labels come only from models that have not seen its records: those of all recipes and
    seeds, in which each recipe counts as much as any other.
    """
    config = validation.config
    labels = [
        pseudo.submit([_test_scores(member, fold) for member in members.values()], config.pseudo, fold=fold)
        for fold in validation.fold_indices
    ]
    found = {}
    for recipe in config.recipes:
        again = second_round_recipe(recipe)
        inputs = frozen_outputs(validation, again, of_test=True)
        start = members[recipe.name].models if recipe.training.transfer else None
        found[again.name] = validation.member(again, inputs, labels=labels, of_test=True, start=start)
    return found


def _test_scores(member: Member, fold: int) -> Future:
    """Scores of the test records by the models of one fold: by its only one, or the mean of its seeds'."""
    predictions = by_fold(member.test_predictions, member.recipe.seeds)[fold]
    if len(predictions) == 1:
        return predictions[0]
    return mean.submit(member.recipe.name, predictions, part="test", of=f"test, fold {fold}")
