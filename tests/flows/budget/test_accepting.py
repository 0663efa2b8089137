"""`podium accept`: what can be accepted, what was, what the plan says of it, and how it is undone."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from flows.__main__ import app
from flows.budget import accepting, plan
from flows.budget.changed_functions import changed_functions
from tasks.core.cache import keys
from tasks.core.cache.source_code import digest_of_source
from tasks.core.cache.store import Artifact, Store
from tasks.core.context import recorded_by
from tasks.core.step import Step, step


def keep(text: str) -> Artifact:
    store = Store.current()
    with store.new_folder() as folder:
        (folder / "text").write_text(text)
        return store.keep("text", folder)


@step(label="train fold {fold}")
def train(competition: str, fold: int) -> Artifact:
    return keep(f"model {fold}")


@step(label="predict fold {fold}")
def predict(competition: str, model: Artifact, fold: int) -> Artifact:
    return keep(f"scores of {model.digest}")


@step(label="report {competition}", cached=False)
def report(competition: str, scores: list[Artifact]) -> str:
    return "done"


class Runner:
    def call(self, step: Step, arguments: dict[str, Any]) -> Any:
        return step.execute(arguments).result


def flow(config: Any) -> Any:
    folds = range(config.folds.count)
    return report.submit("dogs", [predict.submit("dogs", train.submit("dogs", fold), fold) for fold in folds])


Digests = dict[str, str]


@pytest.fixture
def code(monkeypatch: pytest.MonkeyPatch) -> Digests:
    """Digests of the code, which a test changes; two folds of a run with it are in the store."""
    digests = {"tasks.small": "a" * 64}
    monkeypatch.setattr(keys, "code_digests", lambda *arguments: dict(digests))
    monkeypatch.setattr(keys, "imported_libraries", lambda *arguments: ())
    for module in (plan, accepting):
        monkeypatch.setattr(module, "find_flow", lambda competition: SimpleNamespace(fn=flow))
    with recorded_by(Runner()):
        flow(SimpleNamespace(folds=SimpleNamespace(count=2)))
    return digests


def podium(command: str, *words: str, folds: int = 2) -> Result:
    settings = ["--set", "data.root=tests", "--set", f"folds.count={folds}"]
    return CliRunner().invoke(app, [command, "dogs", *words, *settings])


def states(folds: int = 2) -> dict[str, str]:
    lines = podium("plan", folds=folds).stdout.splitlines()[:-1]
    return {line.partition("  ")[0]: line.partition("  ")[2].split()[0] for line in lines}


def test_what_a_person_accepts_is_cached_and_the_plan_says_why(code: Digests) -> None:
    code["tasks.small"] = "b" * 64
    assert states()["train fold 0"] == "run"
    said = podium("accept", "train", "predict", "--note", "a text")
    assert (said.exit_code, said.stderr) == (0, "")
    assert said.stdout.splitlines() == [
        "train    accepted  2 results of this run: code of tasks.small changed",
        "predict  accepted  2 results of this run: code of tasks.small changed",
    ]
    shown = podium("plan").stdout
    assert shown.count("cached  accepted by ") == 4
    assert shown.count("code of tasks.small changed (a text)") == 4
    assert "4 cached, 1 will run" in shown


def test_without_a_step_it_lists_what_can_be_and_what_was(code: Digests) -> None:
    assert podium("accept").stderr == "podium: no result of earlier code was or can be accepted\n"
    code["tasks.small"] = "b" * 64
    podium("accept", "train")
    lines = podium("accept").stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["train", "predict"]
    assert "can be accepted" in lines[1]
    assert states()["train fold 0"] == "cached"
    assert states()["predict fold 0"] == "run"


def test_undo_restores_the_plan(code: Digests) -> None:
    code["tasks.small"] = "b" * 64
    before = podium("plan").stdout
    podium("accept", "train", "predict")
    said = podium("accept", "train", "predict", "--undo")
    assert said.stdout.count("no longer accepted") == 2
    assert podium("plan").stdout == before
    refused = podium("accept", "train", "--undo")
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "STEP: expected steps of which something was accepted (there are none)" in refused.stderr


def test_after_another_edit_the_plan_says_that_it_no_longer_applies(code: Digests) -> None:
    code["tasks.small"] = "b" * 64
    podium("accept", "train", "predict")
    code["tasks.small"] = "c" * 64
    shown = podium("plan").stdout
    assert shown.count("was another change") == 4
    assert states()["train fold 0"] == "run"
    assert podium("accept", "train", "predict").exit_code == 0
    assert states()["train fold 0"] == "cached"


def test_what_has_no_result_must_run_and_the_rest_is_accepted(code: Digests) -> None:
    code["tasks.small"] = "b" * 64
    said = podium("accept", "train", folds=3)
    assert (said.exit_code, said.stderr) == (
        0,
        "podium: 1 call of these steps must run nevertheless; see podium plan\n",
    )
    assert list(states(folds=3).values())[::2][:3] == ["cached", "cached", "run"]


@pytest.mark.parametrize(
    ("words", "edited", "said"),
    [
        (["trian"], True, "STEP: expected one of predict, train, received 'trian' (did you mean train?)"),
        (["report"], True, "STEP: expected one of predict, train, received 'report'"),
        (["train"], None, "train fold 0: expected a result of the same inputs by other code"),
    ],
)
def test_what_cannot_be_accepted_is_refused(
    code: Digests, words: list[str], edited: bool | None, said: str
) -> None:
    if edited is None:
        for record in list(Store.current().records()):
            Store.current().forget_record(record["key"])
    refused = podium("accept", *words)
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert said in refused.stderr


def test_results_of_another_backend_are_no_results_of_earlier_code(
    code: Digests, monkeypatch: pytest.MonkeyPatch
) -> None:
    train.libraries = ("backend",)
    try:
        with recorded_by(Runner()):
            train.submit("dogs", 0)
        for record in list(Store.current().records()):
            if not record["libraries"]:
                Store.current().forget_record(record["key"])
        monkeypatch.setattr(keys, "library_version", lambda name: "jax")
        assert podium("accept", "train").exit_code == 2
    finally:
        train.libraries = ()


def test_accepting_twice_is_said_and_is_no_error(code: Digests) -> None:
    code["tasks.small"] = "b" * 64
    podium("accept", "train")
    again = podium("accept", "train")
    assert (again.exit_code, again.stdout) == (0, "")
    assert "nothing to accept: all results of train count already" in again.stderr


def test_functions_that_differ_are_named_where_git_has_the_earlier_version(tmp_path: Path) -> None:
    from subprocess import run

    file = tmp_path / "tasks" / "small.py"
    file.parent.mkdir()
    versions = [
        b"import os\ndef one():\n    return 1\ndef two():\n    return 2\n",
        b"import os\ndef one():\n    return 1\ndef two():\n    return 3\n",
    ]
    file.write_bytes(versions[0])
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b"]
    run([*git, "init", "-q"], check=True)
    run([*git, "add", "."], check=True)
    run([*git, "commit", "-qm", "first"], check=True)
    file.write_bytes(versions[1])
    before, after = ({"tasks.small": digest_of_source(each)} for each in versions)
    assert changed_functions(before, after, tmp_path) == {"tasks.small": ["two"]}
    assert changed_functions({"tasks.small": "0" * 64}, after, tmp_path) == {}
