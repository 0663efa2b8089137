"""A setting that Prefect refuses is one message with the variable."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


def printed(home: Path, variables: dict[str, str]) -> str:
    """What a process prints that puts Podium's settings of Prefect in place."""
    code = """
from flows.runtime.prefect_settings import apply
from tasks.core.errors import UserError
try:
    apply(None)
    print("accepted")
except UserError as error:
    print(error)
"""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    environment = {**kept, "PREFECT_HOME": str(home), **variables}
    command = [sys.executable, "-c", code]
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stderr) == (0, "")
    return ended.stdout.rstrip("\n")


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, "accepted"),
        (
            {"PREFECT_API_REQUEST_TIMEOUT": "soon"},
            "PREFECT_API_REQUEST_TIMEOUT: expected a number, received 'soon'",
        ),
        (
            {"PREFECT_LOGGING_LEVEL": "LOUD"},
            "PREFECT_LOGGING_LEVEL: expected one of 'DEBUG', 'INFO', 'WARNING', 'ERROR' or 'CRITICAL', "
            "received 'LOUD'",
        ),
        (
            {"PREFECT_SERVER_API_PORT": "x", "PREFECT_API_URL": "http://127.0.0.1:1/api"},
            "PREFECT_SERVER_API_PORT: expected a whole number, received 'x'",
        ),
    ],
)
def test_a_setting_that_prefect_refuses_is_named(
    variables: dict[str, str], expected: str, tmp_path: Path
) -> None:
    assert printed(tmp_path, variables) == expected


def test_a_setting_of_the_active_profile_is_named_too(tmp_path: Path) -> None:
    lines = ['active = "a"', "[profiles.a]", 'PREFECT_API_REQUEST_TIMEOUT = "soon"']
    (tmp_path / "profiles.toml").write_text("\n".join(lines))
    assert printed(tmp_path, {}).startswith("PREFECT_API_REQUEST_TIMEOUT: expected a number, received 'soon'")


def test_what_cannot_be_read_in_prefects_home_is_named(tmp_path: Path) -> None:
    (tmp_path / "profiles.toml").mkdir()
    assert printed(tmp_path, {}).startswith(f"{tmp_path}: expected settings of Prefect that can be read")
