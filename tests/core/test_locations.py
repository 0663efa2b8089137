"""Paths: one rule for `~`, `$VARIABLE` and unknown homes, wherever a path is given."""

from pathlib import Path

import pytest

from tasks.core import locations
from tasks.core.cache.store import Store
from tasks.core.errors import InvalidSettings
from tasks.core.raw_paths import root_folder

UNKNOWN_HOMES = ("~nosuchuser", "~nosuchuser/data")


@pytest.fixture(autouse=True)
def _variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/people/ana")
    monkeypatch.setenv("PLACE", "/mnt/place")
    monkeypatch.delenv("NOTHING", raising=False)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/data", "/data"),
        ("~", "/people/ana"),
        ("~/data", "/people/ana/data"),
        ("$PLACE/data", "/mnt/place/data"),
        ("${PLACE}data", "/mnt/placedata"),
        ("$NOTHING/data", f"{Path.cwd()}/$NOTHING/data"),
        ("data", f"{Path.cwd()}/data"),
        ("/a/~b", "/a/~b"),
    ],
)
def test_a_path_is_expanded_by_one_rule(path: str, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PODIUM_STORE", path)
    found = (locations.expand(path), root_folder(path), locations.store_folder(), Store(Path(path)).root)
    assert {str(each) for each in found} == {expected}


@pytest.mark.parametrize("path", UNKNOWN_HOMES)
def test_an_unknown_home_is_one_message_that_names_the_setting(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InvalidSettings, match=r"^data.root: .*~nosuchuser is no home folder here"):
        root_folder(path)
    for variable, folder in {
        "PODIUM_STORE": locations.store_folder,
        "PODIUM_SUBMISSIONS": locations.submissions_folder,
        "PREFECT_HOME": locations.prefect_home,
    }.items():
        monkeypatch.setenv(variable, path)
        with pytest.raises(InvalidSettings, match=rf"^{variable}: .*received '{path}'"):
            folder()


def test_a_user_without_a_home_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: Path) -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "expanduser", fail)
    with pytest.raises(InvalidSettings, match=r"received '~/data', but ~ is no home folder here"):
        locations.expand("~/data")
