"""`podium search`: its options as settings, and errors that are found before anything runs."""

import sys
from pathlib import Path
from typing import Any

import pytest
import typer
from pydantic_core import to_jsonable_python
from typer.testing import CliRunner, Result

from flows.__main__ import register
from flows.commands import search as command
from flows.commands.search import _summary
from flows.runtime.server_loss import FlowOutcome
from tasks.core import locations


@pytest.fixture
def invoke(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The command with its exit codes, whose search is only noted."""
    monkeypatch.setattr(locations, "presets_folder", lambda: tmp_path / "conf")
    monkeypatch.setattr(locations, "preset_folders", lambda: (tmp_path / "conf",))
    (tmp_path / "conf" / "dogs").mkdir(parents=True)
    (tmp_path / "conf" / "dogs" / "mine.toml").write_text("# Mine\nfolds.count = 3\n")
    noted: list[Any] = []
    score = {"name": "accuracy", "value": 0.5, "standard_error": 0.1}
    found = {
        "preset": "a",
        "report": "b",
        "trials": {"complete": 3},
        "best": 1,
        "score": score,
        "start": None,
    }

    def note(*arguments: Any, url: str | None) -> FlowOutcome:
        noted.append(arguments)
        return FlowOutcome(found, recorded=True)

    monkeypatch.setattr(command, "_run", note)
    monkeypatch.setattr("flows.runtime.prefect_settings.apply", lambda url: None)
    app = typer.Typer()
    register(app, command.search, "search dogs")
    app.command("other")(lambda: None)

    def call(*words: str) -> tuple[Result, list[Any]]:
        data = tmp_path / "data"
        data.mkdir(exist_ok=True)
        options = ("--no-server", "--set", f"data.root={data}")
        return CliRunner().invoke(app, ["search", "dogs", *words, *options]), noted

    return call


def test_options_become_settings_of_a_search(invoke):
    result, noted = invoke(
        "-p", "mine", "--trials", "7", "--timeout", "8h", "--workers", "2", "--pruner", "hyperband"
    )
    assert result.exit_code == 0, result.output
    competition, config, chosen = noted[0]
    assert (competition, config.folds.count) == ("dogs", 3)
    assert chosen.model_dump(exclude_defaults=True) == {
        "trials": 7,
        "study": "mine-search",
        "preset": "mine",
        "workers": 2,
        "timeout_seconds": 8 * 3600,
        "pruner": "hyperband",
    }


def test_a_database_may_stand_in_the_environment(invoke, monkeypatch):
    monkeypatch.setenv("PODIUM_STUDIES", "sqlite:///studies.db")
    assert invoke()[1][0][2].storage.get_secret_value() == "sqlite:///studies.db"


def test_a_password_of_the_database_is_in_no_record_of_the_run(invoke, monkeypatch):
    url = "postgresql://u:hunter2@db/x"
    result, noted = invoke("--storage", url)
    assert noted[0][2].storage.get_secret_value() == url
    assert "set PODIUM_STUDIES instead" in result.output
    settings = noted[0][2]  # Prefect stores them as the parameters of the run
    for record in (
        result.output,
        repr(to_jsonable_python(settings)),
        repr(noted),
        settings.model_dump_json(),
    ):
        assert "hunter2" not in record
    monkeypatch.setenv("PODIUM_STUDIES", url)
    assert "instead" not in invoke()[0].output


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--pruner", "best"], "--pruner: expected one of 'median', 'hyperband' or 'none', received 'best'"),
        (["--study", "a/b"], "--study: expected text that matches"),
        (["--study", "mine"], "study: expected a name that no preset of your own has, received 'mine'"),
        (["--timeout", "soon"], "--timeout: expected a number with m, h, d or w"),
        (["--recipe", "other"], "--recipe: expected one of frozen, received 'other'"),
        (["--only", "recipe.hed"], "received 'recipe.hed' (did you mean recipe.head.dropout?)"),
        (["--workers", "999"], "--workers: expected at most 256, received 999"),
        (["-p", "unknown"], "preset: expected one of mine, received 'unknown'"),
    ],
)
def test_mistakes_are_told_before_anything_runs(invoke, words, message):
    result, noted = invoke(*words)
    assert (result.exit_code, noted) == (2, [])
    assert message in result.stderr


def test_the_summary_says_where_everything_lies():
    score = {"name": "accuracy", "value": 0.5, "standard_error": 0.1}
    found = {
        "preset": str(Path.cwd() / "conf/dogs/a.toml"),
        "report": "/r.html",
        "trials": {"complete": 3, "pruned": 2},
        "best": 4,
        "score": score,
        "start": score,
    }
    assert _summary(found, seconds=61).splitlines() == [
        "preset  conf/dogs/a.toml",
        "report  /r.html",
        "trials  3 complete, 2 pruned",
        "best    accuracy 0.5000 ± 0.1000, trial 4",
        "start   accuracy 0.5000 ± 0.1000",
        "time    1 min 1 s",
    ]


def test_the_command_loads_nothing_heavy():
    assert command.search.__module__ == "flows.commands.search"
    text = Path(sys.modules["flows.commands.search"].__file__ or "").read_text()
    top = [line for line in text.splitlines() if line.startswith(("import", "from"))]
    assert not [line for line in top if "prefect" in line or "tasks" in line or "optuna" in line]
