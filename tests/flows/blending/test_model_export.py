"""`podium members export --models`: what it refuses, each with one message, before any network is built."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

FOLDS = 4


@pytest.fixture
def settings(toy: Path, tmp_path: Path) -> list[str]:
    """Options of the commands; the store has the scores of `even`, whose models are gone."""
    from tasks.toy.config import Config
    from tests.toy import past

    root = past.root(tmp_path / "points")
    config = Config.model_validate({"data": {"root": str(root)}, "folds": {"count": FOLDS}})
    past.member(config, "even", wrong=0.3, seed=1)
    return ["--set", f"data.root={root}", "--set", f"folds.count={FOLDS}"]


def refusal(settings: list[str], member: str, *options: str) -> str:
    from flows.__main__ import app

    result = CliRunner().invoke(app, ["members", "export", "toy", member, *options, *settings])
    assert result.exit_code == 2, result.output
    return result.stderr


def test_a_member_whose_models_are_gone(settings: list[str], tmp_path: Path) -> None:
    folder = tmp_path / "out"
    message = refusal(settings, "even", "--models", "--output", str(folder))
    assert "expected one whose models are all in the store, those of even (" in message
    assert not folder.exists()


def test_a_member_that_others_have_made(settings: list[str], tmp_path: Path) -> None:
    from flows.__main__ import app

    file = tmp_path / "even.csv"
    assert (
        CliRunner().invoke(app, ["members", "export", "toy", "even", "-o", str(file), *settings]).exit_code
        == 0
    )
    lines = file.read_text().splitlines()
    file.write_text("\n".join([lines[0], *(_other(line) for line in lines[1:])]) + "\n")
    words = ["members", "add", "toy", "--name", "ana", "--oof", str(file), "--test", str(file), *settings]
    assert CliRunner().invoke(app, words).exit_code == 0
    message = refusal(settings, "ana", "--models", "--output", str(tmp_path / "out"))
    assert "expected one that a run has trained, others have made ana (" in message


def _other(line: str) -> str:
    """A row with other scores, so that the member is not the same as before."""
    *fields, left, right = line.split(",")
    changed = np.array([float(left), float(right)]) * 0.5 + 0.25
    return ",".join([*fields, *map(repr, changed.tolist())])


def test_an_unknown_member(settings: list[str], tmp_path: Path) -> None:
    message = refusal(settings, "evens", "--models", "--output", str(tmp_path / "out"))
    assert "member: expected some of even (" in message


def test_a_folder_with_files(settings: list[str], tmp_path: Path) -> None:
    message = refusal(settings, "even", "--models", "--output", str(tmp_path))
    assert f"--output: expected a folder that is empty or new, received {tmp_path}" in message


def test_a_library_that_is_missing(settings: list[str], tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("flows.blending.model_export.find_spec", lambda name: None if name == "onnx" else 1)
    message = refusal(settings, "even", "--models", "--format", "onnx", "--output", str(tmp_path / "out"))
    assert (
        "--format onnx: expected the libraries tf2onnx, onnx, onnxruntime, onnx cannot be imported" in message
    )
    assert "install podium[onnx]" in message


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--format", "onnx"], "--format: expected only with --models"),
        (["--models", "--part", "test"], "--part: expected only without --models"),
    ],
)
def test_options_that_exclude_each_other(
    settings: list[str], tmp_path: Path, options: list[str], expected: str
) -> None:
    assert expected in refusal(settings, "even", *options, "--output", str(tmp_path / "out"))
