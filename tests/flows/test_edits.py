"""Edit → exactly these steps repeat, and the plan had named them and said why.

Every row copies the code, the settings, the raw files and a store in which all is computed, makes one
edit, plans, and walks the flow (`tests.flows.walk`). Raw files and store lie elsewhere in each copy.
"""

import copy
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.dogs import raw_files

ROOT = Path(__file__).resolve().parents[2]
WALK = Path(__file__).with_name("walk.py")
LINES = tuple(f"{letter} {label} -" for label, letters in ((3, "abcd"), (7, "efgh")) for letter in letters)

SETTINGS: dict[str, Any] = {
    "data": {"size_pixels": 32, "duplicate_distance": 0},
    "folds": {"count": 2},
    "recipes": [
        {
            "name": "frozen",
            "views": 2,
            "trunk": {"backbones": [{"name": "MobileNetV2"}]},
            "test_time": {"views": ["identity", "flip"]},
        },
        {
            "name": "small",
            "trunk": {"cut": "", "backbones": [{"name": "small", "weights": "none", "size_pixels": 32}]},
        },
    ],
}

LOAD, SPLIT = {"load dogs"}, {"split dogs"}
AUGMENT = {"augment frozen view 0", "augment frozen view 1"}
ENCODE = {"encode frozen identity", "encode frozen flip"}
TRAIN_FROZEN = {f"train frozen fold {fold}" for fold in range(2)}
TRAIN_SMALL = {f"train small fold {fold}" for fold in range(2)}
PREDICT_FROZEN = {f"predict frozen fold {fold}" for fold in range(2)}
PREDICT_SMALL = {f"predict small fold {fold}" for fold in range(2)}
TRAIN, PREDICT = TRAIN_FROZEN | TRAIN_SMALL, PREDICT_FROZEN | PREDICT_SMALL
GATHER = {"gather frozen", "gather small"}
END = {"blend dogs", "decode dogs"}
SCORES = PREDICT | GATHER | END
THIRD_FOLD = {f"{step} {recipe} fold 2" for step in ("train", "predict") for recipe in ("frozen", "small")}
ALL = LOAD | SPLIT | AUGMENT | ENCODE | TRAIN | SCORES


class Case:
    """A copy of everything, to be edited."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings = copy.deepcopy(SETTINGS)
        self.versions: dict[str, str] = {}
        self.data = folder / "data"
        self.weights = folder / "weights.h5"

    def code(self, file: str, old: str, new: str) -> None:
        """Replace the first occurrence in a file of the copied code, which must be there."""
        path = self.folder / "tree" / file
        text = path.read_text("utf-8")
        assert old in text, f"{file} no longer holds {old!r}; mend this test"
        rewrite(path, text.replace(old, new, 1).encode())

    def photograph(self, change: Callable[[bytes], bytes]) -> None:
        path = self.data / "train" / "a.jpg"
        rewrite(path, change(path.read_bytes()))

    def describe(self) -> None:
        self.settings["data"]["root"] = str(self.data)
        self.settings["recipes"][0]["trunk"]["backbones"][0].setdefault("weights", str(self.weights))
        told = {"settings": self.settings, "versions": self.versions}
        (self.folder / "walk.json").write_text(json.dumps(told))


def rewrite(path: Path, contents: bytes) -> None:
    """A new file in place of one that other copies share by hard links."""
    path.unlink()
    path.write_bytes(contents)


class Edit(NamedTuple):
    """One row of the table."""

    name: str
    make: Callable[[Case], Any]
    repeats: set[str]
    why: dict[str, str] = {}
    """What the plan says of some steps."""


def setting(path: str, value: Any) -> Callable[[Case], None]:
    *parents, last = [int(part) if part.isdigit() else part for part in path.split(".")]

    def edit(case: Case) -> None:
        inner: Any = case.settings
        for part in parents:
            inner = inner[part] if isinstance(inner, list) else inner.setdefault(part, {})
        inner[last] = value

    return edit


def code(file: str, old: str, new: str) -> Callable[[Case], None]:
    return lambda case: case.code(file, old, new)


def jpeg_comment(contents: bytes) -> bytes:
    """The same photograph with a comment segment after its first marker."""
    return contents[:2] + b"\xff\xfe\x00\x07hello" + contents[2:]


def other_pixels(contents: bytes) -> bytes:
    return raw_files.encoded(raw_files.photograph(77))


def label_list(*lines: str) -> Callable[[Case], None]:
    def edit(case: Case) -> None:
        rewrite(case.data / "data_train_image.txt", "".join(f"{line}\n" for line in lines).encode())

    return edit


def moved_weights(case: Case) -> None:
    case.weights = case.weights.rename(case.folder / "elsewhere.h5")


def touched(case: Case) -> None:
    rewrite(case.data / "train" / "a.jpg", (case.data / "train" / "a.jpg").read_bytes())


AUGMENT_FILE, MODEL_FILE = "tasks/dogs/augment.py", "tasks/dogs/model.py"
BLENDING_FILE, BLENDED = "tasks/learning/blending.py", GATHER | {"blend dogs"}
ENTROPY = 'return {"main": "categorical_crossentropy"}, {"main": 1.0}'
ALL_FROZEN = AUGMENT | ENCODE | TRAIN_FROZEN | PREDICT_FROZEN | {"gather frozen"} | END

EDITS = [
    Edit("nothing", lambda case: None, set()),
    # Code
    Edit(
        "metric",
        code("tasks/dogs/metric.py", "(share * (1 - share) / len(truth)) ** 0.5", "0.25"),
        GATHER | END,
        {"gather small": "code of tasks.dogs.metric changed", "blend dogs": "tasks.dogs.metric changed"},
    ),
    Edit(
        "metric, rewritten with equal results",
        code("tasks/dogs/metric.py", "** 0.5", "** (1 / 2)"),
        GATHER | {"blend dogs"},
    ),
    Edit(
        "fold rule",
        code("tasks/learning/folding.py", "random_state=seed", "random_state=seed + 3"),
        SPLIT | AUGMENT | TRAIN | SCORES,
        {"split dogs": "code of tasks.learning.folding changed", "train small fold 0": "waits for split"},
    ),
    Edit(
        "fold rule, rewritten with equal folds",
        code("tasks/learning/folding.py", "np.full(len(strata), -1", "np.full(len(groups), -1"),
        SPLIT,
    ),
    Edit(
        "augmentation helper",
        code(AUGMENT_FILE, "GREY = 128", "GREY = 127"),
        AUGMENT | TRAIN | SCORES,
        {"augment frozen view 1": "code of tasks.dogs.augment changed"},
    ),
    Edit(
        "helper of views at test time, which augmentation uses too",
        code("tasks/dogs/prediction_views.py", "ZOOMED_SHARE = 0.875", "ZOOMED_SHARE = 0.9"),
        AUGMENT | ENCODE | TRAIN | SCORES,
        {"encode frozen flip": "code of tasks.dogs.prediction_views changed"},
    ),
    Edit(
        "model layer",
        code(MODEL_FILE, 'name="dropout")(features)', 'name="dropout")(features * 1.5)'),
        TRAIN | SCORES,
        {"train frozen fold 1": "code of tasks.dogs.model changed"},
    ),
    Edit(
        "loss", code(MODEL_FILE, ENTROPY, 'return {"main": "kl_divergence"}, {"main": 1.0}'), TRAIN | SCORES
    ),
    Edit(
        "training loop",
        code("tasks/learning/fitting.py", "PREFETCHED = 4", "PREFETCHED = 5"),
        TRAIN | SCORES,
        {"train small fold 1": "code of tasks.learning.fitting changed"},
    ),
    Edit(
        "blending rule", code(BLENDING_FILE, 'generator(seed, "bags")', 'generator(seed, "bags", 1)'), BLENDED
    ),
    Edit(
        "submission writer",
        code("tasks/dogs/submission.py", "sorted(expected", "sorted(set() | expected"),
        {"decode dogs"},
        {"decode dogs": "code of tasks.dogs.submission changed"},
    ),
    Edit("step", code("tasks/split.py", "smallest < folds.count", "folds.count > smallest"), SPLIT),
    Edit(
        "reader of raw files",
        code("tasks/dogs/raw.py", '("train", "test")', '("train", "test")[:]'),
        LOAD,
        {"load dogs": "code of tasks.dogs.raw changed"},
    ),
    Edit("comment only", code(AUGMENT_FILE, "\nGREY", "\n# the middle of the range\nGREY"), set()),
    Edit(
        "docstring only", code(MODEL_FILE, '"""Loss and weight of each head.', '"""Each head\'s loss.'), set()
    ),
    Edit("layout only", code(MODEL_FILE, "import numpy as np\n", "import numpy as np\n\n\n"), set()),
    Edit("report page", code("tasks/dogs/report.py", "Worst mistakes", "Mistakes"), set()),
    Edit("core", code("tasks/core/process.py", "LAST_LINES = 30", "LAST_LINES = 31"), set()),
    Edit("flow", code("flows/dogs.py", "photograph → breed", "photograph → dog"), set()),
    # Raw files
    Edit(
        "a photograph's pixels",
        lambda case: case.photograph(other_pixels),
        ALL,
        {"load dogs": "train/a.jpg", "split dogs": "waits for load dogs"},
    ),
    Edit("a photograph's metadata", lambda case: case.photograph(jpeg_comment), LOAD, {"load dogs": "a.jpg"}),
    Edit("a photograph's date", touched, set()),
    Edit("a file that is no photograph", lambda case: (case.data / ".note").write_text("x"), set()),
    Edit("another label", label_list("a 7 -", *LINES[1:]), ALL, {"load dogs": "data_train_image.txt"}),
    Edit("another address in the label list", label_list("a 3 x", *LINES[1:]), LOAD),
    # Settings
    Edit(
        "learning rate",
        setting("recipes.1.training.stages", [{"learning_rate": 0.5}]),
        TRAIN_SMALL | PREDICT_SMALL | {"gather small"} | END,
        {"train small fold 0": "learning_rate: 0.001 → 0.5"},
    ),
    Edit(
        "augmentation of one recipe", setting("recipes.0.augmentation", {"flip": False}), ALL_FROZEN - ENCODE
    ),
    Edit(
        "number of folds",
        setting("folds.count", 3),
        SPLIT | AUGMENT | TRAIN | SCORES | THIRD_FOLD,
        {"split dogs": "folds.count: 2 → 3"},
    ),
    Edit("blend option", setting("blend.rounds", 1), END, {"blend dogs": "blend.rounds: 50 → 1"}),
    Edit("seed", setting("seed", 1), AUGMENT | ENCODE | TRAIN | SCORES),
    Edit(
        "test-time views of what learns whole",
        setting("recipes.1.test_time", {"views": ["identity", "flip"]}),
        PREDICT_SMALL | {"gather small"} | END,
    ),
    Edit(
        "test-time views of what is frozen",
        setting("recipes.0.test_time.views", ["identity", "zoom"]),
        {"encode frozen zoom", "gather frozen"} | PREDICT_FROZEN | END,
        {"encode frozen zoom": "view: "},
    ),
    Edit(
        "size of photographs",
        setting("data.size_pixels", 40),
        ALL,
        {"load dogs": "data.size_pixels: 32 → 40"},
    ),
    Edit("worker counts", setting("run", {"workers": 7, "data_workers": 3, "checkpoint_seconds": 1}), set()),
    Edit("name of the run", setting("run", {"name": "other"}), set()),
    Edit("name of a recipe", setting("recipes.1.name", "renamed"), END, {"blend dogs": "members.renamed"}),
    # What lies around
    Edit("contents of the weights", lambda case: rewrite(case.weights, b"new"), ALL_FROZEN),
    Edit("place of the weights", moved_weights, set()),
    Edit(
        "version of a library",
        lambda case: case.versions.update(albumentations="9.9"),
        AUGMENT | TRAIN | SCORES,
        {"train small fold 0": "albumentations 2.0.8 → 9.9"},
    ),
    Edit(
        "version of another library",
        lambda case: case.versions.update({"scikit-learn": "9.9"}),
        SPLIT | TRAIN | SCORES,
    ),
]


def copied_tree(folder: Path) -> None:
    for package in ("flows", "tasks"):
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / package, folder / "tree" / package, ignore=ignore)


def first_case(folder: Path) -> Case:
    """All there is before anything is computed."""
    copied_tree(folder)
    raw_files.write(folder / "data", LINES)
    case = Case(folder)
    case.weights.write_bytes(b"weights")
    case.describe()
    return case


def walk(cases: list[Case], *, hash_seed: int = 0) -> list[dict[str, Any]]:
    command = [sys.executable, str(WALK), *(str(case.folder) for case in cases)]
    environment = {**os.environ, "PYTHONWARNINGS": "ignore", "PYTHONHASHSEED": str(hash_seed)}
    subprocess.run(command, check=True, timeout=300, env=environment)
    return [json.loads((case.folder / "walked.json").read_text()) for case in cases]


def edited(base: Path, folder: Path, edit: Edit) -> Case:
    for part in ("tree", "store"):
        shutil.copytree(base / part, folder / part, copy_function=os.link)
    shutil.copytree(base / "data", folder / "data", copy_function=shutil.copyfile)
    shutil.copyfile(base / "weights.h5", folder / "weights.h5")
    case = Case(folder)
    edit.make(case)
    case.describe()
    return case


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What was planned and what became of each step, by the edit's name; `first` before any."""
    root = tmp_path_factory.mktemp("edits")
    (first,) = walk([first_case(root / "first")])
    cases = [edited(root / "first", root / str(index), edit) for index, edit in enumerate(EDITS)]
    found = dict(zip([edit.name for edit in EDITS], walk(cases), strict=True))
    shutil.rmtree(root)
    return {**found, "first": first}


def labels(steps: list[dict[str, str]], *states: str) -> set[str]:
    """Labels of cached steps that a plan puts into one of these states."""
    return {step["label"] for step in steps if step["state"] in states} - {"submit dogs", "report dogs"}


def test_first_all_steps_run_and_the_plan_says_so(walked: dict[str, dict[str, Any]]) -> None:
    first = walked["first"]
    assert first["became"] == dict.fromkeys(ALL, "ran")
    assert labels(first["planned"], "run") == ALL
    assert {step["reason"].split(";")[0] for step in first["planned"]} == {"never ran", "always runs"}


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.name)
def test_exactly_what_an_edit_touches_repeats(edit: Edit, walked: dict[str, dict[str, Any]]) -> None:
    became = walked[edit.name]["became"]
    assert {label for label, state in became.items() if state == "ran"} == edit.repeats


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.name)
def test_the_plan_names_what_an_edit_repeats_and_why(edit: Edit, walked: dict[str, dict[str, Any]]) -> None:
    planned = walked[edit.name]["planned"]
    assert labels(planned, "run") <= edit.repeats <= labels(planned, "run", "maybe")
    told = {step["label"]: step["reason"] for step in planned}
    for label, why in edit.why.items():
        assert why in told[label]
    assert all(told[label] for label in edit.repeats)


def test_no_two_rows_have_one_name() -> None:
    assert len({edit.name for edit in EDITS}) == len(EDITS)


def results(case: Case) -> dict[str, str]:
    """Digest of the artifact behind each key."""
    records = map(json.loads, (path.read_text() for path in (case.folder / "store" / "steps").iterdir()))
    return {record["key"]: record["result"]["digest"] for record in records}


def test_equal_keys_have_equal_results_in_any_store_and_process(tmp_path: Path) -> None:
    cases = [first_case(tmp_path / name) for name in ("one", "two")]
    for hash_seed, case in enumerate(cases, 1):
        walk([case], hash_seed=hash_seed)
    one, two = map(results, cases)
    assert len(one) == len(ALL)
    assert one == two
