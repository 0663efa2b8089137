"""What every competition suggests: valid settings, from any preset; the present ones are among them."""

from typing import Any

import optuna
import pytest

from flows.search.trial import changed
from tasks.core.competition import competition_names, find
from tasks.core.config import Settings
from tasks.core.settings import resolve
from tasks.learning.search.search_space import CurrentSettings, restricted

PRESETS = [(name, preset.name) for name in competition_names() for preset in resolve.presets(name)]
DRAWN = 15


def searched(competition: str, preset: str) -> list[Any]:
    """The preset's settings with one of its recipes each."""
    config: Any = resolve.resolve(competition, preset=preset)
    return [config.model_copy(update={"recipes": (recipe,)}) for recipe in config.recipes]


@pytest.mark.parametrize(("competition", "preset"), PRESETS)
def test_every_suggestion_makes_valid_settings_that_differ(competition: str, preset: str) -> None:
    suggest = find(competition).suggest
    for config in searched(competition, preset):
        study = optuna.create_study(sampler=optuna.samplers.RandomSampler(0))
        found = [changed(config, suggest(study.ask(), config)) for _ in range(DRAWN)]
        assert all(isinstance(each, Settings) for each in found)
        assert len({each.model_dump_json() for each in found}) > DRAWN / 2
        assert {each.model_dump_json(include={"data", "folds", "seed"}) for each in found} == {
            config.model_dump_json(include={"data", "folds", "seed"})
        }


@pytest.mark.parametrize(("competition", "preset"), PRESETS)
def test_the_present_settings_are_within_what_is_suggested(competition: str, preset: str) -> None:
    """So that the first trial is the preset, and the sampler learns from it."""
    suggest = find(competition).suggest
    for config in searched(competition, preset):
        present = CurrentSettings(config.model_dump(mode="json"))
        found = changed(config, suggest(present, config))
        assert found == config
        study = optuna.create_study()
        study.enqueue_trial(present.params)
        assert changed(config, suggest(study.ask(), config)) == config


@pytest.mark.parametrize(("competition", "preset"), PRESETS)
def test_a_search_of_the_training_changes_nothing_else(competition: str, preset: str) -> None:
    suggest = restricted(find(competition).suggest, ["recipe.training"])
    for config in searched(competition, preset):
        study = optuna.create_study(sampler=optuna.samplers.RandomSampler(0))
        found: list[Any] = [changed(config, suggest(study.ask(), config)) for _ in range(DRAWN)]
        assert len({each.model_dump_json() for each in found}) > 1
        for each in found:
            same = each.recipes[0].model_copy(update={"training": config.recipes[0].training})
            assert same == config.recipes[0]
