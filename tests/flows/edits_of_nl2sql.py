"""What each edit of nl2sql makes run again: a recipe with views, and one that is pretrained."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.flows.edits import Case, Edit, Table, code, rewrite, setting, version
from tests.nl2sql import contract

SETTINGS: dict[str, Any] = {
    "data": {"root": "{folder}/data"},
    "folds": {"count": 2},
    "recipes": [
        {"name": "sketch", "augmentation": {"views": 2}},
        {
            "name": "pairs",
            "method": "two-stage",
            "encoder": {"kind": "bert"},
            "pretraining": {"stages": [{}], "texts": "train"},
        },
    ],
}

LOAD = {f"load nl2sql {part}" for part in ("train", "validation", "test")}
COMMON, SPLIT, COMPARE = {"common nl2sql"}, {"split nl2sql"}, {"compare nl2sql"}
AUGMENT = {"augment sketch view 0", "augment sketch view 1"}
PRETRAIN = {"pretrain pairs"}
COMBINE = {"combine nl2sql validation", "combine nl2sql test"}
VALIDATE, DECODE = {"validate nl2sql"}, {"decode nl2sql"}
END = {"blend nl2sql"} | COMBINE | VALIDATE | DECODE


def fitted(recipe: str) -> set[str]:
    """What runs when a recipe's models change, to the end."""
    return {f"train {recipe} fold {fold}" for fold in range(2)} | predicted(recipe)


def predicted(recipe: str) -> set[str]:
    """What runs when a recipe's predictions change, to the end."""
    held_out = {f"predict {recipe} fold 0", f"predict {recipe} fold 1", f"gather {recipe}"}
    return held_out | scored(recipe, "validation") | scored(recipe, "test") | END


def scored(recipe: str, part: str) -> set[str]:
    """What runs when a recipe scores other records of a part."""
    return {f"predict {recipe} {part}", f"average {recipe} {part}"}


GATHER = {"gather sketch", "gather pairs"}
PREDICTED = predicted("sketch") | predicted("pairs")
MODELS = fitted("sketch") | fitted("pairs")
THIRD_FOLD = {f"{step} {recipe} fold 2" for step in ("train", "predict") for recipe in ("sketch", "pairs")}
AVERAGE = {f"average {recipe} {part}" for recipe in ("sketch", "pairs") for part in ("validation", "test")}
TEST = scored("sketch", "test") | scored("pairs", "test") | {"combine nl2sql test"}
VALIDATION = scored("sketch", "validation") | scored("pairs", "validation") | {"combine nl2sql validation"}
OTHER_LOADS = {"load nl2sql validation", "load nl2sql test"}
ALL = LOAD | COMMON | COMPARE | SPLIT | AUGMENT | PRETRAIN | MODELS


def prepare(folder: Path) -> None:
    contract.write(folder / "data")


def questions(
    change: Callable[[list[Any]], Any], *, indent: str = "", part: str = "train"
) -> Callable[[Case], None]:
    """Change the questions of a part; `indent` is put before each line."""
    name = {"validation": "val"}.get(part, part)

    def edit(case: Case) -> None:
        file = case.folder / "data" / name / f"{name}.json"
        lines = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
        change(lines)
        text = "".join(f"{indent}{json.dumps(line, ensure_ascii=False)}\n" for line in lines)
        rewrite(file, text.encode())

    return edit


def relabelled(lines: list[Any]) -> None:
    """Another aggregate for one question."""
    chosen = lines[0]["sql"]["agg"]
    chosen[0] = 0 if chosen[0] else 4


def another_text(lines: list[Any]) -> None:
    """One question in other words."""
    lines[0]["question"] += "？"


STAGES = [{"learning_rate": 0.5}]
EDITS = [
    Edit("nothing", lambda case: None, set()),
    # Code
    Edit(
        "metric",
        code("tasks/nl2sql/metric.py", "maxsize=4", "maxsize=5"),
        GATHER | {"blend nl2sql"} | VALIDATE,
        {"gather pairs": "code of tasks.nl2sql.metric changed"},
    ),
    Edit(
        "official scorer",
        code("tasks/nl2sql/query/official_scorer.py", "BATCH = 64", "BATCH = 65"),
        GATHER | {"blend nl2sql"} | VALIDATE,
    ),
    Edit(
        "execution of queries",
        code("tasks/nl2sql/query/execution.py", "MOST_SECONDS = 30.0", "MOST_SECONDS = 31.0"),
        PREDICTED,
    ),
    Edit(
        "factors on queries",
        code("tasks/nl2sql/decoding/query_factors.py", "PRIOR = 2.0", "PRIOR = 3.0"),
        PREDICTED,
    ),
    Edit(
        "counts of labels",
        code("tasks/nl2sql/label_counts/counting.py", "+= bool(query.select)", "+= 1"),
        MODELS,
    ),
    Edit(
        "regressions on wording",
        code("tasks/nl2sql/wording/fitting.py", "FOLDS = 3", "FOLDS = 4"),
        MODELS,
    ),
    Edit(
        "what wording says",
        code("tasks/nl2sql/wording/model.py", "PRIOR = 2.0", "PRIOR = 3.0"),
        MODELS,
    ),
    Edit(
        "decoding",
        code("tasks/nl2sql/decoding/query_search.py", "WIDTH = 24", "WIDTH = 25"),
        PREDICTED,
        {"predict sketch fold 0": "code of tasks.nl2sql.decoding.query_search changed"},
    ),
    Edit(
        "slots of two-stage",
        code("tasks/nl2sql/two_stage/condition_slots.py", "MOST_SLOTS = 8", "MOST_SLOTS = 9"),
        predicted("pairs"),
    ),
    Edit(
        "inputs of two-stage",
        code("tasks/nl2sql/two_stage/inputs.py", "MULTIPLE = 8", "MULTIPLE = 16"),
        fitted("pairs"),
    ),
    Edit(
        "network of two-stage",
        code("tasks/nl2sql/two_stage/network.py", "REACH = 4.0", "REACH = 5.0"),
        fitted("pairs"),
    ),
    Edit(
        "training of sketch",
        code("tasks/nl2sql/sketch/training.py", "KEPT = 0.5", "KEPT = 0.6"),
        fitted("sketch"),
    ),
    Edit(
        "submission writer",
        code("tasks/nl2sql/submission.py", "ensure_ascii=False", "ensure_ascii=True"),
        {"decode nl2sql"},
    ),
    Edit(
        "training loop",
        code("tasks/learning/training/loop.py", 'NO_FIGURES = ("stage",', 'NO_FIGURES = ("stages",'),
        PRETRAIN | MODELS,
    ),
    Edit("another competition", code("tasks/extraction/metric.py", "maxsize=4", "maxsize=5"), set()),
    Edit("flow", code("flows/nl2sql.py", "DAG: question and table → query", "From question to query"), set()),
    # Raw files
    Edit("a label", questions(relabelled), ALL - OTHER_LOADS, {"load nl2sql train": "train/train.json"}),
    Edit(
        "a test question",
        questions(another_text, part="test"),
        {"load nl2sql test"} | TEST | DECODE | COMPARE,
        {"load nl2sql test": "contents of data.root changed (test/test.json)"},
    ),
    Edit(
        "a validation question",
        questions(another_text, part="validation"),
        {"load nl2sql validation"} | VALIDATION | VALIDATE | COMPARE,
    ),
    Edit("spaces between lines' values", questions(lambda lines: None, indent=" "), {"load nl2sql train"}),
    # Settings
    Edit(
        "learning rate",
        setting("recipes.1.training", {"stages": STAGES}),
        fitted("pairs"),
        {"train pairs fold 0": "learning_rate: 0.001 → 0.5"},
    ),
    Edit("width of the beam", setting("recipes.0.decoding", {"beam": 3}), predicted("sketch")),
    Edit(
        "scores of conditions",
        setting("recipes.1.matcher", {"accept": 0.4, "agreement": 0.4}),
        predicted("pairs"),
    ),
    Edit("how often views are learned", setting("recipes.0.augmentation.share", 0.4), fitted("sketch")),
    Edit("what views are", setting("recipes.0.augmentation.values", 0.1), AUGMENT | fitted("sketch")),
    Edit("pretraining", setting("recipes.1.pretraining.stages", STAGES), PRETRAIN | fitted("pairs")),
    Edit("vote", setting("answers", {"vote": "parts"}), END, {"blend nl2sql": "answers.vote"}),
    Edit("blend option", setting("blend", {"rounds": 1}), END, {"blend nl2sql": "blend.rounds: 50 → 1"}),
    Edit("number of folds", setting("folds.count", 3), SPLIT | AUGMENT | MODELS | THIRD_FOLD),
    Edit("seed", setting("seed", 1), AUGMENT | PRETRAIN | MODELS),
    Edit("worker counts", setting("run", {"workers": 7, "data_workers": 3}), set()),
    Edit("name of a recipe", setting("recipes.1.name", "renamed"), END),
    # What lies around
    Edit("version of TensorFlow", version("tensorflow"), PRETRAIN | MODELS),
    Edit("version of what all steps but the first use", version("numpy"), ALL - LOAD - COMMON),
    Edit("version of what another competition uses", version("albumentations"), set()),
]

TABLE = Table("nl2sql", SETTINGS, {"sketch": 0, "pairs": 1}, prepare, ALL, EDITS)
