"""Tables and questions that mean harm, or that nobody expects, all the way from raw files to a submission."""

import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from tasks.core.errors import InvalidData
from tasks.learning.ensemble.candidates import Candidates, concatenated
from tasks.learning.training.loop import fit
from tasks.nl2sql import data, predict, submission, training
from tasks.nl2sql import dataset as files
from tasks.nl2sql.config import Data
from tasks.nl2sql.query.execution import Executor
from tasks.nl2sql.query.schema import from_json
from tasks.nl2sql.query.sql import readable
from tasks.text import dataset_files
from tests.nl2sql.jobs import job, recipe, step_by_step
from tests.nl2sql.written import Part, dataset, question, table, write

TEXT, REAL = "text", "real"
DROP = '\'; DROP TABLE "Table_plain"; --'
ROWS = 100_000
TABLES = {
    "quotes": table(
        DROP,
        {DROP: TEXT, '"': TEXT, "a\"b'c`d]": REAL},
        [(DROP, "it's", 1.0), ('say "x"', "';", "1; DELETE")],
        name='x"; DROP TABLE t; --',
    ),
    "keywords": table(
        "select",
        {"SELECT": TEXT, "FROM": REAL, "WHERE 1=1": TEXT, "SELECT ": REAL},
        [("NULL", 1.0, "OR 1=1", None), ("UNION SELECT *", 0.0, "--", "NULL")],
        name="select",
    ),
    "200 columns": table("wide", {f"第{place}列": TEXT for place in range(200)}, [["甲"] * 200]),
    "no rows": table("empty", {"名称": TEXT, "数量": REAL}, []),
    "empty cells": table("blank", {"名称": TEXT, "": REAL, " ": TEXT}, [(None, None, ""), ("", "", " ")]),
    "many rows": table(
        "long", {"编号": TEXT, "数量": REAL}, [(f"N{place}", float(place)) for place in range(ROWS)]
    ),
    "named alike": table(
        "plain", {"Table_wide": TEXT, "col_1": REAL, "select": TEXT}, [("wide", 2.0, "col_2")]
    ),
    "beyond letters": table(
        "😀\u2028",
        {"😀": TEXT, "行\u2028行\u2029": TEXT, "\u202eabc": REAL, "e\u0301": TEXT},
        [("👩‍👩‍👧", "一\u2028二", 3.0, "\ufeff"), ("\U0001f600", "\x85", 4.0, "\t")],
        name="表\u2028😀",
    ),
    "headings twice": table("twice", {"数量": REAL, " 数量": REAL}, [(1.0, 2.0)]) | {"header": ["数量"] * 2},
}
TEXTS = {
    "quotes": (f"{DROP} 是 it's 的有几个", ((0, 2, DROP), (1, 2, "it's"))),
    "keywords": ("SELECT * FROM NULL WHERE OR 1=1; 大于 0", ((0, 2, "NULL"), (1, 0, "0"))),
    "200 columns": ("第199列是甲的第0列", ((199, 2, "甲"),)),
    "no rows": ("数量大于3的名称", ((1, 0, "3"),)),
    "empty cells": ("？", ()),
    "many rows": ("编号是N77的数量", ((0, 2, "N77"),)),
    "named alike": ("Table_wide 是 wide 的 col_1", ((0, 2, "wide"),)),
    "beyond letters": (
        "😀是👩‍👩‍👧，行\u2028行是一\u2028二的\u202eabc",
        ((0, 2, "👩‍👩‍👧"), (1, 2, "一\u2028二")),
    ),
    "headings twice": ("数量大于0且数量小于3的数量", ((0, 0, "0"), (1, 1, "3"))),
}
CASES = list(TABLES)
LABELLED = [question(TABLES[case]["id"], text, [(0, 4)], stated) for case, (text, stated) in TEXTS.items()]
ASKED = [question(TABLES[case]["id"], text) for case, (text, _) in TEXTS.items()]
KEPT = [place for place, case in enumerate(CASES) if case != "many rows"]
"""Of the validation part: 100,000 rows twice are enough."""
PARTS = {
    "train": Part(list(TABLES.values()), LABELLED),
    "val": Part([TABLES[CASES[place]] for place in KEPT], [LABELLED[place] for place in KEPT]),
    "test": Part(list(TABLES.values()), ASKED),
}


class Run(NamedTuple):
    dataset: Path
    values: dict[str, Candidates]
    """Of each part."""
    history: list[dict[str, Any]]


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = dataset(tmp_path_factory.mktemp("hostile"), PARTS)
    np.save(made / "folds.npy", np.arange(len(CASES)) % 2)
    return made


@pytest.fixture(
    scope="module",
    params=["sketch", *(pytest.param(name, marks=pytest.mark.slow) for name in ("two-stage", "baseline"))],
)
def run(request: pytest.FixtureRequest, loaded: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """An epoch of training on all questions, and what is then said of each part."""
    from tasks.learning.training.keras_setup import configure

    configure(0)
    folder = tmp_path_factory.mktemp(request.param)
    made = recipe(method=request.param, training={"batch_questions": 8})
    with step_by_step():
        built = training.build(job(made, folder, fold=None, data=loaded))
        history = fit(built, folder, checkpoint_seconds=1e9, workers=1, report=lambda message: None)
        built.model.save_weights(folder / "model.weights.h5")
        built.write(folder)
        parts = {}
        for part in ("held_out", "validation", "test"):
            own = job(made, folder, fold=1, data=loaded, models=(folder,), part=part)
            parts[part] = concatenated([scores.values for scores in predict.predict(own)])
    return Run(loaded, parts, history)


def test_tables_and_questions_are_loaded_as_they_are(loaded: Path) -> None:
    tables = files.tables(loaded, "train")
    assert list(tables) == [each["id"] for each in TABLES.values()]
    for line in TABLES.values():
        own = tables[line["id"]]
        assert (list(own.header), [list(row) for row in own.rows]) == (line["header"], line["rows"])
    assert [each.text for each in files.questions(loaded, "test")] == [text for text, _ in TEXTS.values()]


@pytest.mark.parametrize("case", CASES)
def test_labels_find_what_they_ask_for(loaded: Path, case: str) -> None:
    asked = files.questions(loaded, "train")[CASES.index(case)]
    assert asked.query is not None
    tables = files.tables(loaded, "train")
    found = Executor(files.database(loaded, "train"), tables).run(asked.table, asked.query)
    assert (found.rows, found.error) == (((0 if case == "no rows" else 1,),), None)
    assert "\n" not in readable(asked.query, tables[asked.table])


def test_all_is_learned(run: Run) -> None:
    assert [np.isfinite(epoch["loss"]) for epoch in run.history] == [True]


def test_what_is_predicted_is_run_and_harms_nothing(run: Run) -> None:
    before = files.database(run.dataset, "test").read_bytes()
    assert [len(each) for each in run.values.values()] == [len(CASES) // 2, len(KEPT), len(CASES)]
    tables = files.tables(run.dataset, "test")
    executor = Executor(files.database(run.dataset, "test"), tables)
    for asked, record in zip(files.questions(run.dataset, "test"), run.values["test"].records(), strict=True):
        assert record
        for text in record:
            assert executor.run(asked.table, from_json(json.loads(text))).error is None
    assert files.database(run.dataset, "test").read_bytes() == before


@pytest.mark.parametrize("vote", ["query", "parts"])
def test_answers_are_a_submission_of_one_line_a_question(run: Run, tmp_path: Path, vote: str) -> None:
    answers = [*submission.decode([run.values["test"]], run.dataset, {"vote": vote, "mode": "strict"})]
    ids, file = dataset_files.ids(run.dataset, "test"), tmp_path / submission.FILE
    submission.write(ids, answers, file)
    assert submission.check(file, ids, run.dataset) == len(CASES)
    assert [json.loads(line) for line in file.read_text("utf-8").split("\n") if line] == answers


NUL = {
    "a cell": ("train.tables.json", table("t", {"a": TEXT}, [("x\0y",)])),
    "a heading": ("train.tables.json", table("t", {"a\0": TEXT}, [("x",)])),
    "a name": ("train.tables.json", table("t", {"a": TEXT}, [("x",)], name="t\0")),
    "a question": ("train.json", question("plain", "wide\0的", [(0, 0)])),
    "a value": ("train.json", question("plain", "wide", [(0, 0)], [(0, 2, "wide\0")])),
}


@pytest.mark.parametrize("case", NUL)
def test_nul_is_refused_with_its_place(tmp_path: Path, case: str) -> None:
    name, line = NUL[case]
    plain = TABLES["named alike"]
    parts = {"train": [[plain], [question("plain", "wide", [(0, 0)])]]}
    parts["train"][name == "train.json"].append(line)
    asked = Part([plain], [question("plain", "wide")])
    root = write(tmp_path / "raw", {"train": Part(*parts["train"]), "test": asked})
    (tmp_path / "made").mkdir()
    with pytest.raises(InvalidData) as refused:
        data.load(Data(root=str(root)), "train", tmp_path / "made")
    (problem,) = refused.value.problems
    assert (Path(problem.file).name, problem.line) == (name, 2)
    assert "NUL" in problem.received
    assert not list((tmp_path / "made").iterdir())
