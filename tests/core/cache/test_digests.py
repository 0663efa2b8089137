"""Digests of JSON and files: equal for equal contents, and read again only where something changed."""

import os
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
        old(tmp_path / name)
    return tmp_path


def old(path: Path, seconds: int = 100) -> None:
    """As if written a while ago, so that it counts as settled."""
    os.utime(path, (path.stat().st_mtime - seconds,) * 2)


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


def test_unchanged_files_are_not_read_again(folder: Path, read: list[str]) -> None:
    memory: dict[str, list[Any]] = {}
    first = contents(folder, memory)
    read.clear()
    assert contents(folder, memory) == first
    assert read == []


def test_a_changed_file_is_read_again_and_no_other(folder: Path, read: list[str]) -> None:
    memory: dict[str, list[Any]] = {}
    first = contents(folder, memory)
    read.clear()
    (folder / "a.txt").write_text("A.TXT")  # as long as before
    second = contents(folder, memory)
    assert read == ["a.txt"]
    assert {name for name in first if first[name] != second[name]} == {"a.txt"}


def test_a_file_written_a_moment_ago_is_not_trusted(folder: Path, read: list[str]) -> None:
    memory: dict[str, list[Any]] = {}
    (folder / "a.txt").write_text("new")
    contents(folder, memory)
    read.clear()
    contents(folder, memory)
    assert read == ["a.txt"]


def test_a_file_that_is_gone_is_forgotten(folder: Path) -> None:
    memory: dict[str, list[Any]] = {}
    contents(folder, memory)
    (folder / "a.txt").unlink()
    assert "a.txt" not in contents(folder, memory)
    assert "a.txt" not in memory
