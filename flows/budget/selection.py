"""Settings of fewer recipes, and the members that belong to them."""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple


class Kept(NamedTuple):
    """Settings of what was finished, futures of its members, and what was left out and why."""

    config: Any
    members: dict[str, Any]
    left_out: dict[str, str]


def finished(members: Mapping[str, Any], over: Collection[str]) -> set[str]:
    """Those of the members whose steps are over that are there."""
    for name in over:
        members[name].joined.wait()  # it is over; its state is fetched from elsewhere otherwise
    return {name for name in over if members[name].joined.state.is_completed()}


def names_of(config: Any) -> list[str]:
    """The recipes' names, in their order."""
    return [recipe.name for recipe in config.recipes]


def has_second_round(config: Any) -> bool:
    """Whether recipes are trained again on what their first round says."""
    pseudo, second = getattr(config, "pseudo", None), getattr(config, "second_round", None)
    return bool((pseudo and pseudo.share) or (second and second.run))


def reduced(config: Any, recipes: Collection[str], *, again: bool) -> Any:
    """The settings with these recipes alone, and without a second round unless `again`."""
    update: dict[str, Any] = {"recipes": tuple(each for each in config.recipes if each.name in recipes)}
    if not again and has_second_round(config):
        fields = [field for field in ("pseudo", "second_round") if hasattr(config, field)]
        update |= {field: type(getattr(config, field))() for field in fields}
    return config.model_copy(update=update)
