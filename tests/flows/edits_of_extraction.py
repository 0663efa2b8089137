"""What each edit of extraction makes run again: a recipe with views and words, and one that is pretrained."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.extraction import contract
from tests.flows.edits import Case, Edit, Table, code, rewrite, setting, version

SETTINGS: dict[str, Any] = {
    "data": {"root": "{folder}/data"},
    "folds": {"count": 2},
    "recipes": [
        {"name": "pointer", "encoder": {"dgcnn": {"words": True}}, "augmentation": {"views": 2}},
        {
            "name": "linker",
            "method": "gplinker",
            "encoder": {"kind": "bert"},
            "pretraining": {"stages": [{}]},
        },
    ],
}

LOAD = {f"load extraction {part}" for part in ("train", "validation", "test")}
COMMON, SPLIT, COMPARE = {"common extraction"}, {"split extraction"}, {"compare extraction"}
AUGMENT = {"augment pointer view 0", "augment pointer view 1"}
ENCODE = {f"encode pointer {part} words" for part in ("train", "validation", "test")}
PRETRAIN = {"pretrain linker"}
COMBINE = {"combine extraction validation", "combine extraction test"}
VALIDATE, DECODE = {"validate extraction"}, {"decode extraction"}
END = {"blend extraction"} | COMBINE | VALIDATE | DECODE


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


GATHER = {"gather pointer", "gather linker"}
MODELS = fitted("pointer") | fitted("linker")
THIRD_FOLD = {f"{step} {recipe} fold 2" for step in ("train", "predict") for recipe in ("pointer", "linker")}
AVERAGE = {f"average {recipe} {part}" for recipe in ("pointer", "linker") for part in ("validation", "test")}
OTHER_LOADS = {f"{step} {part}" for part in ("validation", "test") for step in ("load extraction",)}
OTHER_LOADS |= {"encode pointer validation words", "encode pointer test words"}
ALL = LOAD | COMMON | COMPARE | SPLIT | AUGMENT | ENCODE | PRETRAIN | MODELS


def prepare(folder: Path) -> None:
    contract.write(folder / "data")


def sentences(
    change: Callable[[list[Any]], Any], *, indent: str = "", file: str = "train_data.json"
) -> Callable[[Case], None]:
    """Change the sentences of a file; `indent` is put before each line."""

    def edit(case: Case) -> None:
        path = case.folder / "data" / file
        lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        change(lines)
        text = "".join(f"{indent}{json.dumps(line, ensure_ascii=False)}\n" for line in lines)
        rewrite(path, text.encode())

    return edit


def less(lines: list[Any]) -> None:
    """Take the last triple from a sentence."""
    next(line for line in lines if line["spo_list"])["spo_list"].pop()


def another_text(lines: list[Any]) -> None:
    """One sentence with a further character."""
    lines[0]["text"] += "。"


STAGES = [{"learning_rate": 0.5}]
EDITS = [
    Edit("nothing", lambda case: None, set()),
    # Code
    Edit(
        "metric",
        code("tasks/extraction/metric.py", "f1, standard_error(counts))", "f1, 2 * standard_error(counts))"),
        GATHER | END,
        {"gather linker": "code of tasks.extraction.metric changed"},
    ),
    Edit(
        "metric, rewritten with equal results",
        code("tasks/extraction/metric.py", "maxsize=4", "maxsize=5"),
        GATHER | {"blend extraction"} | VALIDATE,
    ),
    Edit(
        "rule",
        code("tasks/extraction/rules/names.py", 'JOINERS = "和的"', 'JOINERS = "和的与"'),
        GATHER | {"blend extraction"} | VALIDATE | DECODE,
        {"decode extraction": "code of tasks.extraction.rules.names changed"},
    ),
    Edit(
        "blending rule",
        code("tasks/learning/ensemble/greedy.py", 'generator(seed, "bags")', 'generator(seed, "bags", 1)'),
        GATHER | AVERAGE | {"blend extraction"} | COMBINE,
    ),
    Edit(
        "an edit of CasRel trains neither GPLinker nor the pointer network",
        code(
            "tasks/extraction/casrel/network.py",
            "SUBJECT_POWER, OBJECT_POWER = 2",
            "SUBJECT_POWER, OBJECT_POWER = 3",
        ),
        set(),
    ),
    Edit(
        "a method's network",
        code("tasks/extraction/gplinker/network.py", 'derive(seed, "entity")', 'derive(seed, "span")'),
        fitted("linker"),
        {"train linker fold 0": "code of tasks.extraction.gplinker.network changed"},
    ),
    Edit(
        "targets of a method",
        code("tasks/extraction/tagging/targets.py", "PADDING = -1.0", "PADDING = -2.0"),
        fitted("pointer"),
    ),
    Edit(
        "a method's inference trains nothing",
        code("tasks/extraction/gplinker/inference.py", "MOST_SPANS = 64", "MOST_SPANS = 65"),
        predicted("linker"),
        {"predict linker fold 0": "code of tasks.extraction.gplinker.inference changed"},
    ),
    Edit(
        "decoding of tags trains nothing",
        code("tasks/extraction/tagging/decoding.py", "SURE = 0.4", "SURE = 0.5"),
        predicted("pointer"),
    ),
    Edit(
        "submission writer",
        code("tasks/extraction/submission.py", "(1980, 1, 1", "(1981, 1, 1"),
        {"decode extraction"},
    ),
    Edit(
        "training loop",
        code("tasks/learning/training/loop.py", 'NO_FIGURES = ("stage",', 'NO_FIGURES = ("stages",'),
        PRETRAIN | MODELS,
        {"pretrain linker": "code of tasks.learning.training.loop changed"},
    ),
    Edit(
        "what a training child does",
        code("tasks/learning/training/job.py", "configure(job.seed)", "configure(int(job.seed))"),
        PRETRAIN | MODELS,
        {"pretrain linker": "code of tasks.learning.training.job changed"},
    ),
    Edit(
        "network of one method",
        code("tasks/extraction/gplinker/network.py", 'derive(seed, "entity")', 'derive(seed, "span")'),
        fitted("linker"),
        {"train linker fold 0": "code of tasks.extraction.gplinker.network changed"},
    ),
    Edit(
        "decoding of one method",
        code("tasks/extraction/gplinker/inference.py", "MOST_SPANS = 64", "MOST_SPANS = 65"),
        predicted("linker"),
    ),
    Edit(
        "decoding that methods share",
        code(
            "tasks/extraction/models/inference.py", "row in planned.records]", "row in (*planned.records,)]"
        ),
        predicted("pointer") | predicted("linker"),
    ),
    Edit("step of a search", code("tasks/evaluate.py", '"score.json"', '"scores.json"'), set()),
    Edit("another competition", code("tasks/dogs/metric.py", '"train" or', '"test" or'), set()),
    Edit("flow", code("flows/extraction.py", "DAG: sentence → triples", "From sentence to triples"), set()),
    # Raw files
    Edit("a label", sentences(less), ALL - OTHER_LOADS, {"load extraction train": "train_data.json"}),
    Edit(
        "a test sentence; pretraining reads it too",
        sentences(another_text, file="test1_data_postag.json"),
        {"load extraction test", "encode pointer test words", "combine extraction test"}
        | scored("pointer", "test")
        | PRETRAIN
        | fitted("linker")
        | COMPARE,
        {
            "load extraction test": "test1_data_postag.json",
            "pretrain linker": "waits for load extraction test",
        },
    ),
    Edit(
        "spaces between lines' values", sentences(lambda lines: None, indent=" "), {"load extraction train"}
    ),
    Edit("a file beside", lambda case: (case.folder / "data" / ".note").write_text("x"), set()),
    # Settings
    Edit(
        "learning rate",
        setting("recipes.1.training", {"stages": STAGES}),
        fitted("linker"),
        {"train linker fold 0": "learning_rate: 0.001 → 0.5"},
    ),
    Edit("least score", setting("recipes.0.floor", 0.2), predicted("pointer")),
    Edit("how often views are learned", setting("recipes.0.augmentation.share", 0.4), fitted("pointer")),
    Edit("what views are", setting("recipes.0.augmentation.swap", "subject"), AUGMENT | fitted("pointer")),
    Edit(
        "number of views",
        setting("recipes.0.augmentation.views", 3),
        {"augment pointer view 2"} | fitted("pointer"),
    ),
    Edit("pretraining", setting("recipes.1.pretraining.stages", STAGES), PRETRAIN | fitted("linker")),
    Edit("rules", setting("answers.rules", ["spouses"]), END, {"blend extraction": "answers.rules"}),
    Edit("blend option", setting("blend.rounds", 1), END, {"blend extraction": "blend.rounds: 50 → 1"}),
    Edit(
        "number of folds",
        setting("folds.count", 3),
        SPLIT | AUGMENT | MODELS | THIRD_FOLD,
        {"split extraction": "folds.count: 2 → 3"},
    ),
    Edit("seed", setting("seed", 1), AUGMENT | ENCODE | PRETRAIN | MODELS),
    Edit("worker counts", setting("run", {"workers": 7, "data_workers": 3}), set()),
    Edit("name of a recipe", setting("recipes.1.name", "renamed"), END),
    # What lies around
    Edit("version of TensorFlow", version("tensorflow"), PRETRAIN | MODELS),
    Edit("version of what folds rest on", version("scikit-learn"), SPLIT | COMPARE),
    Edit("version of what all steps but a copy use", version("numpy"), ALL - COMMON),
    Edit("version of what another competition uses", version("albumentations"), set()),
]

TABLE = Table("extraction", SETTINGS, {"pointer": 0, "linker": 1}, prepare, ALL, EDITS)
