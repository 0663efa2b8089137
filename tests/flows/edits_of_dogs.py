"""What each edit of dogs makes run again: two recipes, one on a frozen trunk and one that learns whole."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.dogs import raw_files
from tests.flows.edits import Case, Edit, Table, code, rewrite, setting, version

LINES = tuple(f"{letter} {label} -" for label, letters in ((3, "abcd"), (7, "efgh")) for letter in letters)

SETTINGS: dict[str, Any] = {
    "data": {"root": "{folder}/data", "size_pixels": 32, "duplicate_distance": 0},
    "folds": {"count": 2},
    "recipes": [
        {
            "name": "frozen",
            "views": 2,
            "trunk": {"backbones": [{"name": "MobileNetV2", "weights": "{folder}/weights.h5"}]},
            "test_time": {"views": ["identity", "flip"]},
        },
        {
            "name": "small",
            "trunk": {"cut": "", "backbones": [{"name": "small", "weights": "none", "size_pixels": 32}]},
        },
    ],
}

LOAD, SPLIT = {"load dogs train", "load dogs test"}, {"split dogs"}
AUGMENT = {"augment frozen view 0", "augment frozen view 1"}
ENCODE_TRAIN = {"encode frozen train identity", "encode frozen train flip"}
ENCODE_TEST = {"encode frozen test identity", "encode frozen test flip"}
ENCODE = ENCODE_TRAIN | ENCODE_TEST
TRAIN_FROZEN = {f"train frozen fold {fold}" for fold in range(2)}
TRAIN_SMALL = {f"train small fold {fold}" for fold in range(2)}
TEST_FROZEN = {f"predict frozen test, fold {fold}" for fold in range(2)}
TEST_SMALL = {f"predict small test, fold {fold}" for fold in range(2)}
PREDICT_FROZEN = {f"predict frozen fold {fold}" for fold in range(2)} | TEST_FROZEN
PREDICT_SMALL = {f"predict small fold {fold}" for fold in range(2)} | TEST_SMALL
TRAIN, PREDICT = TRAIN_FROZEN | TRAIN_SMALL, PREDICT_FROZEN | PREDICT_SMALL
GATHER_FROZEN = {"gather frozen", "average frozen test"}
GATHER_SMALL = {"gather small", "average small test"}
GATHER, AVERAGE = GATHER_FROZEN | GATHER_SMALL, {"average frozen test", "average small test"}
ANSWER = {"combine dogs test", "decode dogs"}
END = {"blend dogs"} | ANSWER
COMPARE = {"compare dogs"}
SCORES = PREDICT | GATHER | END
TEST = {"load dogs test"} | ENCODE_TEST | TEST_FROZEN | TEST_SMALL | AVERAGE | ANSWER | COMPARE
"""What other test photographs make run."""
THIRD_FOLD = {
    f"{step} fold 2"
    for recipe in ("frozen", "small")
    for step in (f"train {recipe}", f"predict {recipe}", f"predict {recipe} test,")
}
ALL = LOAD | {"common dogs"} | SPLIT | AUGMENT | ENCODE | TRAIN | SCORES | COMPARE
TRAINING_RECORDS = ALL - {"load dogs test"} - ENCODE_TEST


def prepare(folder: Path) -> None:
    raw_files.write(folder / "data", LINES)
    (folder / "weights.h5").write_bytes(b"weights")


def photograph(change: Callable[[bytes], bytes]) -> Callable[[Case], None]:
    def edit(case: Case) -> None:
        path = case.folder / "data" / "train" / "a.jpg"
        rewrite(path, change(path.read_bytes()))

    return edit


def test_photograph(case: Case) -> None:
    folder = case.folder / "data" / "test"
    rewrite(next(iter(sorted(folder.iterdir()))), other_pixels(b""))


def another_test_photograph(case: Case) -> None:
    (case.folder / "data" / "test" / "zz.jpg").write_bytes(other_pixels(b""))


def jpeg_comment(contents: bytes) -> bytes:
    """The same photograph with a comment segment after its first marker."""
    return contents[:2] + b"\xff\xfe\x00\x07hello" + contents[2:]


def other_pixels(contents: bytes) -> bytes:
    return raw_files.encoded(raw_files.photograph(77))


def label_list(*lines: str) -> Callable[[Case], None]:
    def edit(case: Case) -> None:
        rewrite(
            case.folder / "data" / "data_train_image.txt", "".join(f"{line}\n" for line in lines).encode()
        )

    return edit


def moved_weights(case: Case) -> None:
    moved = (case.folder / "weights.h5").rename(case.folder / "elsewhere.h5")
    setting("recipes.0.trunk.backbones.0.weights", str(moved))(case)


AUGMENT_FILE, MODEL_FILE = "tasks/dogs/augment.py", "tasks/dogs/model.py"
METRIC_FILE = "tasks/learning/classification/accuracy.py"
METRIC_MODULE = "tasks.learning.classification.accuracy"
BLENDING_FILE = "tasks/learning/ensemble/greedy.py"
BLENDED = GATHER | {"blend dogs", "combine dogs test"}
ENTROPY = 'return {"main": "categorical_crossentropy"}, {"main": 1.0}'
ALL_FROZEN = AUGMENT | ENCODE | TRAIN_FROZEN | PREDICT_FROZEN | GATHER_FROZEN | END

EDITS = [
    Edit("nothing", lambda case: None, set()),
    # Code
    Edit(
        "metric",
        code(METRIC_FILE, "(share * (1 - share) / len(truth)) ** 0.5", "0.25"),
        GATHER | END,
        {"gather small": f"code of {METRIC_MODULE} changed", "blend dogs": f"{METRIC_MODULE} changed"},
    ),
    Edit(
        "metric, rewritten with equal results",
        code(METRIC_FILE, "** 0.5", "** (1 / 2)"),
        (GATHER - AVERAGE) | {"blend dogs"},
    ),
    Edit(
        "fold rule",
        code("tasks/learning/folds/folding.py", "random_state=seed", "random_state=seed + 3"),
        SPLIT | AUGMENT | TRAIN | SCORES,
        {
            "split dogs": "code of tasks.learning.folds.folding changed",
            "train small fold 0": "waits for split",
        },
    ),
    Edit(
        "fold rule, rewritten with equal folds",
        code("tasks/learning/folds/folding.py", "np.full(len(strata), -1", "np.full(len(groups), -1"),
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
        code("tasks/dogs/test_time_views.py", "ZOOMED_SHARE = 0.875", "ZOOMED_SHARE = 0.9"),
        AUGMENT | ENCODE | TRAIN | SCORES,
        {"encode frozen test flip": "code of tasks.dogs.test_time_views changed"},
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
        code("tasks/learning/training/loop.py", 'NO_FIGURES = ("stage",', 'NO_FIGURES = ("stages",'),
        TRAIN | SCORES,
        {"train small fold 1": "code of tasks.learning.training.loop changed"},
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
    Edit(
        "what ensembling needs",
        code("tasks/learning/ensemble/members.py", "rows: list[int] = []", "rows = list[int]()"),
        BLENDED,
        {"gather small": "code of tasks.learning.ensemble.members changed"},
    ),
    Edit(
        "files of scores",
        code("tasks/learning/ensemble/prediction_files.py", '("jsonl", "npy")', '("npy", "jsonl")'),
        SCORES,
        {"predict small fold 0": "code of tasks.learning.ensemble.prediction_files changed"},
    ),
    Edit("step", code("tasks/split.py", "most < folds.count", "folds.count > most"), SPLIT),
    Edit(
        "reader of raw files",
        code("tasks/dogs/raw.py", '("train", "test")', '("train", "test")[:]'),
        LOAD,
        {"load dogs test": "code of tasks.dogs.raw changed"},
    ),
    Edit("comment only", code(AUGMENT_FILE, "\nGREY", "\n# the middle of the range\nGREY"), set()),
    Edit(
        "docstring only", code(MODEL_FILE, '"""Loss and weight of each head.', '"""Each head\'s loss.'), set()
    ),
    Edit("layout only", code(MODEL_FILE, "import numpy as np\n", "import numpy as np\n\n\n"), set()),
    Edit("report page", code("tasks/dogs/report.py", "Worst mistakes", "Mistakes"), set()),
    Edit("core", code("tasks/core/execution/child_process.py", "LAST_LINES = 30", "LAST_LINES = 31"), set()),
    Edit("flow", code("flows/dogs.py", "photograph → breed", "photograph → dog"), set()),
    # Raw files
    Edit(
        "a photograph's pixels",
        photograph(other_pixels),
        TRAINING_RECORDS,
        {"load dogs train": "train/a.jpg", "split dogs": "waits for load dogs train"},
    ),
    Edit(
        "a test photograph's pixels",
        test_photograph,
        TEST,
        {"load dogs test": "contents of data.root changed (test/", "decode dogs": "waits for combine"},
    ),
    Edit("another test photograph", another_test_photograph, TEST),
    Edit(
        "a photograph's metadata",
        photograph(jpeg_comment),
        {"load dogs train"},
        {"load dogs train": "a.jpg"},
    ),
    Edit("a photograph's date", photograph(lambda contents: contents), set()),
    Edit(
        "a file that is no photograph", lambda case: (case.folder / "data" / ".note").write_text("x"), set()
    ),
    Edit(
        "another label", label_list("a 7 -", *LINES[1:]), TRAINING_RECORDS, {"load dogs train": "image.txt"}
    ),
    Edit("another address in the label list", label_list("a 3 x", *LINES[1:]), {"load dogs train"}),
    # Settings
    Edit(
        "learning rate",
        setting("recipes.1.training.stages", [{"learning_rate": 0.5}]),
        TRAIN_SMALL | PREDICT_SMALL | GATHER_SMALL | END,
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
        PREDICT_SMALL | GATHER_SMALL | END,
    ),
    Edit(
        "test-time views of what is frozen",
        setting("recipes.0.test_time.views", ["identity", "zoom"]),
        {"encode frozen train zoom", "encode frozen test zoom"} | PREDICT_FROZEN | GATHER_FROZEN | END,
        {"encode frozen test zoom": "view: "},
    ),
    Edit(
        "size of photographs",
        setting("data.size_pixels", 40),
        ALL,
        {"load dogs train": "size_pixels: 32 → 40"},
    ),
    Edit("worker counts", setting("run", {"workers": 7, "data_workers": 3, "checkpoint_seconds": 1}), set()),
    Edit("name of the run", setting("run", {"name": "other"}), set()),
    Edit("name of a recipe", setting("recipes.1.name", "renamed"), END, {"blend dogs": "members.renamed"}),
    # What lies around
    Edit("contents of the weights", lambda case: rewrite(case.folder / "weights.h5", b"new"), ALL_FROZEN),
    Edit("place of the weights", moved_weights, set()),
    Edit(
        "version of a library",
        version("albumentations"),
        AUGMENT | TRAIN | SCORES,
        {"train small fold 0": "albumentations 2.0.8 → 9.9"},
    ),
    Edit("version of what splits", version("scikit-learn"), SPLIT | COMPARE, {"split dogs": "→ 9.9"}),
    Edit("version of what reads photographs", version("pillow"), LOAD | COMPARE, {"load dogs test": "→ 9.9"}),
    Edit(
        "version of what all other steps use",
        version("numpy"),
        ALL - {"common dogs"},
        {"decode dogs": "numpy"},
    ),
    Edit("version of what no result rests on", version("matplotlib"), set()),
]

TABLE = Table("dogs", SETTINGS, {"frozen": 0, "small": 1}, prepare, ALL, EDITS)
