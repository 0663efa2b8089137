"""Submissions on disk: found by name, compared, and given their public score."""

import json
import os
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tasks.core.errors import InvalidSubmission
from tasks.core.submissions import submissions

PROVENANCE = {
    "competition": "dogs",
    "run": "seed",
    "config": {"folds": {"count": 5}, "recipes": [{"name": "one"}]},
    "code": {"train": {"tasks/dogs/model.py": "aaa"}},
    "data": {"digest": "d"},
    "libraries": {"keras": "3.15"},
    "score": {"name": "accuracy", "value": 0.8, "standard_error": 0.01},
    "file": "answers.txt",
    "public_score": None,
}


def written(root: Path, name: str, *, lines: str = "1\ta\n2\tb\n", **changes: Any) -> Path:
    folder = root / "dogs" / name
    folder.mkdir(parents=True)
    (folder / "answers.txt").write_text(lines)
    (folder / "provenance.json").write_text(json.dumps(PROVENANCE | changes))
    return folder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    written(tmp_path, "20260101-100000-seed")
    written(tmp_path, "20260102-100000-best")
    return tmp_path


def test_the_newest_is_listed_first(root: Path) -> None:
    (root / "dogs" / "unfinished").mkdir()
    names = [entry.name for entry in submissions.listed(root)]
    assert names == ["dogs/20260102-100000-best", "dogs/20260101-100000-seed"]
    assert submissions.listed(root, "extraction") == []


@pytest.mark.parametrize("name", ["best", "20260102", "dogs/20260102-100000-best", "100000-best"])
def test_a_part_of_the_name_that_no_other_has_is_enough(root: Path, name: str) -> None:
    assert submissions.find_submission(root, name).folder.name == "20260102-100000-best"


def test_of_equal_names_that_of_the_competition_is_meant(root: Path) -> None:
    folder = root / "extraction" / "20260103-100000-best"
    folder.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(root / "dogs" / "20260102-100000-best", folder)
    with pytest.raises(InvalidSubmission, match="expected the name of one, received 'best', which fits"):
        submissions.find_submission(root, "best")
    for competition in ("dogs", "extraction"):
        found = submissions.find_submission(root, "best", competition=competition)
        assert found.folder.parent.name == competition
    assert submissions.find_submission(root, "seed", competition="extraction").name.startswith("dogs/")


def test_a_folder_names_its_submission_wherever_it_lies(root: Path, tmp_path: Path) -> None:
    folder = written(tmp_path / "elsewhere", "old")
    assert submissions.find_submission(root, str(folder)).folder == folder


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("2026010", "expected the name of one, received '2026010', which fits\n  dogs/20260102"),
        ("worst", "expected one of the 2 in "),
    ],
)
def test_a_name_that_fits_none_or_several_is_refused(root: Path, name: str, expected: str) -> None:
    with pytest.raises(InvalidSubmission) as caught:
        submissions.find_submission(root, name)
    assert expected in str(caught.value)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b'{"file": \n}', "provenance.json:2: expected JSON, received"),
        (b"[1]", "provenance.json: expected an object, received [1]"),
        (b"{}", "provenance.json: file: Field required"),
        (b'{"file": "\xff"}', "provenance.json: expected JSON in UTF-8, received"),
        (b"", "provenance.json:1: expected JSON, received"),
        (b"null", "provenance.json: expected an object, received None"),
        ('{"file": "a"}'.encode("utf-16"), "provenance.json: expected JSON in UTF-8, received"),
        (b'{"file": "a", "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deep"),
        (b'{"file": "a", "public_score": NaN}', "received NaN, which is no number"),
        (b'{"file": "a", "public_score": ' + b"9" * 5000 + b"}", "an integer of more than 64 bits"),
        (b'{"file": "a", "public_score": 1e999}', "a number that is too large"),
        (b'{"file": "a", "public_score": "88"}', "public_score: Input should be a valid number"),
        (b'{"file": 3}', "file: Input should be a valid string, received 3"),
        (b'{"file": "../a"}', "expected the name of a file in the submission's folder"),
        (b'{"file": ""}', "expected the name of a file"),
        (b'{"file": "a", "score": 0.5}', "score: expected an object, received 0.5"),
        (b'{"file": "a", "score": {"name": "x"}}', "score.value: Field required"),
        (b'{"file": "a", "members": []}', "members: Input should be a valid dictionary"),
        (b'{"file": "a", "members": {"m": {"score": 1}}}', "members.m.weight: Field required"),
        (b'{"file": "a", "steps": {}}', "steps: Input should be a valid list"),
        (b'{"file": "a", "steps": [3]}', "steps.0: expected an object, received 3"),
        (b'{"file": "a", "config": null}', "config: Input should be a valid dictionary"),
        (b'{"file": "a", "created": 2026}', "created: Input should be a valid string"),
        (b'{"file": "a", "ensemble": {"members": {}}}', "ensemble.train: Field required"),
        (b'{"file": "a", "score": {"value": 1}}', "score.name: Field required"),
        (b'{"file": "a", "nested": {"score": 1}}', "nested.score: expected an object, received 1"),
        (b'{"file": "a", "git": []}', "git: expected an object, received []"),
        (b'{"file": "a", "config": {"a": 1e999}}', "received a number that is too large"),
        (b'{"file": "a", "config": {"a": ' + b"9" * 400 + b"}}", "received an integer of more than 64 bits"),
        (b'{"file": "a", "command": "\\ud800"}', "received half of a surrogate pair"),
        (b'{"file": "a", "x": ' + b"[" * 200 + b"]" * 200 + b"}", "nested too deep"),
        (b'{"file": "a", "left_out": {"b": 1}}', "left_out.b: Input should be a valid string"),
    ],
)
def test_a_damaged_provenance_is_named(root: Path, content: bytes, expected: str) -> None:
    folder = root / "dogs" / "20260101-100000-seed"
    (folder / "provenance.json").write_bytes(content)
    with pytest.raises(InvalidSubmission) as caught:
        submissions.read(folder)
    assert expected in str(caught.value)


@pytest.mark.parametrize("kind", ["fifo", "folder", "dangling link", "loop"])
def test_what_is_no_provenance_never_waits_and_spoils_no_other(root: Path, kind: str) -> None:
    place = root / "dogs" / "20260101-100000-seed" / "provenance.json"
    place.unlink()
    if kind == "fifo":
        os.mkfifo(place)
    elif kind == "folder":
        place.mkdir()
    else:
        place.symlink_to(place if kind == "loop" else place.parent / "nothing")
    with pytest.raises(InvalidSubmission):
        submissions.read(place.parent)
    assert [entry.folder.name for entry in submissions.listed(root)] == ["20260102-100000-best"]


def test_a_damaged_one_is_named_once_and_passed_over(root: Path, caplog: pytest.LogCaptureFixture) -> None:
    damaged = root / "dogs" / "20260101-100000-seed"
    (damaged / "provenance.json").write_text('{"file": "a", "members": []}')
    for _ in range(2):
        assert [entry.folder.name for entry in submissions.listed(root)] == ["20260102-100000-best"]
    (said,) = caplog.messages
    assert "members: Input should be a valid dictionary" in said
    assert said.endswith("this submission is passed over")
    assert submissions.find_submission(root, "best").folder.name == "20260102-100000-best"
    assert submissions.damaged(root) == [damaged / "provenance.json"]
    with pytest.raises(InvalidSubmission, match="members"):
        submissions.find_submission(root, "seed")


def test_a_folder_without_provenance_is_no_submission(tmp_path: Path) -> None:
    with pytest.raises(InvalidSubmission, match=r"expected a folder with provenance\.json"):
        submissions.read(tmp_path)


def test_differences_name_keys_of_settings_and_files_of_code(tmp_path: Path) -> None:
    one = submissions.read(written(tmp_path, "one"))
    changed = {
        "config": {"folds": {"count": 3}, "recipes": [{"name": "one"}, {"name": "two"}]},
        "code": {"train": {"tasks/dogs/model.py": "bbb"}},
    }
    two = submissions.read(written(tmp_path, "two", **changed))
    found = submissions.differences(one, two)
    assert found["config"] == [("folds.count", 5, 3), ("recipes.1.name", None, "two")]
    assert [entry.key for entry in found["code"]] == ["train.tasks/dogs/model.py"]
    assert found["data"] == found["libraries"] == []


def test_answers_are_compared_line_by_line(tmp_path: Path) -> None:
    one = submissions.read(written(tmp_path, "one"))
    two = submissions.read(written(tmp_path, "two", lines="1\ta\n3\tb\n4\tc\n"))
    found = submissions.answer_difference(one, two)
    assert (found.different, found.total) == (2, 3)
    assert found.examples == [(2, "2\tb", "3\tb"), (3, "(none)", "4\tc")]
    assert submissions.answer_difference(one, one).different == 0


def test_answers_inside_zip_archives_are_compared(tmp_path: Path) -> None:
    sides = []
    for name, text in (("one", "a\nb\n"), ("two", "a\nc\n")):
        folder = written(tmp_path, name)
        with zipfile.ZipFile(folder / "answers.txt", "w") as archive:
            archive.writestr("answers.json", text)
        sides.append(submissions.read(folder))
    assert submissions.answer_difference(*sides).examples == [(2, "b", "c")]


def test_a_missing_file_to_upload_is_named(tmp_path: Path) -> None:
    one = submissions.read(written(tmp_path, "one"))
    one.file.unlink()
    with pytest.raises(InvalidSubmission, match=r"answers\.txt: expected the file to upload"):
        submissions.answer_difference(one, one)


def test_a_public_score_is_recorded_and_nothing_else_changes(root: Path) -> None:
    entry = submissions.find_submission(root, "seed")
    before = entry.file.stat()
    submissions.record_score(entry, 0.173)
    after = submissions.find_submission(root, "seed")
    assert after.provenance == entry.provenance | {"public_score": 0.173}
    assert (after.file.stat().st_mtime_ns, after.file.stat().st_ino) == (
        before.st_mtime_ns,
        before.st_ino,
    )
    assert sorted(path.name for path in entry.folder.iterdir()) == [
        "answers.txt",
        "provenance.json",
    ]


def test_names_of_folders_stay_on_their_lines(tmp_path):
    for name in ("a\nforged", "a\x1b[2J"):
        (tmp_path / "dogs" / name).mkdir(parents=True)
        (tmp_path / "dogs" / name / "provenance.json").write_text("{}")
    with pytest.raises(InvalidSubmission) as caught:
        submissions.find_submission(tmp_path, "a")
    assert str(caught.value).split("\n")[1:] == ["  dogs/a\\x1b[2J", "  dogs/a\\nforged"]
    with pytest.raises(InvalidSubmission, match=r"did you mean dogs/a\\nforged\?"):
        submissions.find_submission(tmp_path, "dogs/a forged")


def test_results_of_earlier_code_that_one_of_two_rests_on_are_a_difference() -> None:
    accepted = {"id": "a" * 64, "step": "train", "by": "ana", "when": "2026-01-31T12:00:00+00:00"}
    accepted |= {"note": "a text", "changes": ["code of tasks.train changed"], "results": ["train fold 0"]}
    one = submissions.Submission(Path("dogs/one"), {"file": "a.txt"})
    two = submissions.Submission(Path("dogs/two"), {"file": "a.txt", "accepted": [accepted]})
    text = "by ana on 2026-01-31: code of tasks.train changed (a text)"
    assert submissions.differences(one, two)["accepted"] == [("train aaaaaaaa", None, text)]
    assert "accepted" not in submissions.differences(one, one)
