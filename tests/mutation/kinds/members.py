"""Files of members, as `podium members add` reads them: tables of class scores, and lines of candidates."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from tasks.core.competition import find
from tasks.learning.ensemble.member_files.records import ExpectedRecords
from tests.mutation.inputs import Expected, Input, Maker, Place
from tests.mutation.kinds import content as changes
from tests.mutation.kinds.contests import raw_folder
from tests.mutation.kinds.places import WAYS as NO_FILES
from tests.mutation.kinds.raw_lines import changed

IDS = {"dogs": ["x,8", "y,9"], "extraction": ["test1:1", "test1:2"], "nl2sql": ["test:1", "test:2"]}
CSV = 'id,3,7\n"x,8",0.25,0.75\n"y,9",1,0\n'
CELLS: dict[str, Expected] = {
    "0.25": "accepted",
    "2.5e-1": "accepted",
    " 0.25": "either",
    "0.3": "refused",
    "nan": "refused",
    "inf": "refused",
    "1e400": "refused",
    "-0.25": "refused",
    "٠.25": "refused",
    "０.25": "refused",
    "0_0.2_5": "refused",
    "0x1p-2": "refused",
    "0,25": "refused",
    "": "refused",
    "25%": "refused",
    "9" * 5000: "refused",
    "0." + "25" + "0" * 5000: "accepted",
    '"0.25\n"': "either",
    "\0": "refused",
}


def _reading(place: Place, competition: str, file: Path) -> Callable[[], object]:
    dataset = place.template(f"dataset-{competition}", lambda folder: _load(place, competition, folder))

    def act() -> object:
        form = find(competition).member_form(dataset)  # type: ignore[misc]
        return form.read(file, ExpectedRecords("test", IDS[competition]))

    return act


def _load(place: Place, competition: str, folder: Path) -> None:
    folder.mkdir()
    rules = find(competition)
    from tasks.core.settings.resolve import resolve

    root = place.template(f"raw-{competition}", raw_folder(competition))
    config: Any = resolve(competition, overrides=[f"data.root={root}"])
    for part in rules.parts:
        rules.load(config.data, part, folder)


def table(place: Place, random: Random) -> Input:
    """A CSV or npz file of class scores."""
    file = place.folder / random.choice(("scores.csv", "scores.npz"))
    if random.random() < 0.1:
        name, expected = random.choice(sorted(NO_FILES)), "refused"
        NO_FILES[name](file)
    elif random.random() < 0.1:
        name, expected = "3 GB of nothing", "refused"
        changes.sparse(file, after=CSV.encode() if random.random() < 0.5 else b"")
    elif file.suffix == ".npz":
        name, expected = _npz(file, random)
    else:
        name, expected = _csv(file, random)
    return Input(f"{file.suffix}: {name[:60]}", expected, _reading(place, "dogs", file))  # type: ignore[arg-type]


def _csv(file: Path, random: Random) -> tuple[str, Expected]:
    way = random.randrange(4)
    if way == 0:
        cell, expected = random.choice(list(CELLS.items()))
        file.write_text(CSV.replace("0.25", cell), "utf-8")
        return f"a cell {cell[:20]!r}", expected
    if way == 1:
        name = random.choice(sorted(changes.BAD_BYTES.keys() - {"UTF-16 without a mark"}))
        file.write_bytes(changes.BAD_BYTES[name](CSV.encode(), random))
        return name, "refused"
    if way == 2:
        wrong = {
            "a header twice": CSV.replace("3,7", "3,3"),
            "another class": CSV.replace("3,7", "3,8"),
            "a class in Arabic": CSV.replace("id,3", "id,٣"),
            "a row twice": CSV + CSV.splitlines()[1],
            "another id": CSV.replace("x,8", "x,9"),
            "a row less": "\n".join(CSV.splitlines()[:2]),
            "an open quote": CSV.replace('9"', "9"),
            "semicolons": CSV.replace(",", ";"),
            "a long cell": CSV.replace("0.25", "0" * (17 << 20)),
            "a long id": CSV.replace("x,8", "x" * 200_000),
            "100,000 columns": CSV.replace("id,", "id," + "a," * 100_000),
            "100,000 other columns": CSV.replace("id,3", "id," + ",".join(f"a{n}" for n in range(100_000))),
            "20 million commas": CSV + "," * (20 << 20),
        }
        name = random.choice(sorted(wrong))
        file.write_text(wrong[name], "utf-8")
        return name, "refused"
    file.write_bytes(changes.noise(CSV.encode(), random))
    return "noise", "either"


def _npz(file: Path, random: Random) -> tuple[str, Expected]:
    good = {
        "ids": np.array(IDS["dogs"]),
        "scores": np.array([[0.25, 0.75], [1, 0]]),
        "classes": np.array(["3", "7"]),
    }
    ways: dict[str, tuple[Expected, dict[str, Any]]] = {
        "as it is": ("accepted", {}),
        "float16": ("accepted", {"scores": good["scores"].astype(np.float16)}),
        "big endian": ("accepted", {"scores": good["scores"].astype(">f8")}),
        "NaN": ("refused", {"scores": np.array([[np.nan, 1], [1, 0]])}),
        "infinity": ("refused", {"scores": np.array([[np.inf, 0], [1, 0]])}),
        "complex": ("refused", {"scores": good["scores"].astype(np.complex64)}),
        "dates": ("refused", {"scores": np.zeros((2, 2), "M8[s]")}),
        "texts": ("refused", {"scores": good["scores"].astype(str)}),
        "objects": ("refused", {"scores": good["scores"].astype(object)}),
        "records": ("refused", {"scores": np.zeros((2, 2), [("a", "f4"), ("b", "f4")])}),
        "one number": ("refused", {"scores": np.array(0.5)}),
        "three axes": ("refused", {"scores": np.zeros((2, 2, 2))}),
        "no rows": ("refused", {"scores": np.zeros((0, 2)), "ids": np.zeros(0, str)}),
        "4 million rows": ("refused", {"scores": np.zeros((4_000_000, 2), np.float32)}),
        "long ids": ("refused", {"ids": np.array(["x" * 100, "y"])}),
        "bytes as ids": ("refused", {"ids": np.array([b"x,8", b"y,9"])}),
        "halves of pairs": ("refused", {"ids": np.array(["\ud800", "y,9"])}),
        "NUL in ids": ("refused", {"ids": np.array(["x\0,8", "y,9"])}),
        "another array": ("refused", {"more": np.zeros(3)}),
        "a class twice": ("refused", {"classes": np.array(["3", "3"])}),
    }
    way = random.randrange(3)
    if way < 2:
        name = random.choice(sorted(ways))
        expected, instead = ways[name]
        np.savez_compressed(file, **(good | instead))
        return name, expected
    if random.random() < 0.4:
        _claiming(file, random)
        return "an array that claims a shape", "refused"
    np.savez(file, **good)
    file.write_bytes(changes.noise(file.read_bytes(), random))
    return "noise", "either"


def _claiming(file: Path, random: Random) -> None:
    """An array whose header claims more than there is."""
    shape = random.choice(((10**9, 2), (2, 10**10), (10**18,), (-1, 2), (2**40, 2**40)))
    stream = io.BytesIO()
    header = {"descr": "<f8", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(stream, header)
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("scores.npy", stream.getvalue() + bytes(64))
        ids = io.BytesIO()
        np.save(ids, np.array(IDS["dogs"]))
        archive.writestr("ids.npy", ids.getvalue())


def lines(place: Place, random: Random) -> Input:
    """A file of lines of candidates."""
    competition = random.choice(("extraction", "nl2sql"))
    file = place.folder / "scores.jsonl"
    if competition == "extraction":
        triple = {"subject": "晚舟", "predicate": "作者", "object": "林岸", "score": 0.5}
        name = "spo_list"
    else:
        triple = {"agg": [0], "sel": [1], "cond_conn_op": 0, "conds": [[2, 2, "海南"]], "score": 0.5}
        name = "queries"
    values = [{"id": id, name: [triple] if not number else []} for number, id in enumerate(IDS[competition])]
    file.write_text("".join(json.dumps(each, ensure_ascii=False) + "\n" for each in values), "utf-8")
    what, expected = changed(file, random)
    return Input(f"{competition}: {what}", expected, _reading(place, competition, file))


KINDS: dict[str, tuple[float, Maker]] = {
    "members: tables": (7, table),
    "members: candidates": (5, lines),
}
