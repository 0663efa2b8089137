"""Settings with fewer recipes, and the members that belong to them."""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple


class FinishedMembers(NamedTuple):
    """The members that a run blends, and those that it leaves out."""

    config: Any
    """The settings with only the recipes of these members."""
    members: dict[str, Any]
    left_out: dict[str, str]
    """Why each of the other members is left out."""


def completed(members: Mapping[str, Any], ended: Collection[str]) -> set[str]:
    """Names of the members, among those that have ended, that have not failed."""
    for name in ended:
        for future in members[name].results:
            future.wait()  # returns at once; without it, Prefect asks the server for the state
    return {name for name in ended if all(future.state.is_completed() for future in members[name].results)}


def recipe_names(config: Any) -> list[str]:
    """The recipes' names, in their order."""
    return [recipe.name for recipe in config.recipes]


def has_second_round(config: Any) -> bool:
    """Whether recipes are trained again on labels from their first round."""
    pseudo, second_round = getattr(config, "pseudo", None), getattr(config, "second_round", None)
    return bool((pseudo and pseudo.share) or (second_round and second_round.run))


def only_recipes(config: Any, recipes: Collection[str], *, again: bool) -> Any:
    """The settings with only these recipes, and without a second round unless `again`."""
    update: dict[str, Any] = {"recipes": tuple(each for each in config.recipes if each.name in recipes)}
    if not again and has_second_round(config):
        fields = [field for field in ("pseudo", "second_round") if hasattr(config, field)]
        update |= {field: type(getattr(config, field))() for field in fields}
    return config.model_copy(update=update)
