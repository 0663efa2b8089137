"""Checks before a run: the message about a path that leads nowhere."""

from pathlib import Path

import pytest

from flows.runtime.preflight import check_paths
from tasks.core.errors import InvalidSettings
from tasks.dogs.config import Backbone, Config, Data, Recipe, Trunk


def test_a_path_through_a_variable_that_is_not_set_names_the_variable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("PODIUM_WEIGHTS", raising=False)
    backbone = Backbone(name="MobileNetV2", weights="$PODIUM_WEIGHTS/weights.h5")
    config = Config(recipes=(Recipe(trunk=Trunk(backbones=(backbone,))),))
    named = r"PODIUM_WEIGHTS is not set; the settings read it in recipes\.0\.trunk\.backbones\.0\.weights"
    with pytest.raises(InvalidSettings, match=named):
        check_paths(config)


def test_a_missing_folder_of_a_preset_is_refused(tmp_path: Path) -> None:
    backbone = Backbone(name="keras_hub", weights=str(tmp_path / "absent"))
    config = Config(recipes=(Recipe(trunk=Trunk(backbones=(backbone,))),), data=Data(root=str(tmp_path)))
    with pytest.raises(InvalidSettings, match=r"recipes\.0\.trunk\.backbones\.0\.weights: .*absent"):
        check_paths(config)
    backbone = Backbone(name="keras_hub", weights=str(tmp_path))
    check_paths(Config(recipes=(Recipe(trunk=Trunk(backbones=(backbone,))),), data=Data(root=str(tmp_path))))


def test_a_path_that_leads_nowhere_is_shown_whole() -> None:
    with pytest.raises(InvalidSettings, match=r"data\.root: .* received '~/none' \(/.*/none\)"):
        check_paths(Config(data=Data(root="~/none")))
