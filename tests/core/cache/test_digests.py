"""Digests of JSON and files: equal for equal contents, and read again only where something changed."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tasks.core.cache import digests
from tasks.core.cache.digests import contents, digest_of_json, sha256_of_file


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a.txt", "below/b.txt", "below/deep/c.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    return tmp_path


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if all files had been written a while ago; no program can put back the time of a change of state."""
    monkeypatch.setattr(digests, "RECENT_NS", -(10**12))


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files whose bytes were read."""
    names: list[str] = []

    def reading(path: Path) -> str:
        names.append(path.name)
        return sha256_of_file(path)

    monkeypatch.setattr(digests, "sha256_of_file", reading)
    return names


def test_order_of_keys_does_not_count_and_everything_else_does() -> None:
    assert digest_of_json({"a": 1, "b": [2]}) == digest_of_json({"b": [2], "a": 1})
    values: list[Any] = [1, "1", True, None, [], {}, [1], [[1]], {"1": 1}, "", "é", "e\u0301"]
    assert len({digest_of_json(value) for value in values}) == len(values)


def test_what_json_cannot_say_is_refused() -> None:
    with pytest.raises(ValueError):
        digest_of_json(float("nan"))
    with pytest.raises(TypeError):
        digest_of_json({1, 2})


def test_contents_lists_every_file_by_its_place_below(folder: Path) -> None:
    found = contents(folder, {})
    assert sorted(found) == ["a.txt", "below/b.txt", "below/deep/c.txt"]
    assert found["a.txt"] == sha256_of_file(folder / "a.txt")


def test_a_single_file_has_an_empty_name(folder: Path) -> None:
    assert contents(folder / "a.txt", {}) == {"": sha256_of_file(folder / "a.txt")}


def test_hidden_files_dangling_links_and_nothing_have_no_contents(folder: Path) -> None:
    before = contents(folder, {})
    (folder / ".hidden").write_text("x")
    (folder / ".folder").mkdir()
    (folder / ".folder" / "file").write_text("x")
    (folder / "dangling").symlink_to("nowhere")
    assert contents(folder, {}) == before
    assert contents(folder / "missing", {}) == {}


def test_links_count_by_what_they_lead_to(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("linked")
    (elsewhere / "below").symlink_to(folder / "below")
    (elsewhere / "a.txt").symlink_to(folder / "a.txt")
    assert contents(elsewhere, {}) == contents(folder, {})


@pytest.mark.usefixtures("settled")
def test_unchanged_files_are_not_read_again(folder: Path, read: list[str]) -> None:
    memory: dict[str, str] = {}
    first = contents(folder, memory)
    read.clear()
    assert contents(folder, memory) == first
    assert read == []


@pytest.mark.usefixtures("settled")
def test_a_changed_file_is_read_again_and_no_other(folder: Path, read: list[str]) -> None:
    memory: dict[str, str] = {}
    first = contents(folder, memory)
    read.clear()
    (folder / "a.txt").write_text("A.TXT")  # as long as before
    second = contents(folder, memory)
    assert read == ["a.txt"]
    assert {name for name in first if first[name] != second[name]} == {"a.txt"}


def same_size_and_time(path: Path, text: str) -> None:
    before = path.stat()
    path.write_text(text)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)


def replaced(folder: Path) -> None:
    before = (folder / "a.txt").stat()
    (folder / "new").write_text("A.TXT")
    os.utime(folder / "new", ns=(before.st_atime_ns, before.st_mtime_ns))
    (folder / "new").rename(folder / "a.txt")


def swapped(folder: Path) -> None:
    """Two files of equal size and time that change their names."""
    before = (folder / "a.txt").stat()
    (folder / "new").write_text("A.TXT")
    os.utime(folder / "new", ns=(before.st_atime_ns, before.st_mtime_ns))
    (folder / "a.txt").rename(folder / "old")
    (folder / "new").rename(folder / "a.txt")
    (folder / "old").rename(folder / "new")


def linked(folder: Path) -> None:
    """A link to another file of equal size and time takes its place."""
    replaced(folder)
    (folder / "a.txt").rename(folder / "target")
    (folder / "a.txt").symlink_to("target")


def within(folder: Path) -> None:
    """One byte, written in the file as a failing disk or a restored backup would."""
    before = (folder / "a.txt").stat()
    with (folder / "a.txt").open("r+b") as file:
        file.seek(2)
        file.write(b"T")
    os.utime(folder / "a.txt", ns=(before.st_atime_ns, before.st_mtime_ns))


UNSEEN = {
    "its name given to another and back": swapped,
    "a link to another of equal size and time": linked,
    "one byte of it written": within,
    "written anew with the time put back": lambda folder: same_size_and_time(folder / "a.txt", "A.TXT"),
    "replaced by another of equal size and time": replaced,
}


@pytest.mark.usefixtures("settled")
@pytest.mark.parametrize("change", UNSEEN.values(), ids=UNSEEN)
def test_a_change_of_equal_size_and_time_is_seen(folder: Path, change: Callable[[Path], None]) -> None:
    memory: dict[str, str] = {}
    first = contents(folder, memory)
    time.sleep(0.02)  # a clock of files ticks every few milliseconds
    change(folder)
    assert contents(folder, memory)["a.txt"] != first["a.txt"]


@pytest.mark.usefixtures("settled")
@pytest.mark.parametrize("place", ["current", "current/labels"], ids=["a folder", "a file in it"])
def test_what_a_link_leads_to_is_read_again_when_it_is_turned(tmp_path: Path, place: str) -> None:
    for version in ("v1", "v2"):
        (tmp_path / version).mkdir()
        (tmp_path / version / "labels").write_text(version)
        os.utime(tmp_path / version / "labels", ns=(10**18, 10**18))
    (tmp_path / "current").symlink_to("v1")
    memory: dict[str, str] = {}
    first = contents(tmp_path / place, memory)
    (tmp_path / "current").unlink()
    (tmp_path / "current").symlink_to("v2")
    assert contents(tmp_path / place, memory) != first


def test_what_an_earlier_version_remembered_is_read_again(folder: Path, read: list[str]) -> None:
    status = (folder / "a.txt").stat()
    memory: dict[str, str] = {"a.txt": f"{status.st_size} {status.st_mtime_ns} {'0' * 64}"}
    assert contents(folder, memory)["a.txt"] == sha256_of_file(folder / "a.txt")


def test_a_file_written_a_moment_ago_is_not_trusted(folder: Path, read: list[str]) -> None:
    os.utime(folder / "a.txt", ns=(10**18, 10**18))  # which says nothing of when it was written
    memory: dict[str, str] = {}
    contents(folder, memory)
    read.clear()
    contents(folder, memory)
    assert read == ["a.txt", "b.txt", "c.txt"]


@pytest.mark.usefixtures("settled")
def test_a_file_that_is_gone_is_forgotten(folder: Path) -> None:
    memory: dict[str, str] = {}
    contents(folder, memory)
    (folder / "a.txt").unlink()
    assert "a.txt" not in contents(folder, memory)
    assert "a.txt" not in memory
