"""Locks by files: exclusive in threads and processes, whatever lies in a file's place before."""

import os
from pathlib import Path

import pytest
from filelock import Timeout

from tasks.core.files.locks import file_lock

WAYS = {
    "nothing": lambda place, file: None,
    "a file": lambda place, file: place.write_text("mine"),
    "a folder": lambda place, file: (place / "inside").mkdir(parents=True),
    "a pipe": lambda place, file: os.mkfifo(place),
    "a link to a file": lambda place, file: place.symlink_to(file),
    "a link to a folder": lambda place, file: place.symlink_to(file.parent),
    "a link that leads nowhere": lambda place, file: place.symlink_to(place.with_name("nowhere")),
    "a loop": lambda place, file: place.symlink_to(place),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_lock_excludes_others_whatever_lay_in_its_place(tmp_path: Path, way: str) -> None:
    file = tmp_path / "others" / "file"
    file.parent.mkdir()
    file.write_text("theirs")
    place = tmp_path / "a.lock"
    WAYS[way](place, file)
    with file_lock(place):
        assert place.is_file()
        assert not place.is_symlink()
        with pytest.raises(Timeout), file_lock(place).acquire(timeout=0):
            pass
    with file_lock(place).acquire(timeout=0):
        pass
    assert [each.read_text() for each in file.parent.iterdir()] == ["theirs"]
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.lock", "others"]
