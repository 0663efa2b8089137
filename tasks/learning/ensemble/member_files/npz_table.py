"""Class scores as arrays in an npz file, without pickled objects."""

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tasks.core.array_files import read_npz
from tasks.core.strict_json import Unreadable
from tasks.learning.ensemble.member_files.columns import FOLD, ID, PART, TRUTH, Columns, ScoreTable
from tasks.learning.ensemble.member_files.records import FileProblems


def read(file: Path, classes: Sequence[str], problems: FileProblems) -> ScoreTable | None:
    """The table of an npz file; pickled arrays are refused, since reading them runs code."""
    arrays = _npz_arrays(file, problems)
    if arrays is None or not _check_npz(arrays, classes, problems):
        return None
    order = np.arange(len(classes))
    if "classes" in arrays:
        names = [str(name) for name in arrays["classes"].tolist()]
        if sorted(names) != sorted(classes):
            unknown = [name for name in names if name not in classes]
            received = f"unknown ones: {unknown[:3]}" if unknown else "some of them more than once"
            problems.add(
                "classes", None, f"'classes' to name the {len(classes):,} classes once each", received
            )
            return None
        order = np.array([names.index(name) for name in classes])
    ids = [str(id) for id in arrays["ids"].tolist()]
    if not ids:
        problems.add("rows", None, "scores of each record", "arrays without rows")
    scores = arrays["scores"].astype(np.float64)[:, order]
    parts, folds = (arrays[name].tolist() if name in arrays else None for name in ("parts", "folds"))
    # no fold is written as -1, since arrays of integers have no empty entries
    folds = [None if fold == -1 else fold for fold in folds] if folds else None
    return ScoreTable(ids, scores, np.ones(scores.shape, bool), range(1, len(ids) + 1), parts, folds)


def _npz_arrays(file: Path, problems: FileProblems) -> dict[str, np.ndarray] | None:
    try:
        return read_npz(file)
    except Unreadable as error:
        problems.add("npz", None, error.expected, error.received)
        return None


def _check_npz(arrays: dict[str, np.ndarray], classes: Sequence[str], problems: FileProblems) -> bool:
    """Names, shapes and types of the arrays."""
    for name in ("ids", "scores"):
        if name not in arrays:
            found = ", ".join(map(repr, sorted(arrays)[:6])) or "no array"
            problems.add("array", None, f"an array {name!r}", found)
    for name in sorted(arrays.keys() - {"ids", "scores", "classes", "parts", "folds", TRUTH}):
        problems.add("array", None, "no arrays but ids, scores, classes, parts, folds and truth", repr(name))
    if problems:
        return False
    count = len(arrays["ids"]) if arrays["ids"].ndim else 0
    shapes = {"ids": (count,), "scores": (count, len(classes)), "classes": (len(classes),)}
    kinds = {"scores": "fiu", "folds": "iu", "ids": "Uiu", "classes": "Uiu", "parts": "U"}
    words = {"fiu": "numbers", "iu": "whole numbers", "U": "text", "Uiu": "text or whole numbers"}
    for name, array in arrays.items():
        if name == TRUTH:
            continue
        if array.shape != (shape := shapes.get(name, (count,))):
            problems.add("shape", None, f"{name!r} of shape {shape}", f"{array.shape}")
        elif array.dtype.kind not in kinds[name]:
            problems.add("type", None, f"{words[kinds[name]]} in {name!r}", f"the type {array.dtype}")
    return not problems


def content(columns: Columns, classes: Sequence[str], scores: np.ndarray) -> bytes:
    """The table as an npz file; no fold is -1 and no truth an empty text."""
    np.savez(
        stream := io.BytesIO(),
        ids=np.array(columns[ID], np.str_),
        scores=scores,
        classes=np.array(list(classes), np.str_),
        parts=np.array(columns[PART], np.str_),
        folds=np.array([-1 if fold is None else fold for fold in columns[FOLD]], np.int64),
        truth=np.array(["" if each is None else each for each in columns[TRUTH]], np.str_),
    )
    return stream.getvalue()
