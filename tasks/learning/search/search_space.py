"""Search spaces shared by the competitions: values near the settings that a search starts from.

Parameters have the names that `--set` takes, so that the search finds their current values in the settings.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from tasks.core.config import Stage

Suggest = Callable[[Any, Any], dict[str, Any]]
"""(Optuna's trial, settings) → differences from the settings by the keys that `--set` takes."""

RATE_FACTOR = 5.0
"""A learning rate is searched between a fifth and five times of its current value."""


def nearby(
    trial: Any, name: str, value: float, *, factor: float, low: float = 0.0, high: float = float("inf")
) -> float:
    """Suggest a number on a logarithmic scale, up to `factor` times smaller or larger than the value."""
    least, most = max(value / factor, low), min(value * factor, high)
    return float(trial.suggest_float(name, min(least, value), max(most, value), log=True))


def halved_or_doubled(trial: Any, name: str, value: int, *, low: int, high: int) -> int:
    """Suggest the value, half of it, or twice as much, within the bounds."""
    near = [each for each in (value // 2, value * 2) if low <= each <= high]
    return int(trial.suggest_categorical(name, [value, *near]))


def stages(trial: Any, name: str, current: Sequence[Stage]) -> dict[str, Any]:
    """Suggest learning rate and weight decay of the first stage.

    Learning rates of later stages keep their ratio to it; all stages get the same weight decay.
    """
    if not current:
        return {}
    first, differences = current[0], {}
    rate = nearby(
        trial, f"{name}.0.learning_rate", first.learning_rate, factor=RATE_FACTOR, low=1e-8, high=10.0
    )
    for index, stage in enumerate(current):
        scaled = stage.learning_rate * (rate / first.learning_rate)
        differences[f"{name}.{index}.learning_rate"] = rounded(min(scaled, 10.0))
    if first.optimizer != "adam":
        most = max(0.1, 2 * first.weight_decay)
        decay = rounded(trial.suggest_float(f"{name}.0.weight_decay", 0.0, most))
        differences |= {f"{name}.{index}.weight_decay": decay for index in range(len(current))}
    return differences


def restricted(suggest: Suggest, only: Collection[str]) -> Suggest:
    """Restrict suggestions to parameters under these keys; without keys, return them unchanged.

    All other parameters keep their current values, and the sampler does not see them.
    """
    if not only:
        return suggest

    def suggest_restricted(trial: Any, config: Any) -> dict[str, Any]:
        settings = config.model_dump(mode="json")
        current = suggest(CurrentSettings(settings), config)
        suggested = suggest(_RestrictedTrial(trial, CurrentSettings(settings), only), config)
        return {
            key: value
            for key, value in suggested.items()
            if (value != current[key] if key in current else _is_under(key, only))
        }

    return suggest_restricted


def searched_params(suggest: Suggest, config: Any, only: Collection[str] = ()) -> dict[str, Any]:
    """Return the parameters that a search restricted to `only` suggests, with their current values."""
    current = CurrentSettings(config.model_dump(mode="json"))
    restricted(suggest, only)(current, config)
    return current.params


def rounded(value: float, digits: int = 3) -> float:
    """Round to significant digits, as a person would write the number into a preset.

    >>> rounded(0.00123456)
    0.00123
    """
    return float(f"{value:.{digits}g}")


class CurrentSettings:
    """A trial that suggests the current settings, as near as the bounds allow.

    For a parameter that is no setting it suggests the first choice, which by convention changes nothing, or
    the smallest number.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._settings = settings
        self.params: dict[str, Any] = {}

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        value = self._value(name)
        return self._record(name, value if value in choices else choices[0])

    def suggest_float(
        self, name: str, low: float, high: float, *, step: float | None = None, log: bool = False
    ) -> float:
        value = self._within(name, low, high)
        return float(self._record(name, value if step is None else _on_grid(value, low, step)))

    def suggest_int(self, name: str, low: int, high: int, *, step: int = 1, log: bool = False) -> int:
        return int(self._record(name, round(_on_grid(self._within(name, low, high), low, step))))

    def _within(self, name: str, low: float, high: float) -> float:
        value = self._value(name)
        return float(min(max(value, low), high) if isinstance(value, int | float) else low)

    def _record(self, name: str, value: Any) -> Any:
        self.params[name] = value
        return value

    def _value(self, name: str) -> Any:
        """The setting under a dotted key, or None; `recipe` is the first recipe."""
        setting: Any = self._settings
        for part in name.replace("recipe.", "recipes.0.", 1).split("."):
            if isinstance(setting, Mapping):
                setting = setting.get(part)
            elif isinstance(setting, Sequence) and part.isdecimal() and int(part) < len(setting):
                setting = setting[int(part)]
            else:
                return None
        return setting


class _RestrictedTrial:
    """A trial that suggests only parameters under these keys; others keep their current values."""

    def __init__(self, trial: Any, current: CurrentSettings, only: Collection[str]) -> None:
        self._trial, self._current, self._only = trial, current, only

    def __getattr__(self, method: str) -> Callable[..., Any]:
        return lambda name, *args, **options: getattr(self._trial_of(name), method)(name, *args, **options)

    def _trial_of(self, name: str) -> Any:
        return self._trial if _is_under(name, self._only) else self._current


def _is_under(name: str, keys: Collection[str]) -> bool:
    return any(name == key or name.startswith(f"{key}.") for key in keys)


def _on_grid(value: float, low: float, step: float) -> float:
    return low + round((value - low) / step) * step
