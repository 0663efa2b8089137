"""What competitions suggest alike: settings near those that a search starts from.

Parameters have the names that `--set` takes, so that a reader knows them, and the search what they are now.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from tasks.core.config import Stage

Suggest = Callable[[Any, Any], dict[str, Any]]
"""What a competition suggests: a trial and settings → differences by the keys that `--set` takes."""

RATE_FACTOR = 5.0
"""A learning rate is sought between a fifth and five times of what it is."""


def nearby(
    trial: Any, name: str, value: float, *, factor: float, low: float = 0.0, high: float = float("inf")
) -> float:
    """A number on a logarithmic scale, up to `factor` times smaller or larger than the value."""
    least, most = max(value / factor, low), min(value * factor, high)
    return float(trial.suggest_float(name, min(least, value), max(most, value), log=True))


def halved_or_doubled(trial: Any, name: str, value: int, *, low: int, high: int) -> int:
    """Half of the value, itself, or twice as much, as far as the bounds allow."""
    near = [each for each in (value // 2, value * 2) if low <= each <= high]
    return int(trial.suggest_categorical(name, [value, *near]))


def stages(trial: Any, name: str, given: Sequence[Stage]) -> dict[str, Any]:
    """The first stage's learning rate and weight decay; those of later stages keep their proportion."""
    if not given:
        return {}
    first, found = given[0], {}
    rate = nearby(
        trial, f"{name}.0.learning_rate", first.learning_rate, factor=RATE_FACTOR, low=1e-8, high=10.0
    )
    for index, stage in enumerate(given):
        scaled = stage.learning_rate * (rate / first.learning_rate)
        found[f"{name}.{index}.learning_rate"] = rounded(min(scaled, 10.0))
    if first.optimizer != "adam":
        most = max(0.1, 2 * first.weight_decay)
        decay = rounded(trial.suggest_float(f"{name}.0.weight_decay", 0.0, most))
        found |= {f"{name}.{index}.weight_decay": decay for index in range(len(given))}
    return found


def narrowed(suggest: Suggest, only: Collection[str]) -> Suggest:
    """The suggestions where nothing is sought but what lies under these keys; without keys, all of them.

    A parameter that is not sought is what it is now, and the sampler does not know of it.
    """
    if not only:
        return suggest

    def found(trial: Any, config: Any) -> dict[str, Any]:
        settings = config.model_dump(mode="json")
        now = suggest(Present(settings), config)
        drawn = suggest(_Sought(trial, Present(settings), only), config)
        return {
            key: value
            for key, value in drawn.items()
            if (value != now[key] if key in now else _is_under(key, only))
        }

    return found


def sought(suggest: Suggest, config: Any, only: Collection[str] = ()) -> dict[str, Any]:
    """The parameters that are drawn where nothing else is sought, as the settings have them now, by name."""
    present = Present(config.model_dump(mode="json"))
    narrowed(suggest, only)(present, config)
    return present.params


def rounded(value: float, digits: int = 3) -> float:
    """The number as a person would write it into a preset."""
    return float(f"{value:.{digits}g}")


class Present:
    """Takes the place of a trial, and suggests what the settings are now, as near as the bounds allow.

    Where there is no such setting it takes the first choice, or the least number: `suggest` begins its
    choices with the one that changes nothing.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._settings = settings
        self.params: dict[str, Any] = {}

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        value = self._value(name)
        return self._kept(name, value if value in choices else choices[0])

    def suggest_float(
        self, name: str, low: float, high: float, *, step: float | None = None, log: bool = False
    ) -> float:
        value = self._within(name, low, high)
        return float(self._kept(name, value if step is None else _on_grid(value, low, step)))

    def suggest_int(self, name: str, low: int, high: int, *, step: int = 1, log: bool = False) -> int:
        return int(self._kept(name, round(_on_grid(self._within(name, low, high), low, step))))

    def _within(self, name: str, low: float, high: float) -> float:
        value = self._value(name)
        return float(min(max(value, low), high) if isinstance(value, int | float) else low)

    def _kept(self, name: str, value: Any) -> Any:
        self.params[name] = value
        return value

    def _value(self, name: str) -> Any:
        """What the settings have under a dotted key; `recipe` is the first of the recipes."""
        found: Any = self._settings
        for part in name.replace("recipe.", "recipes.0.", 1).split("."):
            if isinstance(found, Mapping):
                found = found.get(part)
            elif isinstance(found, Sequence) and part.isdecimal() and int(part) < len(found):
                found = found[int(part)]
            else:
                return None
        return found


class _Sought:
    """Takes the place of a trial, and asks it only for what lies under one of these keys."""

    def __init__(self, trial: Any, present: Present, only: Collection[str]) -> None:
        self._trial, self._present, self._only = trial, present, only

    def __getattr__(self, method: str) -> Callable[..., Any]:
        return lambda name, *args, **options: getattr(self._asked(name), method)(name, *args, **options)

    def _asked(self, name: str) -> Any:
        return self._trial if _is_under(name, self._only) else self._present


def _is_under(name: str, keys: Collection[str]) -> bool:
    return any(name == key or name.startswith(f"{key}.") for key in keys)


def _on_grid(value: float, low: float, step: float) -> float:
    return low + round((value - low) / step) * step
