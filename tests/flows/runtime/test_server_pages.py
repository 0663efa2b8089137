"""The new UI's pages: nowhere while it is switched off, back when it is asked for."""

from pathlib import Path

import pytest

from flows.runtime.server_pages import FOLDERS, choose_pages


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_the_new_ui_has_no_place_while_it_is_off(home: Path) -> None:
    env = {"PREFECT_SERVER_UI_V2_ENABLED": "false"}
    choose_pages(env)
    choose_pages(env)  # as at the next start
    assert env[FOLDERS[0]] == str(home / "ui")
    assert (home / "ui/v2").is_symlink()
    assert not (home / "ui/v2").exists()


def test_who_asks_for_the_new_ui_gets_it(home: Path) -> None:
    choose_pages({})
    choose_pages({"PREFECT_SERVER_UI_V2_ENABLED": "true"})
    assert not (home / "ui/v2").is_symlink()


@pytest.mark.parametrize("name", FOLDERS)
def test_a_folder_of_the_user_stays(name: str, home: Path) -> None:
    env = {name: "/elsewhere"}
    choose_pages(env)
    assert env == {name: "/elsewhere"}
    assert not home.exists()
