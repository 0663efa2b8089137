"""Members whose weights are averaged: their models, and whether these are alike.

The weights of models can be averaged if these have the same architecture and predict with the same settings.
The mean has not seen a fold if none of the models has.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from flows.blending.member_selection import FEWEST_MEMBERS, choose
from flows.members.cached_members import CachedMember
from flows.members.member_models import predictions_by_models
from flows.members.member_provenance import (
    models_of,
    recipe_of,
    recipe_settings,
    submissions_with,
    with_recipes,
)
from flows.training.repeated_trainings import by_fold
from tasks.core.cache.keys import canonical
from tasks.core.cache.lineage import Lineage, input_artifacts
from tasks.core.cache.store import Artifact, Store
from tasks.core.errors import InvalidSettings
from tasks.core.submissions.submissions import Submission, flat
from tasks.learning.ensemble import mean_weights
from tasks.learning.ensemble.evaluation import Evaluation

OPTION = "members"
"""What messages call the members on the command line."""


class Ingredient(NamedTuple):
    """A member whose weights are averaged with those of others."""

    member: Artifact
    """Its out-of-fold predictions."""
    models: list[list[Artifact]]
    """By fold: those of all seeds."""
    evaluation: Evaluation

    @property
    def seeds(self) -> int:
        """Number of models of each fold."""
        return len(self.models[0])


class Ingredients(NamedTuple):
    """Members whose weights can be averaged."""

    members: dict[str, Ingredient]
    """By name, the best first."""
    recipe: Any
    """The settings with which their mean predicts; those that only trainings use are of the first one."""
    config: Any
    """The settings of a run, with the recipes of the members that are part of a submission."""


def find_ingredients(
    competition: str, config: Any, selector: str, *, name: str, submissions: Sequence[Submission]
) -> Ingredients:
    """The selected members with all that averaging their weights needs.

    Args:
        selector: names, digests or `best:N`, as `flows.blending.member_selection.choose` takes them.
        name: of the member to be made.
        submissions: those of the competition, which contain the settings of members.

    Raises:
        InvalidSettings: a member is of other records or folds, has no models in the store or was made by
            others, or differs from the first in more than the values of its weights; or no settings are known
            with which they predict.
    """
    choice = choose(competition, config, selector, can_predict=lambda member: True, option=OPTION, fewest=1)
    chosen = {each: entry.member for each, entry in choice.members.items()}
    lineage = Lineage(Store.current().records())
    models = {each: _models(member, lineage, submissions) for each, member in chosen.items()}
    if sum(len(of_member[0]) for of_member in models.values()) < FEWEST_MEMBERS:
        raise InvalidSettings(
            f"{OPTION}: expected at least 2, or one of several seeds, received {', '.join(chosen)}"
        )
    settings = {each: _settings(member, lineage, config, submissions) for each, member in chosen.items()}
    first = next(iter(chosen))
    for other in chosen:
        text = _different_settings(settings[first], settings[other])
        if text := text or _different_models(models[first], models[other]):
            raise InvalidSettings(f"{OPTION}: {chosen[other]} is not like {chosen[first]}: {text}")
    recipe = _recipe(chosen, settings[first], config, submissions)
    members = {
        each: Ingredient(entry.member.artifact, models[each], entry.evaluation)
        for each, entry in choice.members.items()
    }
    return Ingredients(members, _renamed(recipe, name), with_recipes(config, chosen, submissions))


def _models(
    member: CachedMember, lineage: Lineage, submissions: Sequence[Submission]
) -> list[list[Artifact]]:
    """The member's models of all seeds by fold, none of which has seen its fold."""
    if member.is_foreign:
        raise InvalidSettings(
            f"{OPTION}: expected members with models, received {member}, which was added from files"
        )
    if not (models := models_of(member, lineage)):
        raise InvalidSettings(
            f"{OPTION}: expected the models of all folds of {member} in {Store.current().root}, some left; "
            f"rebuild them with: {_rebuilding(member, submissions)}"
        )
    folds = member.record["inputs"]["folds"]["artifact"]
    seeds = len(models) // len(member.record["inputs"]["held_out"])
    for place, model in enumerate(models):
        fold = place // seeds
        for trained in _trainings(model.name, lineage):
            received = trained["folds"]["artifact"], (trained["fold"], trained.get("beside"))
            if received[0] != folds or fold not in received[1]:
                raise InvalidSettings(
                    f"{OPTION}: {member}, fold {fold}: expected a model that has not seen this fold, "
                    f"received one without fold {trained['fold']} of {received[0]}"
                )
    return by_fold(models, seeds)


def _rebuilding(member: CachedMember, submissions: Sequence[Submission]) -> str:
    """The command that makes a member's models: a run, since blends and soups of it would need them."""
    commands = [str(each.provenance.get("command")) for each in submissions_with(member, submissions)]
    commands.sort(key=lambda command: not command.startswith("podium run"))
    return next(iter(commands), "podium run and its preset")


def _trainings(model: str, lineage: Lineage) -> list[dict[str, Any]]:
    """Inputs of the trainings that made a model, several where it is a mean of others."""
    inputs = (lineage.record(model) or {"inputs": {}})["inputs"]
    if "fold" in inputs:
        return [inputs]
    return [each for other in input_artifacts(inputs.get("models")) for each in _trainings(other, lineage)]


def _settings(
    member: CachedMember, lineage: Lineage, config: Any, submissions: Sequence[Submission]
) -> dict[str, Any]:
    """The settings with which a member predicts, as keys contain them."""
    if (recipe := recipe_settings(recipe_of(member, submissions), type(config))) is not None:
        return _prediction_settings(recipe)
    first = predictions_by_models(member, lineage)[0]
    settings: dict[str, Any] = first[0]["inputs"]["recipe"]
    return settings


def _prediction_settings(recipe: Any) -> dict[str, Any]:
    settings: dict[str, Any] = canonical(recipe.for_prediction(), "recipe", Store.current())
    return settings


def _different_settings(expected: dict[str, Any], received: dict[str, Any]) -> str | None:
    """The first setting of prediction in which two members differ."""
    first, second = dict(flat(expected)), dict(flat(received))
    for key in sorted(first.keys() | second.keys()):
        if first.get(key) != second.get(key):
            return f"{key}: expected {first.get(key)}, received {second.get(key)}"
    return None


def _different_models(
    expected: Sequence[Sequence[Artifact]], received: Sequence[Sequence[Artifact]]
) -> str | None:
    """The first difference between the models of two members, for which they cannot be averaged."""
    for fold, ((first, *_), others) in enumerate(zip(expected, received, strict=True)):
        for other in others:
            if (text := mean_weights.difference(first.path, other.path)) is not None:
                return f"fold {fold}, {text}"
    return None


def _recipe(
    members: Mapping[str, CachedMember],
    settings: dict[str, Any],
    config: Any,
    submissions: Sequence[Submission],
) -> Any:
    """A recipe with these settings of prediction: of a member that a submission names, or of the preset."""
    for member in members.values():
        if (recipe := recipe_settings(recipe_of(member, submissions), type(config))) is not None:
            return recipe
    fitting = [each for each in config.recipes if _prediction_settings(each) == settings]
    if not fitting:
        listed = ", ".join(map(str, members.values()))
        raise InvalidSettings(
            f"{OPTION}: expected members whose settings are known, received {listed}, which no submission "
            "names; give the preset and changes that they were trained with, --preset and --set"
        )
    return fitting[0]


def _renamed(recipe: Any, name: str) -> Any:
    """The recipe of one seed under another name; raises InvalidSettings if recipes cannot have it."""
    try:
        return type(recipe).model_validate({**recipe.model_dump(), "name": name, "seeds": 1})
    except ValueError as error:
        expected = "the name of a recipe, such as letters a to z, digits and dashes"
        raise InvalidSettings(f"--name: expected {expected}, received {name!r}") from error
