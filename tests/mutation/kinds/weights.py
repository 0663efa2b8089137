"""Pretrained files: vectors of characters, vocabularies and descriptions of BERTs."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from tests.mutation.inputs import Expected, Input, Maker, Place
from tests.mutation.kinds import content as changes
from tests.mutation.kinds.places import WAYS as NO_FILES

GOOD = {"characters": np.array(["青", "石", "巷"]), "vectors": np.ones((3, 4), np.float16)}


def vectors(place: Place, random: Random) -> Input:
    """An `.npz` of vectors."""
    from tasks.text.vocabulary import character_vectors

    file = place.folder / "vectors.npz"
    name, expected = _vectors(file, random)
    return Input(name, expected, lambda: character_vectors(str(file)))


def _with(row: float) -> np.ndarray:
    changed = GOOD["vectors"].astype(np.float32)
    changed[1, 2] = row
    return changed


def _vectors(file: Path, random: Random) -> tuple[str, Expected]:
    ways: dict[str, tuple[Expected, dict[str, Any]]] = {
        "as it is": ("accepted", {}),
        "float64": ("accepted", {"vectors": GOOD["vectors"].astype(np.float64)}),
        "NaN": ("refused", {"vectors": _with(np.nan)}),
        "infinity": ("refused", {"vectors": _with(-np.inf)}),
        "beyond float32": ("refused", {"vectors": GOOD["vectors"].astype(np.float64) * 1e300}),
        "complex": ("refused", {"vectors": GOOD["vectors"].astype(np.complex128) * 1j}),
        "texts": ("refused", {"vectors": np.array([["a"] * 4] * 3)}),
        "objects": ("refused", {"vectors": GOOD["vectors"].astype(object)}),
        "one axis": ("refused", {"vectors": np.ones(3)}),
        "three axes": ("refused", {"vectors": np.ones((3, 4, 2))}),
        "no vectors": ("refused", {"vectors": np.ones((0, 4)), "characters": np.array([], str)}),
        "no numbers": ("refused", {"vectors": np.ones((3, 0))}),
        "two for three": ("refused", {"vectors": np.ones((2, 4))}),
        "numbers as characters": ("refused", {"characters": np.arange(3)}),
        "objects as characters": ("refused", {"characters": np.array(["青", 1, None], object)}),
    }
    way = random.randrange(6)
    if way == 0:
        name = random.choice(sorted(NO_FILES))
        NO_FILES[name](file)
        return name, "refused"
    if way < 4:
        name = random.choice(sorted(ways))
        expected, instead = ways[name]
        np.savez_compressed(file, **(GOOD | instead))
        return name, expected
    if way == 4:
        _claim(file, random)
        return "an array that claims a shape", "refused"
    np.savez(file, **GOOD)
    file.write_bytes(changes.noise(file.read_bytes(), random))
    return "noise", "either"


def _claim(file: Path, random: Random) -> None:
    shape = random.choice(((3, 10**10), (10**18,), (3, -4), (2**40, 2**40), (3, 10**9)))
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": "<f4", "fortran_order": False, "shape": shape})
    names = io.BytesIO()
    np.save(names, GOOD["characters"])
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("vectors.npy", stream.getvalue() + bytes(48))
        archive.writestr("characters.npy", names.getvalue())


TOKENS = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n青\n石\n".encode()


def vocabulary(place: Place, random: Random) -> Input:
    """The vocabulary of a BERT in a folder."""
    from tasks.text.bert_files import bert_vocabulary

    folder = place.folder / "bert"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"model_type": "bert"}))
    file = folder / "vocab.txt"
    ways: dict[str, tuple[Expected, Callable[[], object]]] = {
        "as it is": ("accepted", lambda: file.write_bytes(TOKENS)),
        "Windows line ends": ("accepted", lambda: file.write_bytes(TOKENS.replace(b"\n", b"\r\n"))),
        "no end": ("accepted", lambda: file.write_bytes(TOKENS.rstrip())),
        "no [PAD]": ("refused", lambda: file.write_bytes(TOKENS.replace(b"[PAD]", b"[PAT]"))),
        "no UTF-8": ("refused", lambda: file.write_bytes(TOKENS + b"\xff\n")),
        "UTF-16": ("refused", lambda: file.write_bytes(TOKENS.decode().encode("utf-16"))),
        "nothing": ("refused", lambda: file.write_bytes(b"")),
        "NUL bytes": ("refused", lambda: file.write_bytes(TOKENS + bytes(100))),
        "3 GB of nothing": ("refused", lambda: changes.sparse(file, after=TOKENS)),
        "no file": ("refused", lambda: None),
    }
    if random.random() < 0.3:
        name, expected = random.choice(sorted(NO_FILES)), "refused"
        NO_FILES[name](file)
    else:
        name = random.choice(sorted(ways))
        expected, write = ways[name]  # type: ignore[assignment]
        write()
    return Input(name, expected, lambda: bert_vocabulary(str(folder)))  # type: ignore[arg-type]


KINDS: dict[str, tuple[float, Maker]] = {
    "weights: vectors": (4, vectors),
    "weights: vocabularies": (3, vocabulary),
}
