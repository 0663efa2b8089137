"""Step `add_member` with candidates: triples and queries of files become members."""

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flows.members.cached_members import cached_members, split_by_use
from tasks.add_member import MemberFiles, add_member
from tasks.common import common
from tasks.core.cache.store import Artifact, Store, part_folders
from tasks.core.competition import Scores, find
from tasks.core.config import Folds
from tasks.core.errors import InvalidData
from tasks.core.step import Step
from tasks.learning.ensemble import prediction_files
from tasks.learning.ensemble.member_files.records import ExportedPart
from tasks.load import load
from tasks.split import split


def run(step: Step, *arguments: Any, **keywords: Any) -> Any:
    return step.execute(step.bind(*arguments, **keywords)).result


class Prepared:
    """A competition's small raw files, loaded and divided, and a file with scores of all records."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name, self.contract = name, find(name)
        material = import_module(f"tests.{name}.contract")
        data = import_module(f"tasks.{name}.config").Data(root=str(material.write(folder / "raw")))
        loaded = {part: run(load, name, data.of_part(part), part=part) for part in self.contract.parts}
        self.train: Artifact = loaded.pop("train")
        shared = run(common, name, list(self.contract.common_files), self.train)
        self.folds: Artifact = run(split, name, self.train, Folds(count=2))
        self.others = {part: [artifact, shared] for part, artifact in loaded.items()}
        self.scores = {"out_of_fold": material.perfect(self.train.path)}
        random = np.random.default_rng(0)
        for part, artifacts in self.others.items():
            self.scores[part] = material.random_values(part_folders(artifacts), part, random)
        ids = self.ids() | {"out_of_fold": json.loads((self.folds.path / "ids.json").read_text("utf-8"))}
        exported: Any = [
            ExportedPart(part, Scores(ids[part], values)) for part, values in self.scores.items()
        ]
        everything = [self.train, *(artifact for each in self.others.values() for artifact in each)]
        self.file = folder / "all.jsonl"
        self.contract.member_form(part_folders(everything)).write(self.file, exported)

    def ids(self) -> dict[Any, list[str]]:
        return {part: self.contract.ids(part_folders(each), part) for part, each in self.others.items()}

    def add(self, **files: Path) -> Artifact:
        given = MemberFiles.model_validate({part: str(file) for part, file in files.items()})
        artifact: Artifact = run(add_member, self.name, "ana", given, self.train, self.folds, self.others)
        return artifact


@pytest.fixture(params=["extraction", "nl2sql"])
def prepared(request: pytest.FixtureRequest, tmp_path: Path) -> Prepared:
    return Prepared(request.param, tmp_path)


def test_candidates_of_all_parts_become_a_member(prepared: Prepared) -> None:
    member = prepared.add(out_of_fold=prepared.file, test=prepared.file, validation=prepared.file)
    for part, values in prepared.scores.items():
        found = prediction_files.read(member.path, part).values
        assert found.records() == [
            {each: pytest.approx(score, rel=1e-5) for each, score in record.items()}
            for record in values.records()
        ]
    description = json.loads((member.path / "member.json").read_text("utf-8"))
    assert description["score"]["value"] == 1
    assert description["foreign"]["name"] == "ana"
    assert len(set(description["foreign"]["files"].values())) == 1


def test_without_scores_of_validation_records_it_is_left_out_of_blends_that_have_them(
    prepared: Prepared,
) -> None:
    prepared.add(out_of_fold=prepared.file, test=prepared.file)
    members = cached_members(Store.current(), prepared.name)
    usable, unusable = split_by_use(members, ids=prepared.ids(), folds=prepared.folds)
    assert usable == []
    assert [each.reason for each in unusable] == [
        "its files have no scores of these validation records; add it again with them"
    ]
    ids = {"test": prepared.ids()["test"]}
    assert [each.recipe for each in split_by_use(members, ids=ids, folds=prepared.folds)[0]] == ["ana"]
    prepared.add(out_of_fold=prepared.file, test=prepared.file, validation=prepared.file)
    members = cached_members(Store.current(), prepared.name)
    assert [each.recipe for each in split_by_use(members, ids=prepared.ids(), folds=prepared.folds)[0]] == [
        "ana"
    ]


WRONG = {
    "extraction": [
        ({"subject": "甲"}, 'expected the key "predicate"'),
        ({"subject": "甲", "predicate": "作者", "object": ""}, 'expected text as "object" in spo_list 1'),
        ({"subject": "《》", "predicate": "作者", "object": "乙"}, "which is empty to the scorer"),
        (
            {"subject": "甲", "predicate": "father", "object": "乙"},
            "expected a predicate of the schema in spo_list 1",
        ),
        (
            {"subject": "甲", "predicate": "作者", "object": "乙", "subject_type": "x"},
            "expected types of a schema row",
        ),
        ({"subject": "甲", "predicate": "作者", "object": "乙", "alias": "x"}, "expected no keys but"),
        (
            {"subject": None, "predicate": "作者", "object": "乙"},
            'text as "subject" in spo_list 1, received null',
        ),
        (
            {"subject": "甲", "predicate": 3, "object": "乙"},
            'text as "predicate" in spo_list 1, received the',
        ),
        (
            {"subject": "甲", "predicate": "作者", "object": ["乙"]},
            'text as "object" in spo_list 1, received a',
        ),
        ({"subject": "甲", "predicate": "作者", "object": "  "}, "received white space only"),
    ],
    "nl2sql": [
        ({"sel": [0], "agg": [0], "cond_conn_op": 0}, 'expected the key "conds"'),
        ({"sel": [99], "agg": [0], "cond_conn_op": 0, "conds": []}, "expected a column of 0 to"),
        ({"sel": [0], "agg": [6], "cond_conn_op": 0, "conds": []}, "expected an aggregate as entry 1"),
        ({"sel": [], "agg": [], "cond_conn_op": 0, "conds": []}, 'expected at least one column in "sel"'),
        ({"sel": [0], "agg": [0], "cond_conn_op": 3, "conds": []}, "expected a connector"),
        (
            {"sel": [0], "agg": [0], "cond_conn_op": 0, "conds": [[0, 4, "x"]]},
            "expected an operator in condition 1",
        ),
        (
            {"sel": [0], "agg": [0], "cond_conn_op": 0, "conds": [[0, 2]]},
            "expected a list of column, operator and value",
        ),
        ({"sel": [0], "agg": [0], "cond_conn_op": 0, "conds": [], "sql": ""}, "expected no keys but"),
        ({"sel": [0.0], "agg": [0], "cond_conn_op": 0, "conds": []}, "expected a column of 0 to"),
        ({"sel": [-1], "agg": [0], "cond_conn_op": 0, "conds": []}, "expected a column of 0 to"),
        ({"sel": [True], "agg": [0], "cond_conn_op": 0, "conds": []}, "expected a column of 0 to"),
        ({"sel": [0, 1], "agg": [0], "cond_conn_op": 0, "conds": []}, "expected"),
        ({"sel": [0], "agg": [0], "cond_conn_op": 0, "conds": [[99, 2, "x"]]}, "expected a column of 0 to"),
        ({"sel": [0], "agg": [0], "cond_conn_op": 0, "conds": [[0, 2, ["x"]]]}, "expected"),
        ({"sel": [0], "agg": [0], "cond_conn_op": 0, "conds": [[0, 2, "x"], [1, 2, "y"]]}, "expected"),
        ({"sel": 0, "agg": [0], "cond_conn_op": 0, "conds": []}, 'a list as "sel"'),
    ],
}


def test_candidates_of_another_form_are_refused_with_line_and_reason(
    prepared: Prepared, tmp_path: Path
) -> None:
    lines = prepared.file.read_text("utf-8").splitlines()
    first = json.loads(lines[0])
    name = {"extraction": "spo_list", "nl2sql": "queries"}[prepared.name]
    for candidate, message in WRONG[prepared.name]:
        line = json.dumps({**first, name: [{**candidate, "score": 0.5}]})
        (file := tmp_path / "wrong.jsonl").write_text("\n".join([line, *lines[1:]]), "utf-8")
        with pytest.raises(InvalidData) as caught:
            prepared.add(out_of_fold=file, test=file, validation=file)
        assert f"{file}:1: " in str(caught.value)
        assert message in str(caught.value)
