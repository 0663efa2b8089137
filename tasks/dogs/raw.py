"""The raw files of a part: photographs and, of the training part, the label list that names them.

Finds all problems that can be found without decoding a photograph.
"""

from pathlib import Path, PurePath
from typing import Any, NamedTuple

from tasks.core.competition import Part
from tasks.core.errors import InvalidData, Problem
from tasks.core.raw_paths import hint, kind_of
from tasks.dogs.config import LIST
from tasks.dogs.notes import note_of
from tasks.dogs.photographs import labels
from tasks.learning.photographs import read_and_crop

PARTS: tuple[Part, ...] = ("train", "test")
"""Each has a folder of this name."""


class Photo(NamedTuple):
    """A photograph to decode; only training photographs have a `label` and a `line` of the list.

    There can be hundreds of thousands of them: a `Path` in each would take most of the memory of a part.
    """

    id: str
    name: str
    """Path below the root, the same for every root."""
    label: int | None = None
    line: int | None = None


class Raw(NamedTuple):
    """The raw files of a part, and notes on them."""

    root: Path
    part: Part
    photos: list[Photo]
    """Sorted by id."""
    notes: list[dict[str, Any]]


class _Folder(NamedTuple):
    photos: dict[str, str]
    """Paths below the root by id, which is the file's name without its suffix."""
    unusable: dict[str, tuple[str, str]]
    """(expected, received) of the ids that cannot be used."""
    others: list[str]


def find(root: Path, part: Part) -> Raw:
    """The raw files of a part below `root`, which need not have those of another part.

    Raises:
        InvalidData: all that is wrong with the list, and all photographs that are missing.
    """
    _check_places(root, part)
    return _find_train(root) if part == "train" else _find_test(root)


def _find_train(root: Path) -> Raw:
    entries, problems = labels.parse(root / LIST)
    kept, notes = labels.resolve(entries)
    if entries and not problems:
        problems = labels.too_few(root / LIST, entries, kept)
    folder = _folder(root / "train")
    photos, missing = _listed(root, kept, folder)
    problems += missing + _not_files(root, photos, folder)
    if problems:
        raise InvalidData(problems)
    listed = {entry.id for entry in entries}
    strays = [folder.photos[id] for id in sorted(folder.photos) if id not in listed]
    unlisted = [_printable(name) for name in strays]
    notes += note_of("unlisted", "photographs in train/ that no line names, left out", unlisted)
    return Raw(root, "train", photos, notes + _other_notes(folder))


def _find_test(root: Path) -> Raw:
    folder = _folder(root / "test")
    photos = [Photo(id, folder.photos[id]) for id in sorted(folder.photos)]
    problems = _not_files(root, photos, folder)
    if not photos:
        received = f"none ({len(folder.others):,} other files)"
        problems.append(Problem(root / "test", None, "at least one photograph", received))
    if problems:
        raise InvalidData(problems)
    return Raw(root, "test", photos, _other_notes(folder))


def problem(root: Path, photo: Photo, expected: str, received: str) -> Problem:
    """A problem with a photograph, at the line of the list that names it, if one does."""
    if photo.line is None:
        return Problem(_printable(root / photo.name), None, expected, received)
    return Problem(root / LIST, photo.line, f"{expected} in {photo.name}", received)


def _check_places(root: Path, part: Part) -> None:
    if (kind := kind_of(root)) != "a folder":
        # the same for each part, so that it is shown once
        expected = f"a folder with the raw files ({LIST}, train/ and test/)"
        received = kind + hint(root, lambda folder: _has_list(folder) or _has_test(folder))
        raise InvalidData([Problem(root, None, expected, received)])
    problems = []
    if part == "train" and (kind := kind_of(root / LIST)) != "a file":
        problems.append(Problem(root / LIST, None, "the label list", kind + hint(root, _has_list)))
    if (kind := kind_of(root / part)) != "a folder":
        # beside a list, the root is the right one
        elsewhere = hint(root, _has_test) if part == "test" and not _has_list(root) else ""
        problems.append(Problem(root / part, None, "a folder of photographs", kind + elsewhere))
    if problems:
        raise InvalidData(problems)


def _has_list(folder: Path) -> bool:
    return kind_of(folder / LIST) == "a file"


def _has_test(folder: Path) -> bool:
    return kind_of(folder / "test") == "a folder"


def _folder(folder: Path) -> _Folder:
    """The files of a folder of photographs; of two with one id the first by name is kept."""
    photos: dict[str, str] = {}
    unusable: dict[str, tuple[str, str]] = {}
    others = []
    for name in _sorted_names(folder):
        id, suffix = PurePath(name).stem, PurePath(name).suffix
        if name.startswith(".") or suffix.lower() not in read_and_crop.SUFFIXES:
            others.append(f"{folder.name}/{_printable(name)}")
        elif id in photos:
            both = f"{PurePath(photos[id]).name} and {name}"
            unusable[id] = ("only one photograph of an id", _printable(both))
        else:
            photos[id] = f"{folder.name}/{name}"
            if wrong := _wrong_entry(folder / name):
                unusable[id] = wrong
    return _Folder(photos, unusable, others)


def _sorted_names(folder: Path) -> list[str]:
    try:
        return sorted(file.name for file in folder.iterdir())
    except OSError as error:
        received = f"one that cannot be read ({error.strerror})"
        raise InvalidData([Problem(folder, None, "a readable folder", received)]) from error


def _wrong_entry(file: Path) -> tuple[str, str] | None:
    if reason := labels.unsafe_id(file.stem):
        return "a file name that can be an image id", reason
    kind = kind_of(file)
    return None if kind == "a file" else ("a photograph", kind)


def _listed(root: Path, kept: list[labels.ListEntry], train: _Folder) -> tuple[list[Photo], list[Problem]]:
    """The photographs that the list names, and those of them that are missing."""
    if kept and not train.photos:
        received = f"none ({len(train.others):,} other files)"
        expected = "the photographs that the list names"
        return [], [Problem(root / "train", None, expected, received)]
    photos, missing = [], []
    for id, label, line in kept:
        if id in train.photos:
            photos.append(Photo(id, train.photos[id], label, line))
        else:
            missing.append(Problem(root / LIST, line, f"train/{id}.jpg", "no such file"))
    return photos, missing


def _not_files(root: Path, photos: list[Photo], folder: _Folder) -> list[Problem]:
    unusable = folder.unusable
    return [problem(root, photo, *unusable[photo.id]) for photo in photos if photo.id in unusable]


def _other_notes(folder: _Folder) -> list[dict[str, Any]]:
    return note_of("other", "files that are no photographs, left out", folder.others)


def _printable(name: object) -> str:
    """The name, escaped if it has line ends or bytes that are not text."""
    text = str(name)
    return text if text.isprintable() else ascii(text)
