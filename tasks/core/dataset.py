"""A dataset as steps see it: the folders of the parts that they were given, read as one.

`load` writes each part of a dataset, with what comes from it, as an artifact of its own, and every step is
given just the parts it reads. So a key changes only with these parts: new test files change no training.

A file's name begins with that of its part (`test.jsonl`, `test_photos.npy`); files that are common to all
parts, such as vocabularies, come from the training part (`Competition.common_files`).
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator


class PartFolders(BaseModel):
    """Folders of parts; `folders / name` is the file of this name in whichever has it.

    >>> PartFolders.of(Path("train"), Path("test")) / "absent.jsonl"
    PosixPath('train/absent.jsonl')
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    folders: tuple[Path, ...]

    @model_validator(mode="before")
    @classmethod
    def _from_paths(cls, value: Any) -> Any:
        """Accept a folder, or several, in place of the fields."""
        if isinstance(value, str | Path):
            return {"folders": (value,)}
        return {"folders": tuple(value)} if isinstance(value, list | tuple) else value

    @classmethod
    def of(cls, *folders: Path) -> "PartFolders":
        """The dataset in these folders."""
        return cls(folders=folders)

    def __truediv__(self, name: str) -> Path:
        paths = [folder / name for folder in self.folders]
        return next((path for path in paths if path.exists()), paths[0])


Dataset = Path | PartFolders
"""Where to read a dataset: one folder with all its files, or the folders of its parts."""


def notes_file(part: str) -> str:
    """Name of the file with counts and notes on the raw files of a part."""
    return f"{part}.notes.json"


def notes(dataset: Dataset, parts: Iterable[str]) -> dict[str, Any]:
    """Counts and notes of several parts as one: `{"counts": {…}, "notes": [{"kind", "message", "count",
    "examples"}, …]}`; parts without notes are left out.

    Notes of one kind are added up. A message ends with the number that it counts.
    """
    counts: dict[str, int] = {}
    merged: dict[str, dict[str, Any]] = {}
    for part in parts:
        file = dataset / notes_file(part)
        if not file.is_file():
            continue
        content = json.loads(file.read_text("utf-8"))
        counts |= content["counts"]
        for note in content["notes"]:
            merged[note["kind"]] = added(merged.get(note["kind"]), note)
    return {"counts": counts, "notes": list(merged.values())}


def note(kind: str, text: str, count: int, examples: Iterable[str]) -> dict[str, Any]:
    """A note on the data: what was found, how often, and some examples.

    >>> note("long", "long sentences", 1200, ["a"])["message"]
    'long sentences: 1,200'
    """
    return {"kind": kind, "message": f"{text}: {count:,}", "count": count, "examples": list(examples)}


def added(first: dict[str, Any] | None, second: dict[str, Any], *, shown: int = 5) -> dict[str, Any]:
    """Two notes of one kind as one."""
    if first is None:
        return second
    text = first["message"].rpartition(": ")[0]
    examples = [*first["examples"], *second["examples"]][:shown]
    return note(first["kind"], text, first["count"] + second["count"], examples)
