"""Cross-validation of recipes that read texts: their inputs, their pretraining, and a second round."""

from itertools import combinations
from typing import Any

from flows.training.cross_validation import CrossValidation, Future, Member, ModelInputs, second_round_recipe
from tasks.learning.seeds import fold_seed
from tasks.pool import pool
from tasks.pretrain import pretrain


def text_member(validation: CrossValidation, recipe: Any) -> Member:
    """A recipe over all folds, whose models agree on scores of validation and test records."""
    inputs, start = _inputs(validation, recipe), _pretrained(validation, recipe)
    return validation.member(recipe, inputs, start=start)


def text_members(validation: CrossValidation, recipe: Any) -> dict[str, Member]:
    """A recipe over all folds, and of a second round where the settings have one, by name.

    The folds' models agree on scores of validation and test records. The second round learns labels that
    were cleaned by models which saw neither them nor the fold.
    """
    inputs, start = _inputs(validation, recipe), _pretrained(validation, recipe)
    members = {recipe.name: validation.member(recipe, inputs, start=start)}
    if validation.config.second_round.run:
        labels = _second_round_labels(validation, recipe, inputs, start=start)
        again = second_round_recipe(recipe)
        members[again.name] = validation.member(again, inputs, labels=labels, start=start)
    return members


def _second_round_labels(
    validation: CrossValidation, recipe: Any, inputs: ModelInputs, *, start: Future | None
) -> list[Future]:
    """For each fold, scores of all other folds' records; each model leaves two folds out and serves both.

    Pairs of folds have one model each, however many seeds the recipe has: labels are only cleaned where
    scores are near 0 or 1, and each further seed would take as many trainings as there are pairs of folds.
    """
    scores: dict[int, list[Future]] = {fold: [] for fold in validation.fold_indices}
    for pair in combinations(validation.fold_indices, 2):
        model = validation.train(recipe, inputs, fold=pair[0], beside=pair[1], start=start)
        for fold, other in (pair, pair[::-1]):
            of = f"fold {other} for fold {fold}"
            predicted = validation.predict_held_out(recipe, inputs, [model], fold=other, beside=fold, of=of)
            scores[fold].append(predicted)
    return [pool.submit(recipe.name, scores[fold], fold=fold) for fold in validation.fold_indices]


def _inputs(validation: CrossValidation, recipe: Any) -> ModelInputs:
    """Augmented views, and words where the encoder reads them."""
    settings = {"augmentation": recipe.augmentation.for_views()}
    views = validation.views(recipe, settings, recipe.augmentation.views)
    if not recipe.encoder.reads_words:
        return ModelInputs(views)
    words = {"words": [validation.encoded(recipe, {}, "words")]}
    return ModelInputs(views, [], words, words)


def _pretrained(validation: CrossValidation, recipe: Any) -> Future | None:
    """The pretrained network that trainings start from; None where the recipe has no pretraining.

    With `pretraining.texts` of all parts, new test files pretrain and train anew.
    """
    if not recipe.pretraining.stages:
        return None
    competition, config, parts, _ = validation
    settings = {"encoder": recipe.encoder, "pretraining": recipe.pretraining}
    names = ["train", *(validation.other_parts if recipe.pretraining.texts == "all" else [])]
    dataset = [parts.of(part)[0] for part in names]
    seed = fold_seed(config.seed, 0)
    return pretrain.submit(
        competition, recipe.name, settings, dataset, parts=names, seed=seed, run=config.run
    )
