"""Suggestions: within bounds, near what the settings are, and recognised in them."""

from typing import Any

import optuna
import pytest

from tasks.core.config import Settings, Stage
from tasks.learning.search.search_space import (
    CurrentSettings,
    halved_or_doubled,
    nearby,
    restricted,
    rounded,
    searched_params,
    stages,
)

SETTINGS = {
    "rate": 0.3,
    "count": 7,
    "kind": "b",
    "recipes": [{"rate": 0.5, "stages": [{"rate": 2.0}]}],
}


def asked(seed: int = 0) -> Any:
    sampler = optuna.samplers.RandomSampler(seed)
    return optuna.create_study(sampler=sampler).ask()


@pytest.mark.parametrize(
    ("name", "low", "high", "expected"),
    [
        ("rate", 0.0, 1.0, 0.3),
        ("rate", 0.5, 1.0, 0.5),
        ("rate", 0.0, 0.2, 0.2),
        ("recipe.rate", 0.0, 1.0, 0.5),
        ("recipe.stages.0.rate", 0.0, 5.0, 2.0),
        ("recipe.stages.1.rate", 0.1, 5.0, 0.1),
        ("unknown", 0.1, 5.0, 0.1),
        ("kind.of", 0.1, 5.0, 0.1),
        ("kind", 0.1, 5.0, 0.1),
    ],
)
def test_a_number_that_the_settings_have_is_kept_within_bounds(name, low, high, expected):
    present = CurrentSettings(SETTINGS)
    assert present.suggest_float(name, low, high) == expected
    assert present.params == {name: expected}


def test_numbers_stay_on_their_grid():
    present = CurrentSettings(SETTINGS)
    assert present.suggest_float("rate", 0.0, 1.0, step=0.25) == 0.25
    assert present.suggest_int("count", 0, 20, step=5) == 5
    assert present.suggest_int("count", 1, 5) == 5
    assert isinstance(present.params["count"], int)


def test_a_choice_that_the_settings_have_is_kept_else_the_first():
    present = CurrentSettings(SETTINGS)
    assert present.suggest_categorical("kind", ["a", "b"]) == "b"
    assert present.suggest_categorical("count", [1, 2]) == 1
    assert present.suggest_categorical("unknown", [False, True]) is False


def test_nearby_is_within_the_factor_and_the_bounds():
    for seed in range(20):
        assert 0.1 <= nearby(asked(seed), "x", 1.0, factor=10.0, high=5.0) <= 5.0


def test_half_and_double_are_left_out_beyond_the_bounds():
    assert {halved_or_doubled(asked(seed), "x", 8, low=4, high=15) for seed in range(20)} == {4, 8}


def test_stages_keep_the_proportion_of_their_rates():
    given = (Stage(learning_rate=1e-2, weight_decay=0.1), Stage(learning_rate=1e-3))
    found = stages(asked(), "recipe.training.stages", given)
    first, second = (found[f"recipe.training.stages.{index}.learning_rate"] for index in range(2))
    assert second == pytest.approx(first / 10, rel=0.01)
    assert 0 <= found["recipe.training.stages.1.weight_decay"] <= 0.2


def test_adam_has_no_weight_decay_to_suggest():
    assert list(stages(asked(), "s", (Stage(optimizer="adam"),))) == ["s.0.learning_rate"]
    assert stages(asked(), "s", ()) == {}


class Recipe(Settings):
    rate: float = 0.123456
    width: int = 8
    stages: tuple[Stage, ...] = (Stage(learning_rate=1e-2), Stage(learning_rate=1e-3))


class Config(Settings):
    recipes: tuple[Recipe, ...] = (Recipe(),)


def suggest(trial: Any, config: Config) -> dict[str, Any]:
    recipe = config.recipes[0]
    found = {"recipe.rate": rounded(trial.suggest_float("recipe.rate", 0.0, 1.0))}
    if trial.suggest_categorical("recipe.wide", [False, True]):
        found["recipe.width"] = trial.suggest_int("recipe.width", 8, 64)
    return found | stages(trial, "recipe.stages", recipe.stages)


STAGES = [f"recipe.stages.0.{name}" for name in ("learning_rate", "weight_decay")]
WIDE = ["recipe.wide", "recipe.width"]


@pytest.mark.parametrize(
    ("only", "drawn"),
    [
        ([], {"recipe.rate", *WIDE, *STAGES}),
        (["recipe"], {"recipe.rate", *WIDE, *STAGES}),
        (["recipe.rate"], {"recipe.rate"}),
        (["recipe.stages"], set(STAGES)),
        (STAGES[:1], set(STAGES[:1])),
        (["recipe.rate", "recipe.stages.0"], {"recipe.rate", *STAGES}),
        (["recipe.wide"], {"recipe.wide"}),
        (["recipe.w"], set()),
        (["recipe.width"], set()),
        (["recipe.rates"], set()),
    ],
)
def test_nothing_is_drawn_but_what_lies_under_a_key(only, drawn):
    trials = [asked(seed) for seed in range(10)]
    for trial in trials:
        restricted(suggest, only)(trial, Config())
    assert {name for trial in trials for name in trial.params} == drawn
    assert set(searched_params(suggest, Config(), only)) == drawn - {"recipe.width"}


def test_what_is_not_sought_stays_and_what_follows_from_what_is_does_not():
    found = restricted(suggest, STAGES[:1])(asked(), Config())
    assert list(found) == [f"recipe.stages.{index}.learning_rate" for index in range(2)]


def test_what_a_choice_brings_along_stays_unless_it_is_sought():
    config = Config(recipes=(Recipe(width=70),))  # beyond what is suggested
    found = [restricted(suggest, ["recipe.wide"])(asked(seed), config) for seed in range(10)]
    assert found == [{}] * 10
    assert any("recipe.width" in restricted(suggest, WIDE)(asked(seed), config) for seed in range(10))


def test_the_settings_as_they_are_differ_in_nothing():
    assert restricted(suggest, ["recipe"])(CurrentSettings(Config().model_dump()), Config()) == {}


def test_numbers_are_written_short():
    assert rounded(0.00123456) == 0.00123
