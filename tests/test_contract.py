"""What every competition promises: one suite, all members, and the toy that tests run with."""

import inspect
import json
import shutil
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple, get_args

import numpy as np
import pytest

from tasks.core.competition import Competition, Part, Score, Scores, competition_names, find
from tasks.core.config import Folds, Settings
from tasks.core.dataset import PartFolders, notes_file
from tasks.core.errors import InvalidSettings, InvalidSubmission
from tasks.learning.ensemble import prediction_files
from tasks.learning.ensemble.member_files.records import ExpectedRecords, ExportedPart, MemberPart

ROOT = Path(__file__).resolve().parents[1]
PARTS: tuple[Part, ...] = get_args(Part)

PROMISED = {
    "load": "data",
    "fold_key": "dataset",
    "overlap": "overlap",
    "features": "comparison",
    "excerpt": "comparison",
    "ids": "dataset",
    "augment": "views",
    "encode": "encode",
    "build": "training",
    "predict": "predict",
    "scorer": "metric",
    "decode": "submission",
    "write": "submission",
    "check": "submission",
    "sections": "report",
    "suggest": "suggest",
    "pretrain": "language_model",
    "member_form": "member_form",
    "network": "export.network",
}
"""The file each function lives in; the `uses` of the steps rest on it."""
OPTIONAL = {name for name in PROMISED if name in Competition._field_defaults}


class Member(NamedTuple):
    """A competition with a dataset made from small raw files; `tests/<name>/contract.py` knows the truth."""

    rules: Competition
    material: Any
    root: Path
    dataset: Path

    def module(self, name: str) -> Any:
        return import_module(f"tasks.{self.rules.name}.{name}")

    def load(self, folder: Path) -> Path:
        folder.mkdir()
        for part in self.rules.parts:
            self.rules.load(self.data(self.root), part, folder)
        return folder

    def data(self, root: Path) -> Any:
        """The settings of raw files in this folder."""
        return self.module("config").Data(root=str(root))

    def perfect(self, part: Part = "train") -> Any:
        """Values of a labelled part that put all on the truth."""
        return self.material.perfect(self.dataset, part)

    def random(self, part: Part = "train", seed: int = 0) -> Any:
        """Values of a part that know little or nothing."""
        return self.material.random_values(self.dataset, part, np.random.default_rng(seed))

    def labelled(self) -> list[Part]:
        """Parts with a truth; each is scored."""
        return [part for part in PARTS if part != "test" and self.rules.ids(self.dataset, part)]


@pytest.fixture(params=[*competition_names(), "toy"])
def member(request: pytest.FixtureRequest, tmp_path: Path) -> Member:
    if request.param == "toy":
        request.getfixturevalue("toy")
    material = import_module(f"tests.{request.param}.contract")
    found = Member(find(request.param), material, material.write(tmp_path / "raw"), tmp_path / "dataset")
    found.load(found.dataset)
    return found


def test_each_function_lives_in_the_file_its_name_promises(member: Member) -> None:
    functions = {name: value for name, value in member.rules._asdict().items() if callable(value)}
    assert PROMISED.keys() - OPTIONAL <= functions.keys() <= PROMISED.keys()
    for name, function in functions.items():
        assert function.__module__ == f"tasks.{member.rules.name}.{PROMISED[name]}"
        assert function.__name__ == name


def test_functions_take_what_steps_give_them(member: Member) -> None:
    taken = {"load": 3, "features": 2, "excerpt": 3, "ids": 2, "decode": 3, "write": 3, "check": 3}
    taken["suggest"] = 2
    for name in PROMISED:
        if getattr(member.rules, name) is None:
            continue
        parameters = inspect.signature(getattr(member.rules, name)).parameters.values()
        required = [each for each in parameters if each.default is each.empty]
        assert len(required) == taken.get(name, 1), name
    scorer = inspect.signature(member.rules.scorer).parameters.values()
    assert [(each.name, each.default) for each in scorer][1:] == [("part", "train"), ("settings", None)]


def test_settings_are_closed_and_have_defaults_that_survive_json(member: Member) -> None:
    config = member.module("config").Config
    assert issubclass(config, Settings)
    assert isinstance(config().folds, Folds)
    assert config.model_validate_json(config().model_dump_json()) == config()


def test_loading_twice_gives_the_same_bytes(member: Member, tmp_path: Path) -> None:
    def contents(folder: Path) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in folder.iterdir()}

    assert contents(member.load(tmp_path / "again")) == contents(member.dataset)


def test_a_part_is_read_from_its_own_files_alone(member: Member, tmp_path: Path) -> None:
    for part in member.rules.parts:
        root, folder = tmp_path / f"raw {part}", tmp_path / f"only {part}"
        for name in member.data(member.root).files_of(part):
            if (file := member.root / name).exists():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (shutil.copytree if file.is_dir() else shutil.copyfile)(file, root / name)
        folder.mkdir()
        member.rules.load(member.data(root), part, folder)
        written = {path.name: path.read_bytes() for path in folder.iterdir()}
        assert written == {name: (member.dataset / name).read_bytes() for name in written}
        assert notes_file(part) in written
        if part == "train":
            assert set(member.rules.common_files) <= set(written)


def test_other_parts_are_read_with_what_is_common_alone(member: Member, tmp_path: Path) -> None:
    for part in member.rules.parts:
        folder = tmp_path / part
        folder.mkdir()
        common = member.rules.common_files
        for file in member.dataset.iterdir():
            if file.name.partition(".")[0].partition("_")[0] == part or file.name in common:
                shutil.copyfile(file, folder / file.name)
        assert member.rules.ids(folder, part) == member.rules.ids(member.dataset, part)
        if part in member.labelled():
            perfect = member.perfect(part)
            whole = member.rules.scorer(member.dataset, part)(perfect)
            assert member.rules.scorer(folder, part)(perfect) == whole
    decision = member.rules.scorer(member.dataset).decide(member.random())
    test = PartFolders.of(tmp_path / "test")
    answers = list(member.rules.decode([member.random("test", 1)], test, decision))
    ids, file = member.rules.ids(test, "test"), tmp_path / member.rules.file
    member.rules.write(ids, answers, file)
    assert member.rules.check(file, ids, test) == len(ids)


def test_what_parts_are_compared_by_needs_no_labels_and_has_a_row_for_each_record(member: Member) -> None:
    for part in member.rules.parts:
        count = len(member.rules.ids(member.dataset, part))
        assert member.rules.features(member.dataset, part).shape[0] == count
        rows = list(range(count))[::-2]
        shown = member.rules.excerpt(member.dataset, part, rows)
        assert len(shown) == len(rows)
        assert all(isinstance(each, str | bytes) and each for each in shown)
    notes = member.rules.overlap(member.dataset)
    for file in member.dataset.glob("validation*"):
        file.unlink()
    notes += member.rules.overlap(member.dataset)
    assert all(note.keys() == {"kind", "message", "count", "examples"} for note in notes)


def test_the_fold_key_has_an_entry_for_each_record(member: Member) -> None:
    key = member.rules.fold_key(member.dataset)
    assert len(set(key.ids)) == len(key.ids) > 0
    assert all(isinstance(id, str) for id in key.ids)
    for column in (key.strata, key.groups):
        assert (list(column.shape), column.dtype) == ([len(key.ids)], np.int64)


def test_no_record_is_in_two_parts(member: Member) -> None:
    ids = [member.rules.ids(member.dataset, part) for part in PARTS]
    assert ids[0] == member.rules.fold_key(member.dataset).ids
    assert len(ids[2]) > 0
    everything = [id for part in ids for id in part]
    assert len(set(everything)) == len(everything)


def test_a_part_that_there_is_not_has_no_records_and_no_score(member: Member) -> None:
    with suppress(ValueError, KeyError, FileNotFoundError):
        assert member.rules.ids(member.dataset, "holdout") == []  # type: ignore[arg-type]
    for part in {"holdout", *PARTS} - set(member.labelled()):
        with pytest.raises((ValueError, KeyError, FileNotFoundError)):
            member.rules.scorer(member.dataset, part)


def test_scores_of_members_come_back_from_a_file_to_the_bit(member: Member, tmp_path: Path) -> None:
    form, exported = member.rules.member_form(member.dataset), list[ExportedPart]()
    for part in PARTS:
        if ids := member.rules.ids(member.dataset, part):
            values = member.random(part)
            if isinstance(values, np.ndarray):
                values = (values / values.sum(axis=1, keepdims=True)).astype(np.float32)
            truth = member.rules.scorer(member.dataset, part).targets(values) if part != "test" else None
            name: MemberPart = "out_of_fold" if part == "train" else part
            exported.append(ExportedPart(name, Scores(ids, values), [0] * len(ids), truth))
    form.write(file := tmp_path / f"member{form.suffixes[0]}", exported)
    for each in exported:
        found = form.read(file, ExpectedRecords(each.part, each.scores.ids)).values
        if isinstance(found, np.ndarray):
            np.testing.assert_array_equal(found, each.scores.values)
        else:
            assert found.records() == each.scores.values.records()


def test_a_perfect_answer_scores_best(member: Member) -> None:
    for part in member.labelled():
        score, perfect = member.rules.scorer(member.dataset, part), member.perfect(part)
        best = score(perfect)
        assert isinstance(best, Score)
        sign = 1 if best.higher_is_better else -1
        others = [score(member.random(part, seed)).value for seed in range(30)]
        wrong = score(member.material.wrong(member.dataset, part)).value
        assert best.standard_error >= 0
        assert all(sign * other <= sign * best.value for other in others)
        assert sign * np.mean(others) < sign * best.value
        assert sign * wrong <= sign * min(others, key=lambda other: sign * other)


def test_scores_of_some_rows_are_those_of_these_records(member: Member) -> None:
    score, perfect = member.rules.scorer(member.dataset), member.perfect()
    rows = np.arange(len(perfect))[::-2]
    assert score(perfect[rows], rows).value == score(perfect).value
    assert score(perfect[rows[::-1]], rows).value != score(perfect).value


def test_values_of_another_number_of_records_are_refused(member: Member) -> None:
    score, values = member.rules.scorer(member.dataset), member.random()
    rows = np.arange(1, len(values))
    for of in (None, rows[1:]):
        with pytest.raises(ValueError):
            score(values[rows], of)


def test_a_decision_is_json_and_gives_the_same_score_as_json(member: Member) -> None:
    for values in (member.perfect(), member.random()):
        score = member.rules.scorer(member.dataset)
        decision = score.decide(values)
        assert isinstance(decision, dict)
        again = json.loads(json.dumps(decision, allow_nan=False))
        assert again == decision
        assert score(values, decision=again) == score(values, decision=decision)
        assert score.decide(values) == decision


def test_a_perfect_answer_loses_nothing_by_its_own_decision(member: Member) -> None:
    score, perfect = member.rules.scorer(member.dataset), member.perfect()
    decision = score.decide(perfect)
    assert score(perfect, decision=decision) == score(perfect)
    for part in member.labelled():  # chosen on the training part, it serves the others
        other = member.rules.scorer(member.dataset, part)
        assert other(member.perfect(part), decision=decision).value == other(member.perfect(part)).value


def test_values_score_the_same_after_they_were_stored(member: Member, tmp_path: Path) -> None:
    ids = member.rules.ids(member.dataset, "train")
    prediction_files.write(tmp_path, "held_out", Scores(ids, member.perfect()))
    found = prediction_files.read(tmp_path, "held_out")
    assert found.ids == ids
    score = member.rules.scorer(member.dataset)
    assert score(found.values) == score(member.perfect())


class Written(NamedTuple):
    file: Path
    ids: list[str]
    answers: list[Any]


@pytest.fixture
def written(member: Member, tmp_path: Path) -> Written:
    ids = member.rules.ids(member.dataset, "test")
    decision = member.rules.scorer(member.dataset).decide(member.random())
    answers = list(member.rules.decode([member.random("test", 1)], member.dataset, decision))
    file = tmp_path / member.rules.file
    member.rules.write(ids, answers, file)
    return Written(file, ids, answers)


def test_a_submission_survives_a_round_trip(member: Member, written: Written) -> None:
    assert len(written.answers) == len(written.ids)
    assert member.rules.check(written.file, written.ids, member.dataset) == len(written.ids)
    first = written.file.read_bytes()
    member.rules.write(written.ids, written.answers, written.file)
    assert written.file.read_bytes() == first


@pytest.mark.parametrize("change", [lambda all: all[:-1], lambda all: [], lambda all: [*all, all[0]]])
def test_a_submission_without_each_record_once_is_refused(
    member: Member, written: Written, change: Callable[[list[Any]], list[Any]]
) -> None:
    member.rules.write(change(written.ids), change(written.answers), written.file)
    with pytest.raises(InvalidSubmission):
        member.rules.check(written.file, written.ids, member.dataset)


def test_a_file_that_is_no_submission_is_refused(member: Member, written: Written) -> None:
    content = written.file.read_bytes()
    for broken in (b"", b"\x00\xff", content[: len(content) // 2]):
        written.file.write_bytes(broken)
        with pytest.raises(InvalidSubmission):
            member.rules.check(written.file, written.ids, member.dataset)


@pytest.mark.parametrize("name", competition_names())
def test_a_competition_has_its_flow_its_demo_and_its_presets(name: str) -> None:
    flow = getattr(import_module(f"flows.{name}"), name)
    assert list(inspect.signature(flow.fn).parameters) == ["config"]
    assert (ROOT / "conf" / name / "demo.toml").is_file()
    assert callable(import_module(f"tasks.{name}.demo").write)
    assert (ROOT / "tests" / name).is_dir()


def test_an_unknown_competition_is_the_persons_mistake() -> None:
    with pytest.raises(
        InvalidSettings,
        match=f"competition: expected one of {', '.join(competition_names())}, received 'cats'",
    ):
        find("cats")
