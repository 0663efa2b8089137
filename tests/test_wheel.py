"""A wheel of Podium, installed where nothing can be written, works from any folder and for any user."""

import os
import shutil
import site
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.core.locations import CHECKOUT

CONTENTS = ("flows", "tasks", "conf", "pyproject.toml", "README.md", "LICENSE")
NOBODY = 65534
SMALL = ("folds.count=2", "recipe.training.stages.0.epochs=1")


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """A folder that every user can enter, unlike those of pytest."""
    with tempfile.TemporaryDirectory(prefix="podium-wheel-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture(scope="module")
def podium(place: Path) -> Path:
    """The command of an environment of its own, with this one's libraries but not its Podium."""
    source, wheels, environment = place / "source", place / "wheels", place / "environment"
    source.mkdir()
    for name in CONTENTS:
        here = CHECKOUT / name
        copy = shutil.copytree if here.is_dir() else shutil.copy
        copy(here, source / name)
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--no-deps", "--wheel-dir", wheels, source], check=True)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    python = environment / "bin" / "python"
    (wheel,) = wheels.glob("*.whl")
    subprocess.run([*pip, "--python", python, "install", "--no-deps", "--no-index", wheel], check=True)
    (packages,) = environment.glob("lib/python*/site-packages")
    (packages / "libraries.pth").write_text("\n".join(site.getsitepackages()) + "\n", "utf-8")
    shutil.rmtree(source)
    for folder in sorted(environment.rglob("*"), reverse=True):
        if folder.is_dir() and not folder.is_symlink():
            folder.chmod(0o555)
    return environment / "bin" / "podium"


@pytest.fixture
def home(place: Path, podium: Path) -> Iterator[tuple[Path, int | None]]:
    """An empty folder, and the user who owns it: another one where tests run as root."""
    folder = Path(tempfile.mkdtemp(dir=place))
    user = NOBODY if os.getuid() == 0 and _can_run(podium, NOBODY) else None
    if user is not None:
        os.chown(folder, user, user)
    yield folder, user
    shutil.rmtree(folder)


def _can_run(podium: Path, user: int) -> bool:
    """Whether the user may read Python and this environment's libraries, which may lie in a home folder."""
    command = [podium.with_name("python"), "-c", "import pydantic, flows"]
    try:
        return subprocess.run(command, user=user, cwd="/", capture_output=True).returncode == 0
    except PermissionError:
        return False


def run(
    command: list[str | Path], home: tuple[Path, int | None], **variables: str
) -> subprocess.CompletedProcess[str]:
    folder, user = home
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("PODIUM_", "PREFECT_"))}
    options = {"capture_output": True, "text": True, "cwd": folder, "user": user}
    return subprocess.run(command, env=ours | {"HOME": str(folder)} | variables, **options)  # type: ignore[call-overload]


def test_all_presets_come_along_and_own_ones_go_before_them(podium, home):
    folder, _ = home
    (folder / "conf" / "dogs").mkdir(parents=True)
    (folder / "conf" / "dogs" / "demo.toml").write_text("# Mine.\n", "utf-8")
    (folder / "conf" / "dogs" / "own.toml").write_text("# Another.\n", "utf-8")
    listed = run([podium, "list"], home).stdout
    names = {line.split()[0] for line in listed.splitlines() if line.startswith("  ")} - {"data"}
    assert names == {file.stem for file in CHECKOUT.glob("conf/*/*.toml")} | {"own"}
    assert "  demo       Mine." in listed


def test_a_new_competition_is_made_from_a_template_that_came_along(podium, home):
    folder, _ = home
    made = run([podium, "new", "roses", "--like", "table"], home)
    assert made.returncode == 0, made.stderr[-2000:]
    assert (folder / "competitions" / "roses" / "tests" / "test_roses.py").is_file()
    assert run([podium, "demo", "roses"], home).returncode == 0
    checked = run([podium, "check", "roses", "--preset", "demo"], home)
    assert "The raw files can be used." in checked.stdout, checked.stderr[-2000:]


def test_another_package_of_the_same_name_is_said(podium, home):
    folder, _ = home
    (folder / "tasks").mkdir()
    (folder / "tasks" / "__init__.py").touch()
    found = run([podium, "list"], home, PYTHONPATH=str(folder))
    assert found.returncode == 2
    assert f"received {folder / 'tasks' / '__init__.py'}" in found.stderr


def test_the_demo_runs_from_an_empty_folder_and_nothing_is_written_beside_the_code(podium, home):
    folder, _ = home
    before = files(podium.parents[1])
    missing = run([podium, "run", "dogs", "--preset", "demo", "--no-server"], home)
    assert missing.returncode == 2
    write = missing.stderr.partition("; podium ")[2].partition(" writes the demo's data")[0].split()
    assert run([podium, *write], home).returncode == 0
    settings = [word for each in SMALL for word in ("--set", each)]
    ended = run([podium, "run", "dogs", "--preset", "demo", *settings, "--no-server"], home)
    assert ended.returncode == 0, ended.stderr[-2000:]
    (submission,) = (folder / "submissions" / "dogs").iterdir()
    photographs = list((folder / ".podium" / "demo" / "dogs" / "test").iterdir())
    assert (submission / "submission.txt").read_text().count("\n") == len(photographs) > 0
    assert {path.name for path in folder.iterdir()} >= {".podium", "submissions"}
    assert files(podium.parents[1]) == before


def files(folder: Path) -> dict[str, int]:
    return {str(path): path.lstat().st_mtime_ns for path in folder.rglob("*")}
