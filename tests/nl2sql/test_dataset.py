import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from tasks.learning.folds.folding import assign_folds
from tasks.nl2sql.dataset import fold_key, questions, stream
from tasks.text import dataset_files
from tests.nl2sql import written


def write_train(folder: Path, tables: dict[str, tuple[str, int]], asked: Sequence[tuple[str, int]]) -> Path:
    """The training part of a dataset: tables with a heading and a number of rows, questions with a table and
    a connector.
    """
    lines = [
        {"id": id, "name": id, "title": id, "header": [heading], "types": ["real"], "rows": [[1]] * rows}
        for id, (heading, rows) in tables.items()
    ]
    questions = [
        {
            "id": f"train:{number}",
            "text": "多少",
            "table": table,
            "query": {"agg": [0], "sel": [0], "cond_conn_op": connector, "conds": []},
        }
        for number, (table, connector) in enumerate(asked, 1)
    ]
    for name, values in (("train.tables", lines), ("train", questions)):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(one) + "\n" for one in values), "utf-8")
    return folder


def test_questions_are_counted_and_named_without_being_kept(tmp_path: Path) -> None:
    dataset = written.dataset(tmp_path)
    assert dataset_files.count(dataset, "train") == 7
    assert dataset_files.ids(dataset, "test") == ["test:1", "test:2"]
    assert list(stream(dataset, "train")) == questions(dataset, "train")


def test_questions_of_one_table_are_one_group(tmp_path: Path) -> None:
    asked = [(f"t{row % 7}", 0) for row in range(50)]
    key = fold_key(write_train(tmp_path, {f"t{i}": ("a", i) for i in range(7)}, asked))
    assert key.ids == [f"train:{number}" for number in range(1, 51)]
    assert key.groups.tolist() == [row % 7 for row in range(50)]
    assert key.groups.dtype == key.strata.dtype == np.int64


def test_tables_of_equal_contents_are_one_group(tmp_path: Path) -> None:
    tables = {"a": ("x", 2), "b": ("x", 2), "c": ("x", 3), "d": ("y", 2)}
    key = fold_key(write_train(tmp_path, tables, [(name, 0) for name in "dcba"]))
    assert key.groups.tolist() == [0, 1, 2, 2]


def test_strata_part_connectors_and_tables_that_share_their_header(tmp_path: Path) -> None:
    tables = {"a": ("x", 1), "b": ("x", 2), "c": ("y", 1)}
    asked = [("a", 0)] * 20 + [("b", 0)] * 20 + [("b", 1)] * 30 + [("c", 0)] * 40 + [("c", 2)] * 2
    strata = fold_key(write_train(tmp_path, tables, asked)).strata
    sizes = np.unique(strata, return_counts=True)[1]
    assert sorted(sizes.tolist()) == [30, 40, 42]  # two of a connector are too few
    assert len(set(strata[:40])) == len(set(strata[40:70])) == len(set(strata[70:])) == 1


@pytest.mark.parametrize("count", [3, 5])
def test_folds_share_both_kinds_of_tables(tmp_path: Path, count: int) -> None:
    random = np.random.default_rng(0)
    tables = {f"s{i}": ("shared", i) for i in range(200)} | {f"a{i}": (f"own {i}", i) for i in range(10)}
    asked = [(f"s{random.integers(200)}", int(random.integers(2))) for _ in range(1000)]
    asked += [(f"a{random.integers(10)}", 2 * int(random.integers(2))) for _ in range(1500)]
    key = fold_key(write_train(tmp_path, tables, asked))
    folds = assign_folds(key.strata, key.groups, count=count, seed=0)
    alone = np.array([name.startswith("a") for name, _ in asked])
    assert np.bincount(folds[~alone]).min() > 0.9 * 1000 / count
    assert np.bincount(folds[alone]).min() > 0.6 * 1500 / count
    assert all(len(set(folds[key.groups == group])) == 1 for group in set(key.groups.tolist()))
