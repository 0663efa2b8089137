"""Cross-validation of recipes that read texts: what they read, start from, learn in a second round."""

from itertools import combinations
from typing import Any

from flows.training.cross_validation import (
    Member,
    Readings,
    cross_validate,
    fold_seed,
    train_fold,
)
from tasks.augment import augment
from tasks.encode import encode
from tasks.pool import pool
from tasks.predict import predict
from tasks.pretrain import pretrain


def member(competition: str, recipe: Any, dataset: Any, folds: Any, config: Any) -> Member:
    """A recipe over all folds, whose models agree on scores of validation and test records."""
    given = (competition, recipe, dataset, folds, config)
    over_folds = (_readings(*given), dataset, folds, config)
    return cross_validate(competition, recipe, *over_folds, start=_start(*given), together=True)


def rounds(competition: str, recipe: Any, dataset: Any, folds: Any, config: Any) -> dict[str, Member]:
    """A recipe over all folds, and again where a second round is asked for, by name.

    The folds' models agree on scores of validation and test sentences. The second round learns labels that
    were cleaned by models which saw neither them nor the fold.
    """
    given = (competition, recipe, dataset, folds, config)
    if not config.second_round.run:
        return {recipe.name: member(*given)}
    readings, start = _readings(*given), _start(*given)
    over_folds = (readings, dataset, folds, config)
    first = cross_validate(competition, recipe, *over_folds, start=start, together=True)
    judged = _judged(*given, readings=readings, start=start)
    labels = [pool.submit(recipe.name, judged[fold], fold=fold) for fold in range(config.folds.count)]
    again = recipe.model_copy(update={"name": f"{recipe.name}-again"})
    second = cross_validate(competition, again, *over_folds, labels=labels, start=start, together=True)
    return {recipe.name: first, again.name: second}


def _judged(
    competition: str, recipe: Any, dataset: Any, folds: Any, config: Any, *, readings: Readings, start: Any
) -> dict[int, list[Any]]:
    """For each fold, scores of all other folds' records; each model leaves two folds out and serves both."""
    judged: dict[int, list[Any]] = {fold: [] for fold in range(config.folds.count)}
    shown = (competition, recipe.for_prediction(), dataset, folds, readings.shown)
    options = {"seed": config.seed, "run": config.run}
    for fold, beside in combinations(range(config.folds.count), 2):
        model = train_fold(
            competition, recipe, readings, dataset, folds, config, fold=fold, beside=beside, start=start
        )
        for own, other in ((fold, beside), (beside, fold)):
            of = f"fold {other} for fold {own}"
            kept_apart = {"fold": other, "beside": own}
            scores = predict.submit(*shown, [model], parts=["held_out"], **kept_apart, of=of, **options)
            judged[own].append(scores)
    return judged


def _readings(competition: str, recipe: Any, dataset: Any, folds: Any, config: Any) -> Readings:
    """Augmented views, and words where the encoder reads any."""
    options = {"seed": config.seed, "run": config.run}
    settings = {"augmentation": recipe.augmentation.for_views()}
    given = (competition, recipe.name, settings, dataset, folds)
    views = [
        augment.submit(*given, view=view, kind="view", **options) for view in range(recipe.augmentation.views)
    ]
    if not recipe.encoder.reads_words:
        return Readings(views)
    words = {"words": encode.submit(competition, recipe.name, {}, dataset, view="words", **options)}
    return Readings(views, [], words, words)


def _start(competition: str, recipe: Any, dataset: Any, folds: Any, config: Any) -> Any:
    """The pretrained network that trainings start from, if the recipe asks for one."""
    if not recipe.pretraining.stages:
        return None
    settings = {"encoder": recipe.encoder, "pretraining": recipe.pretraining}
    seed = fold_seed(config.seed, 0)
    return pretrain.submit(competition, recipe.name, settings, dataset, seed=seed, run=config.run)
