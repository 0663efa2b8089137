"""What `--json` prints: one object of the documented fields, and nothing else on stdout."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from flows.__main__ import app
from flows.commands import catalogue, search
from flows.json_output import SCHEMA, say_json
from tasks.core.cache.store import Store, write_json

DOCUMENTED = Path(__file__).resolve().parents[2] / "flows" / "README.md"


def podium(*words: str) -> Result:
    return CliRunner().invoke(app, [*words, "--json"])


def printed(*words: str) -> dict[str, Any]:
    result = podium(*words)
    assert (result.exit_code, result.stderr) == (0, "")
    found: dict[str, Any] = json.loads(result.stdout)
    assert found["schema"] == SCHEMA
    assert list(found)[2:] == documented(found["command"])
    return found


def documented(command: str) -> list[str]:
    """Names of the fields of an object, in the order of flows/README.md."""
    (row,) = re.findall(rf"^\| `{command}` \| ([^|]*) \|", DOCUMENTED.read_text("utf-8"), re.MULTILINE)
    return re.findall(r"`(\w+)`", row)


@pytest.fixture
def submitted(tmp_path: Path) -> Path:
    folder = tmp_path / "podium_submissions" / "dogs"
    for name, value in (("one", 0.8), ("two", 0.9)):
        (folder / f"2026-{name}").mkdir(parents=True)
        (folder / f"2026-{name}" / "answers.txt").write_text(f"a\n{name}\n")
        provenance = {
            "file": "answers.txt",
            "created": "2026-01-31T12:00:00+00:00",
            "score": {"name": "accuracy", "value": value, "standard_error": 0.01},
            "config": {"seed": len(name + str(value)), "name": name, "gain": 0.5},
        }
        write_json(folder / f"2026-{name}" / "provenance.json", provenance)
    return folder


def test_the_list_of_competitions_and_presets() -> None:
    found = printed("list")
    dogs = next(each for each in found["competitions"] if each["name"] == "dogs")
    assert Path(dogs["data"]).is_absolute()
    assert dogs["has_data"] is Path(dogs["data"]).is_dir()
    assert {"name", "description"} == set(dogs["presets"][0])


def test_the_counts_of_raw_files(monkeypatch: pytest.MonkeyPatch) -> None:
    report = {"counts": {"photographs": 3}, "notes": []}
    monkeypatch.setattr(catalogue, "count", lambda competition, data: report)
    found = printed("check", "dogs", "--set", "data.root=tests")
    assert found["counts"] == {"photographs": 3}


def test_a_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    from flows.budget import plan
    from flows.budget.plan import PlannedStep

    steps = [PlannedStep("train fold 0", "run", "never ran", ("load",), None, step="train")]
    monkeypatch.setattr(plan, "plan", lambda *arguments: steps)
    found = printed("plan", "dogs", "--set", "data.root=tests")
    assert found["steps"] == [
        {
            "label": "train fold 0",
            "step": "train",
            "state": "run",
            "reason": "never ran",
            "waits_for": ["load"],
            "seconds": None,
        }
    ]
    assert found["counts"] == {"cached": 0, "run": 1, "maybe": 0}
    assert found["steps_of_unknown_time"] == 1


def test_a_search(monkeypatch: pytest.MonkeyPatch) -> None:
    class Outcome:
        result = dict.fromkeys(("study", "preset", "report", "trials", "best", "score", "start"))

        def exit_if_unrecorded(self) -> None:
            """All is recorded."""

    monkeypatch.setattr(search, "_checked_run", lambda *arguments, **options: Outcome())
    assert printed("search", "dogs")["preset"] is None


def test_members_of_a_store_without_any() -> None:
    assert printed("members", "list", "dogs")["members"] == []


def test_submissions_and_one_of_them_and_the_difference_of_two(submitted: Path) -> None:
    found = printed("submissions", "list")
    newest = found["submissions"][0]
    assert newest["name"] == "dogs/2026-two"
    assert newest["score"] == {"name": "accuracy", "value": 0.9, "standard_error": 0.01}
    assert found["rank_agreement"] == {"dogs": None}
    shown = printed("submissions", "show", "one")
    assert shown["file"] == str(submitted / "2026-one" / "answers.txt")
    assert shown["provenance"]["config"]["gain"] == 0.5
    compared = printed("submissions", "diff", "one", "two")
    assert {"key": "name", "first": "one", "second": "two"} in compared["differences"]["settings"]
    assert compared["answers"]["examples"] == [{"line": 2, "first": "one", "second": "two"}]
    assert json.loads(podium("submissions").stdout) == found


def test_no_submissions_are_an_empty_list_and_a_message() -> None:
    result = podium("submissions", "list")
    assert json.loads(result.stdout)["submissions"] == []
    assert result.stderr.startswith("podium: no submissions in ")


def test_what_is_cleaned() -> None:
    store = Store.current()
    with store.new_folder() as folder:
        (folder / "text").write_text("a")
        store.keep("text", folder)
    assert printed("clean", "--dry-run")["kept"] == 1
    assert printed("clean", "--reread")["paths"] == 0
    assert printed("clean", "--verify")["bytes"] == 1


@pytest.mark.parametrize(
    "words",
    [
        ["check", "dgos"],
        ["plan", "dogs", "--preset", "nonsense"],
        ["search", "dogs", "--trials", "0"],
        ["members", "list", "dgos"],
        ["submissions", "list", "nonsense"],
        ["submissions", "show", "none"],
        ["submissions", "diff", "a", "b"],
        ["clean", "--older-than", "soon"],
    ],
    ids=" ".join,
)
def test_an_error_is_a_message_and_code_2_and_stdout_is_empty(words: list[str]) -> None:
    result = podium(*words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr


def test_numbers_that_json_lacks_are_null_and_passwords_are_masked(
    capsys: pytest.CaptureFixture[str],
) -> None:
    say_json("list", {"nan": float("nan"), "mirror": "s3://me:secret@host/b", "name": "狗"})
    text = capsys.readouterr().out
    assert json.loads(text)["nan"] is None
    assert json.loads(text)["name"] == "狗"
    assert text.isascii()
    assert "secret" not in text
