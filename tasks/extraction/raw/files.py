"""The competition's raw files: their paths, the schemas, and the scorer's dictionaries."""

from collections import defaultdict
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

from tasks.core.competition import Part
from tasks.core.errors import InvalidData, InvalidSettings, Problem
from tasks.core.raw_paths import hint, kind_of, root_folder
from tasks.extraction.config import SCHEMA, TEST, TRAIN, VALIDATION, Data
from tasks.extraction.raw.sentences import wrong_text
from tasks.extraction.scoring import dictionaries
from tasks.text.validation import json_lines
from tasks.text.validation.raw_files import check_name

SENTENCES: dict[Part, str] = {"train": TRAIN, "validation": VALIDATION, "test": TEST}
"""Name of each part's file of sentences."""
SCHEMA_KEYS = ("subject_type", "predicate", "object_type")


class SentenceFile(NamedTuple):
    """A file of sentences and the part of the dataset it belongs to."""

    part: Part
    file: Path


class Schema(NamedTuple):
    """The rows of the schema file, and the types by which sentences are checked."""

    rows: list[dict[str, str]]
    types: dict[str, set[tuple[str, str]]]
    """(subject type, object type) of each predicate, in order of first appearance."""


def sentence_files(data: Data, parts: Collection[Part]) -> list[SentenceFile]:
    """The files of these parts' sentences, training files first.

    Raises:
        InvalidSettings: a file lies outside data.root, or two would give their sentences the same ids.
    """
    root = root_folder(data.root)
    further = _further_training_files(data) if "train" in parts else []
    names = [(part, name) for part, name in SENTENCES.items() if part in parts]
    names[1:1] = [("train", name) for name in further]
    return [SentenceFile(part, root / name) for part, name in names]


def _further_training_files(data: Data) -> tuple[str, ...]:
    """The names of `data.extra`, checked."""
    stems = {Path(name).stem: name for name in SENTENCES.values()}
    for name in data.extra:
        check_name("extra", name)
        if other := stems.get(stem := Path(name).stem):
            expected = f"names that differ before the suffix from {other}"
            raise InvalidSettings(f"data.extra: expected {expected}, received {name}")
        stems[stem] = name
    return data.extra


def purposes(data: Data, parts: Collection[Part]) -> dict[Path, str]:
    """The raw files of these parts, and what each is for.

    Raises:
        InvalidSettings: a file lies outside data.root, or two would give their sentences the same ids.
    """
    root = root_folder(data.root)
    found = {root / SCHEMA: "the schemas"} if {"train", "validation"} & set(parts) else {}
    found |= {each.file: f"sentences of {each.part}" for each in sentence_files(data, parts)}
    if "train" in parts:
        for setting in ("alias", "location"):
            if name := getattr(data, setting):
                check_name(setting, name)
                found[root / name] = "a dictionary"
    return found


def check_paths(data: Data, parts: Collection[Part]) -> list[Problem]:
    """Problems with the paths of these parts' raw files: those that are missing.

    Raises:
        InvalidData: the folder itself is missing.
        InvalidSettings: a file lies outside data.root, or two would give their sentences the same ids.
    """
    files = purposes(data, parts)
    root = root_folder(data.root)
    wanted = _telling(parts)
    if (kind := kind_of(root)) != "a folder":
        expected = f"a folder with {SCHEMA}, {TRAIN}, {VALIDATION} and {TEST}"
        raise InvalidData([Problem(root, None, expected, kind + _hint(root, wanted))])
    kinds = {file: kind_of(file) for file in files}
    return [
        Problem(file, None, files[file], kind + (_hint(root, wanted) if file.name in wanted else ""))
        for file, kind in kinds.items()
        if kind != "a file"
    ]


def _telling(parts: Collection[Part]) -> tuple[str, ...]:
    """Names of files by which the right folder is recognised."""
    first = next(part for part in SENTENCES if part in parts)
    return (TEST,) if first == "test" else (SCHEMA, SENTENCES[first])


def _hint(root: Path, names: Collection[str]) -> str:
    """A folder above or below the root that holds files of these names, as the end of a message."""
    return hint(root, lambda folder: all(kind_of(folder / name) == "a file" for name in names))


def read_schema(file: Path, problems: list[Problem]) -> Schema | None:
    """The schemas; None if the file has problems, which are appended."""
    before = len(problems)
    rows: list[dict[str, str]] = []
    first: dict[tuple[str, ...], int] = {}
    for number, value in json_lines.objects(file, problems):
        mismatches = [mismatch for key in SCHEMA_KEYS for mismatch in wrong_text(value, key)]
        problems += [Problem(file, number, *mismatch) for mismatch in mismatches]
        if mismatches:
            continue
        row = {key: value[key] for key in SCHEMA_KEYS}
        line = first.setdefault(tuple(row.values()), number)
        if line != number:
            problems.append(Problem(file, number, "each schema once", f"that of line {line} again"))
        rows.append(row)
    if len(problems) > before:
        return None
    types: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for row in rows:
        types[row["predicate"]].add((row["subject_type"], row["object_type"]))
    return Schema(rows, dict(types))


def read_dictionary(file: Path, problems: list[Problem], replaced: list[str]) -> dict[str, list[str]]:
    """Other names by name, as the scorer reads them (`tasks.extraction.scoring.dictionaries`).

    Names whose line a later line replaces are appended to `replaced`.
    """
    aliases_of: dict[str, list[str]] = {}
    for number, columns in json_lines.rows(file, problems):
        line = "\t".join(columns)
        name, others = dictionaries.entry(line)
        if not columns[0].strip() or not any(others):
            expected = "a key and its aliases, separated by tabs"
            problems.append(Problem(file, number, expected, json_lines.described(line)))
        if name in aliases_of:
            replaced.append(f"{name} in line {number} of {file.name}")
        aliases_of[name] = others
    return aliases_of
