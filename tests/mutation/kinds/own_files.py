"""Files that Podium itself wrote, damaged: commands name them and go on, whatever lies in their places."""

import json
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch

import numpy as np

from tasks.core.cache import acceptances
from tasks.core.cache.store import Artifact, Store
from tests.core.stored_records import line_of, record_of
from tests.mutation.inputs import Expected, Input, Maker, Place, podium
from tests.mutation.kinds import content as changes
from tests.mutation.kinds.contests import raw_folder
from tests.mutation.kinds.places import WAYS as NO_FILES

SCORE = {"name": "accuracy", "value": 0.8, "standard_error": 0.01, "higher_is_better": True}
ACCEPTED = acceptances.Acceptance(
    "load",
    "dogs",
    before={"code": {"tasks.load": "0" * 64}, "libraries": {}},
    after={"code": {"tasks.load": "1" * 64}, "libraries": {}},
    by="ana",
    when="2026-01-31T12:00:00+00:00",
)
PATTERNS = (
    *("podium_store/steps/*.json", "podium_store/artifacts/*.json", "podium_store/runs/*.jsonl"),
    "podium_store/acceptances/*.json",
    *(
        "podium_store/fingerprints/*.json",
        "submissions/dogs/*/provenance.json",
        "submissions/dogs/*/answers.txt",
    ),
    *("podium_store/artifacts/*/*", "podium_store/locks/*"),
)
COMMANDS: dict[str, tuple[str, ...]] = {
    "list": ("submissions", "list"),
    "show": ("submissions", "show", "first"),
    "diff": ("submissions", "diff", "first", "second"),
    "members": ("members", "list", "dogs"),
    "plan": ("plan", "dogs"),
    "blend": ("blend", "dogs", "--dry-run", "-s", "folds.count=2"),
    "predict": ("predict", "dogs", "--from", "first", "--no-server"),
    "clean": ("clean", "--older-than", "0m"),
    "verify": ("clean", "--verify"),
}
NAMED = ("show", "diff", "predict", "blend")
"""Commands that need certain files, and may refuse damaged ones."""
OF_RAW_FILES = ("plan", "blend")
"""Commands that read the raw files."""
_LONG = [
    "[" * 1000 + "]" * 1000,
    '{"a":' * 1000 + "1" + "}" * 1000,
    "9" * 400,
    "9" * 5000,
    "NaN",
    "-1e400",
    '""',
]


def _kept(store: Store, kind: str, files: dict[str, Any]) -> Artifact:
    with store.new_folder() as folder:
        for name, value in files.items():
            if name.endswith(".npy"):
                np.save(folder / name, value)
            else:
                (folder / name).write_text(json.dumps(value))
        return store.keep(kind, folder)


def _write(data: Path, root: Path) -> None:
    """A store with members and models of two submissions on these raw files, as runs leave it."""
    from flows.members.member_records import records_of
    from tasks.core.settings.resolve import resolve

    store = Store(root / "podium_store")
    store.write_fingerprints("0" * 32, {"train/1.jpg": f"1 2 3 4 {'0' * 64}"})
    acceptances.write(store, ACCEPTED)
    with patch.dict(os.environ, {"PODIUM_STORE": str(store.root)}):
        records = records_of("dogs", resolve("dogs", overrides=[f"data.root={data}", "folds.count=2"]))
        ids = {"out_of_fold": json.loads((records.folds.path / "ids.json").read_text())}
        ids |= records.ids("dogs")  # type: ignore[arg-type]
        for day, name in enumerate(("first", "second"), 1):
            folder = root / "submissions" / "dogs" / f"2026010{day}-100000-{name}"
            _write_submission(store, folder, name, records.folds, ids)


def _predictions(ids: dict[str, list[str]], part: str, name: str) -> dict[str, Any]:
    """The files of a part's scores of three breeds."""
    scores = np.random.default_rng(len(name)).random((len(ids[part]), 3), np.float32)
    return {f"{part}_ids.json": ids[part], f"{part}.npy": scores}


def _write_submission(
    store: Store, folder: Path, name: str, folds: Artifact, ids: dict[str, list[str]]
) -> None:
    common = {"competition": "dogs", "folds": {"artifact": folds.name}}
    recipe = {"name": name, "training": {"epochs": 3}}
    model = _kept(store, "model", {"history.json": [], "name.json": name})
    scores = _kept(store, "scores", {"held_out_ids.json": ["1"], "name.json": name})
    described = {"score": SCORE, "name": name}
    member = _kept(store, "member", {"member.json": described, **_predictions(ids, "out_of_fold", name)})
    answers = _kept(store, "scores", _predictions(ids, "test", name))
    blend = _kept(store, "blend", {"blend.json": {"weights": {name: 1.0}, "stack": None, "score": SCORE}})
    models, held_out = [{"artifact": model.name}], [{"artifact": scores.name}]
    records = [
        record_of(model, step="train", days=40, recipe=recipe, fold=0, **common),
        record_of(scores, step="predict", days=40, recipe=recipe, models=models, **common),
        record_of(member, step="gather", days=40, held_out=held_out, **common),
        record_of(answers, step="average", days=40, part="test", member={"artifact": member.name}, **common),
        record_of(blend, step="blend", days=40, members={name: {"artifact": member.name}}, **common),
    ]
    steps = []
    for record in records:
        store.write_record(record["key"], record)
        artifact = Artifact.model_validate(record["result"]).name
        accepted = [ACCEPTED.summary()]
        steps.append(line_of(record["step"], key=record["key"], artifact=artifact, accepted=accepted))
        with store.lock(record["key"]):
            store.note(name, steps[-1])
    parts = {
        part: each.model_dump() for part, each in [("train", folds), ("common", folds), ("blend", blend)]
    }
    described = {"member": member.model_dump(), "recipe": recipe, "models": [model.model_dump()]}
    folder.mkdir(parents=True)
    (folder / "answers.txt").write_text("1\ta\n")
    provenance = {
        **{"file": "answers.txt", "competition": "dogs", "run": name, "score": SCORE, "steps": steps},
        **{"members": {name: {"score": SCORE, "weight": 1.0}}, "config": recipe, "public_score": None},
        **{"created": "2026-01-01T10:00:00+00:00", "command": "podium run dogs"},
        "accepted": [{**ACCEPTED.summary(), "results": ["load dogs"]}],
        "ensemble": {**parts, "validation": None, "members": {name: described}},
    }
    (folder / "provenance.json").write_text(json.dumps(provenance, indent=1))


def damaged(place: Place, random: Random) -> Input:
    """One of the files, changed or replaced, and a command that reads it."""
    data = place.template("raw-dogs", raw_folder("dogs"))
    root = place.copy("own-files", partial(_write, data))
    environment = {
        "PODIUM_STORE": str(root / "podium_store"),
        "PODIUM_SUBMISSIONS": str(root / "submissions"),
    }
    files = sorted(file for pattern in random.sample(PATTERNS, 3) for file in root.glob(pattern))
    file = random.choice(files)
    what = _damage(file, random)
    name = random.choice(sorted(COMMANDS))
    words = (*COMMANDS[name], *(("-s", f"data.root={data}") if name in OF_RAW_FILES else ()))
    expected: Expected = "either" if name in NAMED else "accepted"
    act = podium(*words, environment=environment)
    return Input(f"{name}, {file.relative_to(root)}: {what}", expected, act)


def _damage(file: Path, random: Random) -> str:
    """Damage a file; returns how."""
    content = file.read_bytes()
    ways: dict[str, Callable[[], bytes]] = {
        "empty": lambda: b"",
        "null": lambda: b"null",
        "a list": lambda: b"[1]",
        "cut": lambda: content[: random.randrange(max(1, len(content)))],
        "UTF-16": lambda: content.decode("utf-8", "replace").encode("utf-16"),
        "zeros": lambda: bytes(len(content)),
        "noise": lambda: changes.noise(content, random),
        "another value": lambda: changes.other_value(content, random)[1],
        "an odd value": lambda: _odd_value(content, random),
    }
    if random.random() < 0.15:
        name = random.choice(sorted(NO_FILES.keys() - {"a loop of folders", "folders that double"}))
        file.unlink()
        NO_FILES[name](file)
        return name
    name = random.choice(sorted(ways))
    try:
        changed = ways[name]()
    except (ValueError, IndexError, KeyError, TypeError):  # no JSON, of which a value could be changed
        name, changed = "cut", ways["cut"]()
    mode = file.stat().st_mode
    file.unlink()
    file.write_bytes(changed)
    file.chmod(mode)
    return name


def _odd_value(content: bytes, random: Random) -> bytes:
    """A value in the place of which stands what no file has: a thousand levels, 400 digits, NaN."""
    value = json.loads(content)
    place = value
    while isinstance(place, dict | list) and place:
        key = random.choice(sorted(place)) if isinstance(place, dict) else random.randrange(len(place))
        inner = place[key]
        if not isinstance(inner, dict | list) or not inner or random.random() < 0.3:
            place[key] = "\0odd\0"
            break
        place = inner
    return json.dumps(value).replace(json.dumps("\0odd\0"), random.choice(_LONG)).encode()


KINDS: dict[str, tuple[float, Maker]] = {"own files": (12, damaged)}
