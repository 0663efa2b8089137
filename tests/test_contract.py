"""What every competition promises: one suite, all members, and the toy that tests run with."""

import inspect
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from tasks.core.competition import NAMES, Competition, Score, find
from tasks.core.config import Folds, Settings
from tasks.core.errors import InvalidSettings, InvalidSubmission

ROOT = Path(__file__).resolve().parents[1]

PROMISED = {
    "load": "data",
    "fold_key": "dataset",
    "test_ids": "dataset",
    "augment": "views",
    "encode": "encode",
    "build": "training",
    "predict": "predict",
    "scorer": "metric",
    "decode": "submission",
    "write": "submission",
    "check": "submission",
    "sections": "report",
}
"""The file each function lives in; the `uses` of the steps rest on it."""


class Member(NamedTuple):
    """A competition with a dataset made from small raw files, which `tests/<name>/raw_files.py` draws."""

    rules: Competition
    root: Path
    dataset: Path

    def module(self, name: str) -> Any:
        return import_module(f"tasks.{self.rules.name}.{name}")

    def load(self, folder: Path) -> Path:
        folder.mkdir()
        self.rules.load(self.module("config").Data(root=str(self.root)), folder)
        return folder

    def perfect(self) -> np.ndarray:
        """(n, k) scores of the training records that put all on the truth."""
        truth = self.module("dataset").targets(self.dataset)
        return np.eye(truth.max() + 1)[truth]


@pytest.fixture(params=[*NAMES, "toy"])
def member(request: pytest.FixtureRequest, tmp_path: Path) -> Member:
    if request.param == "toy":
        request.getfixturevalue("toy")
    root = import_module(f"tests.{request.param}.raw_files").write(tmp_path / "raw")
    found = Member(find(request.param), root, tmp_path / "dataset")
    found.load(found.dataset)
    return found


def test_each_function_lives_in_the_file_its_name_promises(member: Member) -> None:
    functions = {name: value for name, value in member.rules._asdict().items() if callable(value)}
    assert functions.keys() == PROMISED.keys()
    for name, function in functions.items():
        assert function.__module__ == f"tasks.{member.rules.name}.{PROMISED[name]}"
        assert function.__name__ == name


def test_functions_take_what_steps_give_them(member: Member) -> None:
    taken = {"load": 2, "write": 3, "check": 3, "decode": 2}
    for name in PROMISED:
        parameters = inspect.signature(getattr(member.rules, name)).parameters.values()
        required = [each for each in parameters if each.default is each.empty]
        assert len(required) == taken.get(name, 1), name


def test_settings_are_closed_and_have_defaults_that_survive_json(member: Member) -> None:
    config = member.module("config").Config
    assert issubclass(config, Settings)
    assert isinstance(config().folds, Folds)
    assert config.model_validate_json(config().model_dump_json()) == config()


def test_loading_twice_gives_the_same_bytes(member: Member, tmp_path: Path) -> None:
    def contents(folder: Path) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in folder.iterdir()}

    assert contents(member.load(tmp_path / "again")) == contents(member.dataset)


def test_the_fold_key_has_an_entry_for_each_record(member: Member) -> None:
    key = member.rules.fold_key(member.dataset)
    assert len(set(key.ids)) == len(key.ids) > 0
    assert all(isinstance(id, str) for id in key.ids)
    for column in (key.strata, key.groups):
        assert (column.shape, column.dtype) == ((len(key.ids),), np.int64)


def test_no_record_is_both_learned_from_and_asked_for(member: Member) -> None:
    asked = member.rules.test_ids(member.dataset)
    assert len(set(asked)) == len(asked) > 0
    assert not set(asked) & set(member.rules.fold_key(member.dataset).ids)


def test_a_perfect_answer_scores_best(member: Member) -> None:
    score = member.rules.scorer(member.dataset)
    perfect = member.perfect()
    best, random = score(perfect), np.random.default_rng(0)
    sign = 1 if best.higher_is_better else -1
    others = [score(random.random(perfect.shape)) for _ in range(30)] + [score(-perfect)]
    assert isinstance(best, Score)
    assert best.standard_error >= 0
    assert all(sign * other.value <= sign * best.value for other in others)
    assert sign * score(-perfect).value < sign * best.value


def test_scores_of_some_rows_are_those_of_these_records(member: Member) -> None:
    score, perfect = member.rules.scorer(member.dataset), member.perfect()
    rows = np.arange(len(perfect))[::-2]
    assert score(perfect[rows], rows).value == score(perfect).value
    assert score(perfect[rows[::-1]], rows).value != score(perfect).value


def written(member: Member, file: Path) -> tuple[list[str], list[Any]]:
    ids = member.rules.test_ids(member.dataset)
    scores = np.random.default_rng(1).random((len(ids), member.perfect().shape[1]))
    answers = member.rules.decode(scores, member.dataset)
    member.rules.write(ids, answers, file)
    return ids, answers


def test_a_submission_survives_a_round_trip(member: Member, tmp_path: Path) -> None:
    file = tmp_path / member.rules.file
    ids, answers = written(member, file)
    assert len(answers) == len(ids)
    assert member.rules.check(file, ids, member.dataset) == len(ids)
    first = file.read_bytes()
    member.rules.write(ids, answers, file)
    assert file.read_bytes() == first


def test_a_submission_with_a_line_less_or_more_is_refused(member: Member, tmp_path: Path) -> None:
    file = tmp_path / member.rules.file
    ids, _ = written(member, file)
    lines = file.read_text("utf-8").splitlines(keepends=True)
    for wrong in (lines[:-1], [*lines, lines[0]]):
        file.write_text("".join(wrong), "utf-8")
        with pytest.raises(InvalidSubmission):
            member.rules.check(file, ids, member.dataset)


@pytest.mark.parametrize("name", NAMES)
def test_a_competition_has_its_flow_its_demo_and_its_presets(name: str) -> None:
    flow = getattr(import_module(f"flows.{name}"), name)
    assert list(inspect.signature(flow.fn).parameters) == ["config"]
    assert (ROOT / "conf" / name / "demo.toml").is_file()
    assert callable(import_module(f"tasks.{name}.demo").write)
    assert (ROOT / "tests" / name).is_dir()


def test_an_unknown_competition_is_the_persons_mistake() -> None:
    with pytest.raises(InvalidSettings, match="competition: expected one of dogs"):
        find("cats")
