"""Where a server's pages are, and where Prefect's settings may be."""

import os
from pathlib import Path

import pytest

from flows.runtime.prefect_profile import BASE_PATH, any_setting, page_of


@pytest.mark.parametrize(
    ("base", "url", "page"),
    [
        ("", "http://127.0.0.1:4200/api", "http://127.0.0.1:4200"),
        ("/api", "http://127.0.0.1:4200/api", "http://127.0.0.1:4200"),
        ("/x/api", "http://127.0.0.1:4200/x/api", "http://127.0.0.1:4200"),
        ("x/y/", "http://127.0.0.1:4200/x/y", "http://127.0.0.1:4200"),
        ("/x/api", "https://host/prefect/api", "https://host/prefect"),
    ],
)
def test_pages_are_at_the_root_or_beside_the_api(
    monkeypatch: pytest.MonkeyPatch, base: str, url: str, page: str
) -> None:
    monkeypatch.setenv(BASE_PATH, base)
    assert page_of(url) == page


@pytest.mark.parametrize(
    ("file", "content", "there"),
    [
        ("pyproject.toml", '[project]\ndependencies = ["prefect==3.8.8"]\n[tool.ruff]\n', False),
        ("pyproject.toml", "[tool.prefect.api]\n", True),
        ("pyproject.toml", "[tool]\nprefect.api.url = 1\n", True),
        (".env", "PODIUM_SLOTS=2\n", False),
        (".env", "prefect_api_url=x\n", True),
        ("prefect.toml", "", True),
        ("home/profiles.toml", "", True),
        ("home/prefect.db", "", False),
    ],
)
def test_settings_are_looked_for_wherever_prefect_reads_some(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, content: str, there: bool
) -> None:
    for name in [each for each in os.environ if each.startswith("PREFECT_")]:
        monkeypatch.delenv(name)
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    assert not any_setting()
    (tmp_path / file).write_text(content)
    assert any_setting() is there
    monkeypatch.setenv("PREFECT_API_URL", "x")
    assert any_setting()
