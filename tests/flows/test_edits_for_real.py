"""A handful of edits through the command line, with real trainings; the others are in `test_edits`.

One small data set, one store; each run edits a copy of the code, and the run's journal tells what became
of each step.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from tasks.dogs import demo

ROOT = Path(__file__).resolve().parents[2]
PRESET = """\
# podium run dogs --preset tiny
[data]
size_pixels = 40
duplicate_distance = 1
[folds]
count = 2
[[recipes]]
name = "small"
[recipes.trunk]
cut = ""
[[recipes.trunk.backbones]]
name = "small"
weights = "none"
size_pixels = 32
[[recipes.training.stages]]
epochs = 1
"""

TRAIN = {"train small fold 0", "train small fold 1"}
HELD_OUT = {"predict small fold 0", "predict small fold 1"}
TEST = {"predict small test, fold 0", "predict small test, fold 1", "average small test"}
PREDICT = HELD_OUT | TEST
BLEND, ANSWER = {"blend dogs"}, {"combine dogs test", "decode dogs"}
LOAD, COMPARE = {"load dogs train", "load dogs test"}, {"compare dogs"}
ALL = TRAIN | PREDICT | BLEND | ANSWER | LOAD | COMPARE | {"common dogs", "split dogs", "gather small"}


class Place(NamedTuple):
    """A copy of the code beside its data, its store and its submissions."""

    folder: Path

    def run(self, *options: str) -> dict[str, str]:
        """What became of each cached step; the run must end well."""
        before = set(self.folder.glob("store/runs/*"))
        command = [sys.executable, "-m", "flows", "run", "dogs", "--preset", "tiny", "--no-server", *options]
        places = {"PODIUM_STORE": "store", "PODIUM_SUBMISSIONS": "submissions", "PREFECT_HOME": "prefect"}
        done = subprocess.run(
            [*command, "--set", f"data.root={self.folder / 'data'}"],
            cwd=self.folder / "tree",
            env={**os.environ, **{name: str(self.folder / place) for name, place in places.items()}},
            capture_output=True,
            text=True,
            timeout=500,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        (journal,) = set(self.folder.glob("store/runs/*")) - before
        entries = [json.loads(line) for line in journal.read_text().splitlines()]
        return {entry["label"]: entry["state"] for entry in entries if entry["key"]}

    def repeated(self, *options: str) -> set[str]:
        return {label for label, state in self.run(*options).items() if state == "ran"}

    def edit(self, file: str, old: str, new: str) -> None:
        path = self.folder / "tree" / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))

    def results(self) -> dict[str, str]:
        """Digest of the artifact behind each key."""
        records = [json.loads(path.read_text()) for path in (self.folder / "store" / "steps").iterdir()]
        return {record["key"]: record["result"]["digest"] for record in records}

    def submissions(self) -> list[bytes]:
        return [path.read_bytes() for path in sorted(self.folder.glob("submissions/dogs/*/submission.txt"))]


def prepared(folder: Path) -> Place:
    ignore = shutil.ignore_patterns("__pycache__")
    for package in ("flows", "tasks"):
        shutil.copytree(ROOT / package, folder / "tree" / package, ignore=ignore)
    shutil.copy(ROOT / "pyproject.toml", folder / "tree")
    (folder / "tree" / "conf" / "dogs").mkdir(parents=True)
    (folder / "tree" / "conf" / "dogs" / "tiny.toml").write_text(PRESET)
    demo.write(folder / "data", breeds=3, photographs=6, test_photographs=4, size_pixels=64)
    return Place(folder)


@pytest.mark.slow
def test_edits_repeat_exactly_what_they_touch(tmp_path: Path) -> None:
    place = prepared(tmp_path)
    assert place.repeated() == ALL
    assert place.repeated() == set()

    place.edit("tasks/dogs/model.py", "import numpy as np\n", "import numpy as np  # arrays\n")
    assert place.repeated("--set", "run.workers=1") == set()

    place.edit("tasks/learning/classification/accuracy.py", "** 0.5", "** (1 / 2)")
    assert place.repeated() == BLEND | {"gather small"}

    photograph = next((tmp_path / "data" / "train").iterdir())
    contents = photograph.read_bytes()
    photograph.write_bytes(contents[:2] + b"\xff\xfe\x00\x07hello" + contents[2:])
    assert place.repeated() == {"load dogs train"}

    photograph = next((tmp_path / "data" / "test").iterdir())
    shutil.copy(next((tmp_path / "data" / "train").iterdir()), photograph)
    assert place.repeated() == {"load dogs test"} | TEST | ANSWER | COMPARE

    assert place.repeated("--set", 'recipes.0.test_time.views=["flip"]') >= PREDICT | {"gather small"}
    assert place.repeated("--set", "recipes.0.training.label_smoothing=0.1") >= TRAIN | PREDICT
    assert place.repeated() == set()
    assert len(place.submissions()) >= 2


@pytest.mark.slow
def test_other_places_and_other_numbers_of_workers_give_the_same_bytes(tmp_path: Path) -> None:
    places = [prepared(tmp_path / name) for name in ("one", "two")]
    for place, workers in zip(places, (1, 3), strict=True):
        place.run("--set", f"run.workers={workers}", "--set", f"run.data_workers={workers}")
    one, two = places
    assert one.results() == two.results()
    assert one.submissions() == two.submissions() != []
