"""Members leave the store as files and come back the same; predictions of other programs are blended."""

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from tasks.core.cache.digests import sha256_of_file
from tasks.core.cache.store import Artifact, Store
from tasks.core.context import recorded_by
from tasks.core.errors import InvalidData, InvalidSettings
from tasks.core.step import Step
from tasks.core.submissions import submissions

FOLDS = 4


@pytest.fixture
def config(toy: Path, tmp_path: Path) -> Any:
    from tasks.toy.config import Config
    from tests.toy import past

    data = {"root": str(past.root(tmp_path / "points"))}
    return Config.model_validate({"data": data, "folds": {"count": FOLDS}, "blend": {"rounds": 10}})


@pytest.fixture
def two(config: Any) -> dict[str, Artifact]:
    """Members that know different halves of the records."""
    from tests.toy import past

    return {
        "even": past.member(config, "even", wrong=0.3, seed=1, right_on=0),
        "odd": past.member(config, "odd", wrong=0.4, seed=2, right_on=1),
    }


def added(config: Any, name: str, file: Path, test: Path | None = None) -> Any:
    from flows.blending import member_exchange

    return member_exchange.add("toy", config, name, {"out_of_fold": str(file), "test": str(test or file)})


def exported(config: Any, name: str, file: Path) -> Path:
    from flows.blending import member_exchange

    member_exchange.export("toy", config, name, file)
    return file


def chosen(config: Any, selector: str = "all") -> Any:
    from flows.blending.member_selection import choose

    return choose("toy", config, selector, can_predict=lambda member: False)


def earlier(config: Any, selector: str) -> dict[str, Any]:
    from flows.members.member_provenance import earlier_members

    members = {name: each.member for name, each in chosen(config, selector).members.items()}
    return earlier_members(members, type(config), [])


class StepRunner:
    """Takes the calls of steps and runs each at once, as those of one run."""

    def call(self, step: Step, arguments: dict[str, Any]) -> Any:
        return step.execute(arguments, run="this run").result


def blended(config: Any, members: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the submission that the flow ends in."""
    from flows.blending.flow import blending

    for module in ("flows.blending.flow", "tasks.submit", "tasks.report"):
        monkeypatch.setattr(f"{module}.run_id", lambda: "this run")
    monkeypatch.setattr("tasks.report.publish", lambda *arguments, **keywords: None)
    with recorded_by(StepRunner()):
        result = blending.fn("toy", config, members, "podium blend {competition} --from {folder}")
    return Path(result["submission"]).parent


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(newline="") as lines:
        return list(csv.DictReader(lines))


def table(file: Path, ids: list[str], left: np.ndarray) -> Path:
    """A file as another program would write it."""
    with file.open("w", newline="") as lines:
        writer = csv.writer(lines)
        writer.writerow(["id", "left", "right"])
        writer.writerows(
            [id, repr(float(each)), repr(float(1 - each))] for id, each in zip(ids, left, strict=True)
        )
    return file


# Exported and added back


@pytest.mark.parametrize("suffix", [".csv", ".npz", ".parquet"])
def test_what_is_exported_and_added_back_has_the_same_scores(config, two, tmp_path, suffix):
    if suffix == ".parquet":
        pytest.importorskip("pyarrow")
    from tasks.learning.ensemble import prediction_files

    member = added(config, "back", exported(config, "odd", tmp_path / f"odd{suffix}"))
    original = json.loads((two["odd"].path / "member.json").read_text())
    assert member.score == original["score"]
    found, expected = (
        prediction_files.read(each.path, "out_of_fold") for each in (member.artifact, two["odd"])
    )
    assert found.ids == expected.ids
    np.testing.assert_array_equal(found.values, expected.values)
    for name in ("out_of_fold.npy", "out_of_fold_ids.json"):
        assert (member.artifact.path / name).read_bytes() == (two["odd"].path / name).read_bytes()


def test_a_blend_with_the_member_that_came_back_is_the_same(config, two, tmp_path, monkeypatch):
    folder = blended(config, earlier(config, "even,odd"), monkeypatch)
    one = submissions.read(folder)
    file = exported(config, "odd", tmp_path / "odd.csv")
    record = next(each for each in Store.current().records() if each["label"] == "gather odd")
    (Store.current().root / "steps" / f"{record['key']}.json").unlink()
    added(config, "odd", file)
    other = submissions.read(blended(config, earlier(config, "even,odd"), monkeypatch))
    assert other.provenance["file_sha256"] == one.provenance["file_sha256"]
    for figure in ("score", "gain"):
        assert other.provenance[figure] == one.provenance[figure]
    assert one.provenance["nested"] is None  # of few members only where one is from files
    assert 0.9 < other.provenance["nested"]["score"]["value"] <= other.provenance["score"]["value"]
    weights = [
        {name: each["weight"] for name, each in entry.provenance["members"].items()} for entry in (one, other)
    ]
    assert weights[0] == weights[1]


def test_an_exported_table_has_folds_and_truth(config, two, tmp_path):
    from tasks.toy import dataset as files
    from tests.toy import past

    found = rows(exported(config, "even", tmp_path / "even.csv"))
    train, folds = past.grounds(config)
    assigned = np.load(folds.path / "folds.npy").tolist()
    sides = [["left", "right"][label] for label in files.targets(train.path)]
    of_training = [each for each in found if each["part"] == "out_of_fold"]
    assert [(int(each["fold"]), each["truth"]) for each in of_training] == list(
        zip(assigned, sides, strict=True)
    )
    assert {(each["fold"], each["truth"]) for each in found if each["part"] == "test"} == {("", "")}
    assert len(found) == len(of_training) + 2


def test_a_member_that_equals_another_is_blended_once(config, two, tmp_path):
    added(config, "twin", exported(config, "odd", tmp_path / "odd.csv"))
    choice = chosen(config)
    assert len(choice.members) == 2
    assert [each.reason for each in choice.unusable] == ["it predicts the same as a newer one"]


def test_one_part_is_exported_alone(config, two, tmp_path):
    from flows.blending import member_exchange

    file = tmp_path / "test.csv"
    assert member_exchange.export("toy", config, "odd", file, part="test") == {"test": 2}
    assert {each["part"] for each in rows(file)} == {"test"}
    with pytest.raises(InvalidSettings, match="--part: expected one of out_of_fold, test for odd"):
        member_exchange.export("toy", config, "odd", file, part="validation")


def test_an_unknown_member_is_not_exported(config, two, tmp_path):
    with pytest.raises(InvalidSettings, match=r"member: expected some of .*odd \(\w{8}\).*; received 'odds'"):
        exported(config, "odds", tmp_path / "a.csv")


# Predictions of other programs


def scikit_learn(config: Any, folder: Path) -> tuple[Path, Path]:
    """Files of a logistic regression, trained outside the project by the folds of an exported member."""
    from sklearn.linear_model import LogisticRegression

    root = Path(config.data.root)
    train, test = (json.loads((root / f"{part}.json").read_text()) for part in ("train", "test"))
    folds = {each["id"]: each["fold"] for each in rows(folder / "even.csv") if each["part"] == "out_of_fold"}
    places = {id: [[point["at"]]] for id, point in {**train, **test}.items()}
    odds: dict[str, float] = {}
    for fold in sorted(set(folds.values())):
        seen = [id for id in train if folds[id] != fold]
        model = LogisticRegression().fit([places[id][0] for id in seen], [train[id]["label"] for id in seen])
        odds |= {id: model.predict_proba(places[id])[0, 0] for id in train if folds[id] == fold}
    model = LogisticRegression().fit([places[id][0] for id in train], [train[id]["label"] for id in train])
    answers = np.array([model.predict_proba(places[id])[0, 0] for id in test])
    ids = sorted(odds)[::-1]  # any order will do
    oof = table(folder / "oof.csv", ids, np.array([odds[id] for id in ids]))
    return oof, table(folder / "test.csv", list(test), answers)


def test_a_member_made_by_scikit_learn_blends(config, two, tmp_path, monkeypatch):
    exported(config, "even", tmp_path / "even.csv")
    member = added(config, "ana", *scikit_learn(config, tmp_path))
    assert member.lacking == []
    assert member.score["value"] > 0.9
    provenance = submissions.read(blended(config, earlier(config, "ana,even,odd"), monkeypatch)).provenance
    assert provenance["members"]["ana"]["weight"] > 0
    assert provenance["members"]["ana"]["score"]["value"] == member.score["value"]
    assert provenance["score"]["value"] >= member.score["value"]
    assert provenance["score"]["value"] >= provenance["nested"]["score"]["value"] > 0.9
    digests = provenance["members"]["ana"]["files"]
    assert digests == {
        "out_of_fold": sha256_of_file(tmp_path / "oof.csv"),
        "test": sha256_of_file(tmp_path / "test.csv"),
    }
    assert "files" not in provenance["members"]["odd"]
    assert "member ana" in [step["label"] for step in provenance["steps"]]


def test_adding_the_same_files_again_computes_nothing_and_names_the_newest(config, two, tmp_path):
    first = added(config, "ana", exported(config, "odd", tmp_path / "odd.csv"))
    later = added(config, "ana", exported(config, "even", tmp_path / "even.csv"))
    for member, time in ((first, "2026-01-01"), (later, "2026-01-02")):
        record = next(
            each for each in Store.current().records() if each["result"] == member.artifact.model_dump()
        )
        Store.current().write_record(record["key"], {**record, "finished": f"{time}T00:00:00+00:00"})
    for each in two.values():
        shutil.rmtree(each.path)
    ids = [row["id"] for row in rows(tmp_path / "odd.csv")]
    files = [
        table(tmp_path / f"{len(each)}.csv", each, np.full(len(each), 0.5)) for each in (ids[:200], ids[200:])
    ]
    added(config, "other", *files)
    refusals = {
        str(each.member): each.reason for each in chosen(config).unusable if each.member.recipe == "ana"
    }
    assert refusals == {f"ana ({first.artifact.digest[:8]})": "a newer one of this name was added"}
    assert chosen(config, "ana,other").members["ana"].member.artifact == later.artifact
    assert added(config, "ana", tmp_path / "odd.csv").artifact == first.artifact
    assert chosen(config, "ana,other").members["ana"].member.artifact == first.artifact
    digest = later.artifact.digest[:8]
    assert chosen(config, f"{digest},other").members["ana"].member.artifact == later.artifact


def test_problems_of_both_files_are_told_at_once(config, two, tmp_path):
    oof, test = (table(tmp_path / f"{name}.csv", ["x"], np.array([0.5])) for name in ("oof", "test"))
    with pytest.raises(InvalidData) as caught:
        added(config, "ana", oof, test)
    message = str(caught.value)
    assert f"{oof}:2: expected the id of one of 200 out-of-fold records, received 'x'" in message
    assert f"{test}:2: expected the id of one of 2 test records, received 'x'" in message
    assert "expected scores of each of 200 out-of-fold records, received none for 200" in message


def test_out_of_fold_scores_of_test_records_are_refused_with_the_reason(config, two, tmp_path):
    test = json.loads(Path(config.data.root, "test.json").read_text())
    file = table(tmp_path / "a.csv", list(test), np.full(len(test), 0.5))
    with pytest.raises(InvalidData, match="which is a record of the test part"):
        added(config, "ana", file)


def test_folds_of_other_settings_are_refused(config, two, tmp_path):
    file = exported(config, "odd", tmp_path / "odd.csv")
    other = config.model_copy(update={"folds": config.folds.model_copy(update={"seed": 5})})
    with pytest.raises(InvalidData, match=r"expected fold \d for 'p\d+', or no fold, received fold \d"):
        added(other, "ana", file)


def test_a_part_that_the_competition_has_not_is_refused(config, two, tmp_path):
    from flows.blending import member_exchange

    file = str(exported(config, "odd", tmp_path / "odd.csv"))
    files = {"out_of_fold": file, "test": file, "validation": file}
    with pytest.raises(InvalidSettings, match="--validation: expected none, since toy has no such part"):
        member_exchange.add("toy", config, "ana", files)


def test_new_test_records_leave_an_added_member_out_with_the_reason(config, two, tmp_path):
    added(config, "ana", exported(config, "odd", tmp_path / "odd.csv"))
    root = Path(config.data.root)
    test = json.loads((root / "test.json").read_text())
    (root / "test.json").write_text(json.dumps({f"new {id}": point for id, point in test.items()}))
    with pytest.raises(InvalidSettings) as caught:
        chosen(config)
    assert "its files have no scores of these test records; add it again with them" in str(caught.value)


# The commands


def podium(*arguments: str) -> Result:
    from flows.__main__ import app

    return CliRunner().invoke(app, ["members", *arguments])


def test_the_commands_export_add_and_list(config, two, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    settings = ["--set", f"data.root={config.data.root}", "--set", f"folds.count={FOLDS}"]
    file = str(tmp_path / "odd.csv")
    result = podium("export", "toy", "odd", "--output", file, *settings)
    assert result.exit_code == 0, result.output
    assert result.stdout == f"{file}: 200 out_of_fold, 2 test\n"
    result = podium("add", "toy", "--name", "ana", "--oof", file, "--test", file, *settings)
    assert result.exit_code == 0, result.output
    assert "accuracy" in result.stdout
    listed = podium("list", "toy").stdout.splitlines()
    assert listed[0].split()[:2] == ["member", "digest"]
    assert {line.split()[0] for line in listed[1:]} == {"ana", "even", "odd"}
    assert all(str(Store.current().root) in line and "±" in line for line in listed[1:])


@pytest.mark.parametrize("name", ["a b", "all", "best", "", "-a", "a,b"])
def test_names_that_mean_something_else_are_refused(config, two, tmp_path, name):
    file = exported(config, "odd", tmp_path / "odd.csv")
    result = podium("add", "toy", f"--name={name}", "--oof", str(file), "--test", str(file))
    assert result.exit_code == 2
    assert "--name: expected letters" in result.stderr


def test_a_store_without_members_says_so(toy):
    result = podium("list", "toy")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "no members of toy" in result.stderr


def test_settings_that_differ_are_listed():
    from flows.blending.member_table import differing

    settings = [{"a": "1", "b": "2"}, {"a": "1", "b": "3"}, {"a": "1", "c": "x" * 99}]
    assert differing(settings) == [{"b": "2"}, {"b": "3"}, {"c": "x" * 16}]
    assert differing([{"a": "1"}, {}, {"a": "1"}]) == [{}, {}, {}]
    assert differing([]) == []
