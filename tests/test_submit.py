"""Submissions of several runs that come to their ends at once."""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import BaseModel

from tasks import submit as module
from tasks.core import locations
from tasks.core.cache.store import Artifact, Store
from tasks.core.cache.verification import DamagedArtifacts
from tasks.core.files.temporary import hidden_name, locked
from tasks.core.submissions import submissions
from tasks.core.submissions.provenance import accepted_results
from tests.core.stored_records import line_of

RUNS = 8


class Config(BaseModel):
    """Of no importance."""

    seed: int = 0


@pytest.fixture
def file(monkeypatch: pytest.MonkeyPatch) -> Artifact:
    return answer(monkeypatch)


def answer(monkeypatch: pytest.MonkeyPatch) -> Artifact:
    """An answer, of a competition whose rules it keeps."""
    rules = SimpleNamespace(file="answers.txt", check=lambda *arguments: None, ids=lambda *arguments: [])
    monkeypatch.setattr(module, "find", lambda competition: rules)
    monkeypatch.setattr(module, "run_id", lambda: "run")
    monkeypatch.setattr(module, "describe", described)
    monkeypatch.setattr(module, "_scores", lambda ensemble: {})
    with Store.current().new_folder() as folder:
        (folder / "answers.txt").write_text("1\ta\n")
        return Store.current().keep("submission", folder)


def described(config: BaseModel, steps: Any, *, command: str) -> dict[str, Any]:
    return {
        "config": config.model_dump(),
        "code": {},
        "data": {},
        "libraries": {},
        "command": command,
        "steps": steps,
    }


def ensemble(file: Artifact) -> dict[str, Any]:
    """A member of one model, all of it in one artifact."""
    member = {"member": file, "recipe": Config(seed=3), "models": [file]}
    return {"train": file, "common": file, "blend": file, "validation": None, "members": {"only": member}}


def submitted(file: Artifact, seeds: list[int]) -> list[str]:
    def one(seed: int) -> str:
        return str(module.submit.fn("toy", Config(seed=seed), [file], ensemble(file), file, "name"))

    with ThreadPoolExecutor(len(seeds)) as pool:
        return list(pool.map(one, seeds))


def test_equal_submissions_are_one(file: Artifact) -> None:
    folders = submitted(file, [0] * RUNS)
    assert len(set(folders)) == 1
    assert [str(each.folder) for each in submissions.listed(locations.submissions_folder())] == folders[:1]
    provenance = json.loads((Path(folders[0]) / "provenance.json").read_text())
    assert provenance["command"] == f"podium run toy --from {Path(folders[0]).name}"


def test_others_get_folders_of_their_own_though_name_and_second_are_equal(file: Artifact) -> None:
    folders = submitted(file, list(range(RUNS)))
    assert len(set(folders)) == RUNS
    listed = submissions.listed(locations.submissions_folder())
    assert {str(each.folder) for each in listed} == set(folders)
    assert sorted(path.name for path in Path(folders[0]).iterdir()) == ["answers.txt", "provenance.json"]


def test_a_name_that_an_equal_submission_lacks_is_said(
    file: Artifact, caplog: pytest.LogCaptureFixture
) -> None:
    (folder,) = submitted(file, [0])
    assert caplog.text == ""
    again = module.submit.fn("toy", Config(), [file], ensemble(file), file, "better")
    assert again == folder
    assert f"{Path(folder).name} is an equal submission: none named better is written" in caplog.text


def test_results_of_earlier_code_make_another_submission_and_are_named_in_it(
    file: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    def with_accepted(config: BaseModel, steps: Any, *, command: str) -> dict[str, Any]:
        return described(config, steps, command=command) | {"accepted": accepted_results(steps)}

    monkeypatch.setattr(module, "describe", with_accepted)
    (folder,) = submitted(file, [0])
    summary = {"id": "a" * 64, "step": "train", "by": "ana", "when": "2026-01-31T12:00:00+00:00"}
    summary |= {"note": "", "changes": ["code of tasks.train changed"]}
    for label in ("train fold 0", "train fold 1"):
        Store.current().note("run", line_of("train", label=label, accepted=[summary]))
    Store.current().note("run", line_of("compare", accepted=[summary | {"id": "b" * 64}]))
    other, again = submitted(file, [0])[0], submitted(file, [0])[0]
    assert folder != other == again
    (accepted,) = submissions.read(Path(other)).provenance["accepted"]
    assert accepted == {**summary, "results": ["train fold 0", "train fold 1"]}


def test_the_comparison_of_parts_ends_at_any_time_and_is_no_part_of_it(file: Artifact) -> None:
    (folder,) = submitted(file, [0])
    Store.current().note("run", line_of("compare"))
    assert submitted(file, [0]) == [folder]
    assert submissions.read(Path(folder)).provenance["steps"] == []


def test_what_a_kill_has_left_is_no_submission(file: Artifact) -> None:
    (folder,) = submitted(file, [0])
    left = Path(folder).rename(Path(folder).with_name(".left"))
    assert submissions.listed(locations.submissions_folder()) == []
    (again,) = submitted(file, [0])
    assert Path(again) != left
    assert (left / "provenance.json").is_file()


def test_what_a_killed_process_was_writing_is_swept_by_the_next(file: Artifact) -> None:
    (folder,) = submitted(file, [0])
    left = hidden_name(Path(folder))
    left.mkdir()
    (left / "answers.txt").write_text("1")
    os.utime(left, (0, 0))
    with locked(left):
        submitted(file, [1])
        assert left.exists()
    submitted(file, [2])
    assert not left.exists()


def test_nothing_is_submitted_that_rests_on_what_a_disk_has_altered(file: Artifact) -> None:
    Store.current().note("run", line_of("train", artifact="model-" + "0" * 32))  # has left the store
    answers = file.path / "answers.txt"
    status = answers.stat()
    answers.chmod(0o644)
    answers.write_text("2\ta\n")
    os.utime(answers, ns=(status.st_atime_ns, status.st_mtime_ns))
    with pytest.raises(DamagedArtifacts, match=r"answers\.txt has other contents"):
        submitted(file, [0])
    assert submissions.listed(locations.submissions_folder()) == []
    assert not Store.current().is_whole(file)
