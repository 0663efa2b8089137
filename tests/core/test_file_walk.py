"""What is no file among the data is refused, and never waited for."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.core.cache.digests import contents
from tasks.core.errors import InvalidData
from tasks.core.file_walk import check_below, files_below, named_files
from tests.mutation.kinds.places import WAYS


def names(folder: Path) -> list[str]:
    check_below(folder)
    return [name for name, _ in files_below(folder)]


def test_files_of_folders_and_links_are_found_but_hidden_ones(tmp_path: Path) -> None:
    for name in ("b/2", "b/1", "a", ".hidden", "b/.hidden/3", "elsewhere/4"):
        (tmp_path / "root" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "root" / name).touch()
    root = tmp_path / "root"
    (root / "elsewhere").rename(tmp_path / "elsewhere")
    (root / "c").symlink_to(tmp_path / "elsewhere")
    (root / "nowhere").symlink_to("nothing")
    assert names(root) == ["a", "b/1", "b/2", "c/4"]
    assert [name for name, _ in named_files(root, ["c", "a", "none", "a"])] == ["a", "c/4"]
    assert names(root / "none") == []


@pytest.mark.parametrize("kind", sorted(WAYS.keys() - {"a link to memory"}))
@pytest.mark.parametrize("name", ["odd", "below/odd"])
def test_what_is_no_file_is_refused_by_its_name(tmp_path: Path, kind: str, name: str) -> None:
    (tmp_path / "below").mkdir()
    WAYS[kind](tmp_path / name)
    found = set()
    for walk in (check_below, lambda folder: list(files_below(folder))):
        with pytest.raises(
            InvalidData, match=r"(odd|pipe).*: expected files and folders that can be"
        ) as error:
            walk(tmp_path)
        found.add(str(error.value))
    assert len(found) == 1


def test_a_file_that_fails_while_it_is_read_is_refused_by_its_name(tmp_path: Path) -> None:
    WAYS["a link to memory"](tmp_path / "odd")
    with pytest.raises(InvalidData, match="odd: expected a readable file, received one that cannot be read"):
        contents(tmp_path, {})


UNREADABLE: dict[str, Callable[[Path], object]] = {"a file": Path.touch, "a folder": Path.mkdir}


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
@pytest.mark.parametrize("kind", UNREADABLE)
def test_what_cannot_be_read_is_refused_by_its_name(tmp_path: Path, kind: str) -> None:
    UNREADABLE[kind](tmp_path / "odd")
    (tmp_path / "odd").chmod(0)
    try:
        with pytest.raises(InvalidData, match=r"odd: .* received one that cannot be read .Permission denied"):
            names(tmp_path)
    finally:
        (tmp_path / "odd").chmod(0o700)


def test_folders_may_be_deeper_than_calls_can_be(tmp_path: Path) -> None:
    folder = str(tmp_path)
    for _ in range(1500):
        folder += "/a"
        os.mkdir(folder)  # noqa: PTH102
    Path(folder, "file").touch()
    try:
        assert names(tmp_path) == ["a/" * 1500 + "file"]
    finally:
        subprocess.run(["rm", "-r", tmp_path / "a"], check=True)  # Python's own removal calls itself
