"""The competition's raw files: the label list matched with the photographs that lie beside it.

Finds all problems that can be found without decoding a photograph.
"""

from pathlib import Path
from typing import Any, NamedTuple

from tasks.core.errors import InvalidData, Problem
from tasks.core.raw_paths import hint, kind_of
from tasks.dogs import labels, read_and_crop

LIST = "data_train_image.txt"
FOLDERS = ("train", "test")


class Photo(NamedTuple):
    """A photograph to decode; only training photographs have a `label` and a `line` of the list."""

    id: str
    file: Path
    label: int | None = None
    line: int | None = None

    @property
    def name(self) -> str:
        """Path below the root, the same for every root."""
        return f"{self.file.parent.name}/{self.file.name}"


class Raw(NamedTuple):
    """The raw files and notes on them; photographs sorted by id."""

    root: Path
    train: list[Photo]
    test: list[Photo]
    notes: list[dict[str, Any]]


class _Folder(NamedTuple):
    photos: dict[str, Path]
    """By id, which is the file's name without its suffix."""
    unusable: dict[str, tuple[str, str]]
    """(expected, received) of the ids that cannot be used."""
    others: list[str]


def find(root: Path) -> Raw:
    """The raw files below `root`.

    Raises:
        InvalidData: all that is wrong with the list, and all photographs that are missing.
    """
    _check_places(root)
    entries, problems = labels.parse(root / LIST)
    kept, notes = labels.resolve(entries)
    if entries and not problems:
        problems = labels.too_few(root / LIST, entries, kept)
    train, test = (_folder(root / name) for name in FOLDERS)
    train_photos, missing = _listed(root, kept, train)
    test_photos = [Photo(name, test.photos[name]) for name in sorted(test.photos)]
    problems += missing + _not_files(root, train_photos, train)
    problems += _not_files(root, test_photos, test)
    if not test_photos:
        received = f"none ({len(test.others):,} other files)"
        problems.append(Problem(root / "test", None, "at least one photograph", received))
    if problems:
        raise InvalidData(problems)
    notes += _folder_notes({entry.id for entry in entries}, train, test)
    return Raw(root, train_photos, test_photos, notes)


def problem(root: Path, photo: Photo, expected: str, received: str) -> Problem:
    """A problem with a photograph, at the line of the list that names it, if one does."""
    if photo.line is None:
        return Problem(_printable(photo.file), None, expected, received)
    return Problem(root / LIST, photo.line, f"{expected} in {photo.name}", received)


def _check_places(root: Path) -> None:
    if (kind := kind_of(root)) != "a folder":
        expected = f"a folder with {LIST}, train/ and test/"
        raise InvalidData([Problem(root, None, expected, kind + _hint(root))])
    problems = []
    if (kind := kind_of(root / LIST)) != "a file":
        problems.append(Problem(root / LIST, None, "the label list", kind + _hint(root)))
    for name in FOLDERS:
        if (kind := kind_of(root / name)) != "a folder":
            problems.append(Problem(root / name, None, "a folder of photographs", kind))
    if problems:
        raise InvalidData(problems)


def _hint(root: Path) -> str:
    """Where the list lies instead, if the root is one folder too high or too low."""
    return hint(root, lambda folder: kind_of(folder / LIST) == "a file")


def _folder(folder: Path) -> _Folder:
    """The files of a folder of photographs; of two with one id the first by name is kept."""
    photos: dict[str, Path] = {}
    unusable: dict[str, tuple[str, str]] = {}
    others = []
    for file in _sorted_files(folder):
        if file.name.startswith(".") or file.suffix.lower() not in read_and_crop.SUFFIXES:
            others.append(f"{folder.name}/{_printable(file.name)}")
        elif file.stem in photos:
            both = f"{photos[file.stem].name} and {file.name}"
            unusable[file.stem] = ("only one photograph of an id", _printable(both))
        else:
            photos[file.stem] = file
            if wrong := _wrong_entry(file):
                unusable[file.stem] = wrong
    return _Folder(photos, unusable, others)


def _sorted_files(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
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


def _folder_notes(listed: set[str], train: _Folder, test: _Folder) -> list[dict[str, Any]]:
    strays = [train.photos[name].name for name in sorted(train.photos) if name not in listed]
    unlisted = [f"train/{_printable(name)}" for name in strays]
    both = [f"test/{test.photos[name].name}" for name in sorted(test.photos) if name in listed]
    others = train.others + test.others
    return [
        *labels.note("unlisted", "photographs in train/ that no line names, left out", unlisted),
        *labels.note("both", "test photographs with the id of a training photograph", both),
        *labels.note("other", "files that are no photographs, left out", others),
    ]


def _printable(name: object) -> str:
    """The name, escaped if it has line ends or bytes that are not text."""
    text = str(name)
    return text if text.isprintable() else ascii(text)
