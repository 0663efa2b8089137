"""A wheel of Podium, installed with the pinned versions where nothing can be written, works for any user.

Where tests run as root, commands are those of another user, who owns no file of the installation; elsewhere
the digests of all its files show that nothing was written. That user has no home folder.
"""

import hashlib
import os
import re
import shutil
import signal
import site
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tasks.core.locations import CHECKOUT

CONTENTS = ("flows", "tasks", "conf", "pyproject.toml", "README.md", "LICENSE")
NOBODY = 65534
BECOME = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--no-new-privs")
READ_ALL = ("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search")
"""Lets another user read what lies in a home folder, as Python or this environment may; not write."""
SMALL = ("--set", "folds.count=2", "--set", "recipe.training.stages.0.epochs=1")


class Installed(NamedTuple):
    """Podium in an environment of its own, with this one's libraries but not its Podium."""

    environment: Path
    libraries: Path
    """Links to this environment's libraries."""
    become: tuple[str, ...]
    """What runs a command as another user; empty if that is not possible here."""
    digests: dict[str, str]
    """Of all its files, as they were installed."""

    @property
    def podium(self) -> Path:
        return self.environment / "bin" / "podium"


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """A folder that every user can enter, unlike those of pytest."""
    with tempfile.TemporaryDirectory(prefix="podium-wheel-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture(scope="module")
def installed(place: Path) -> Installed:
    source, wheels, libraries = place / "source", place / "wheels", place / "libraries"
    source.mkdir()
    for name in CONTENTS:
        here = CHECKOUT / name
        copy = shutil.copytree if here.is_dir() else shutil.copy
        copy(here, source / name)
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--no-deps", "--wheel-dir", wheels, source], check=True)
    libraries.mkdir()
    for library in Path(site.getsitepackages()[0]).iterdir():
        if "podium" not in library.name and library.suffix != ".pth":
            (libraries / library.name).symlink_to(library)
    environment = python(place / "environment", libraries)
    # the libraries that are there must be of the pinned versions, and all that the wheel asks for
    pinned = ["--no-index", "--constraint", CHECKOUT / "constraints.txt"]
    to = ["--python", environment / "bin" / "python"]
    subprocess.run([*pip, *to, "install", *pinned, *wheels.glob("*.whl")], check=True)
    shutil.rmtree(source)
    for file in sorted(environment.rglob("*"), reverse=True):
        if not file.is_symlink():
            file.chmod(file.stat().st_mode & ~0o222)
    return Installed(environment, libraries, _other_user(environment), files(environment))


def python(folder: Path, libraries: Path) -> Path:
    """An environment of Python with these libraries."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    (packages / "libraries.pth").write_text(f"{libraries}\n", "utf-8")
    return folder


def _other_user(environment: Path) -> tuple[str, ...]:
    """What runs a command as a user who can read the installation; empty if nothing does."""
    # setpriv itself can start what its new user cannot, which then finds the library of another Python
    code = "import pydantic, flows, subprocess, sys; subprocess.run([sys.executable, '-c', ''], check=True)"
    if os.getuid() == 0 and shutil.which(BECOME[0]):
        for become in (BECOME, (*BECOME, *READ_ALL)):
            command = [*become, environment / "bin" / "python", "-c", code]
            if subprocess.run(command, cwd="/", capture_output=True).returncode == 0:
                return become
    return ()


class Person(NamedTuple):
    """Somebody in an empty folder, who has no home."""

    folder: Path
    installed: Installed

    def podium(self, *words: str | Path, code: int = 0, **variables: str) -> str:
        """What a command prints; it must end with this code."""
        return self.run(self.installed.podium, *words, code=code, **variables)

    def run(self, *command: str | Path, code: int = 0, **variables: str) -> str:
        options = self.options(**variables)
        ended = subprocess.run([*self.installed.become, *command], **options)  # type: ignore[call-overload]
        printed: str = ended.stdout
        assert ended.returncode == code, printed[-3000:]
        return printed

    def kill_at(self, pattern: str, *words: str, **variables: str) -> None:
        """Start a command, and kill it by signal 9 as soon as it prints a line with the pattern."""
        command = [*self.installed.become, self.installed.podium, *words]
        process = subprocess.Popen(command, **self.options(**variables))  # type: ignore[call-overload]
        printed = ""
        for line in process.stdout:
            printed += line
            if re.search(pattern, line):
                process.kill()
                break
        process.communicate()  # its child processes, which have the pipe too, end with it
        assert process.returncode == -signal.SIGKILL, printed

    def options(self, **variables: str) -> dict[str, object]:
        """Of a process in the folder, with these variables and none of Podium's or Prefect's."""
        ours = ("PODIUM_", "PREFECT_")
        env = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        env |= {"HOME": "/nonexistent", "COLUMNS": "200"} | variables
        return {
            "cwd": self.folder,
            "env": env,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.STDOUT,
            "text": True,
        }

    def write(self, name: str, text: str = "") -> Path:
        """Write a file of the person's."""
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
        return file


@pytest.fixture
def person(place: Path, installed: Installed) -> Iterator[Person]:
    folder = Path(tempfile.mkdtemp(dir=place))
    if installed.become:
        os.chown(folder, NOBODY, NOBODY)
    yield Person(folder, installed)
    assert files(installed.environment) == installed.digests
    shutil.rmtree(folder)


def files(folder: Path) -> dict[str, str]:
    """Digests of the files below a folder, folders and links too."""
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        for path in folder.rglob("*")
    }


def repeated(plan: str) -> set[str]:
    """The steps that a plan says will or may run."""
    return set(re.findall(r"^(\w+) .*  (?:run|maybe)(?:  |$)", plan, re.M))


def test_another_user_cannot_write_beside_the_code(person: Person) -> None:
    if not person.installed.become:
        pytest.skip("needs root and setpriv: the tests' own user owns the installation")
    code = "import os, flows; print(os.getuid(), os.access(flows.__path__[0], os.W_OK))"
    assert person.run(person.installed.environment / "bin" / "python", "-c", code) == f"{NOBODY} False\n"


@pytest.mark.parametrize("variable", [None, "PODIUM_CONF"])
def test_all_presets_come_along_and_own_ones_go_before_them(person: Person, variable: str | None) -> None:
    own = "mine" if variable else "conf"
    person.write(f"{own}/dogs/demo.toml", "# Mine.\n")
    person.write(f"{own}/dogs/own.toml", "# Another.\n[folds]\ncount = 1\n")
    variables = {variable: own} if variable else {}
    listed = person.podium("list", **variables)
    names = {line.split()[0] for line in listed.splitlines() if line.startswith("  ")} - {"data"}
    assert names == {file.stem for file in CHECKOUT.glob("conf/*/*.toml")} | {"own"}
    assert re.search(r"^  demo +Mine\.$", listed, re.MULTILINE)
    refused = person.podium("plan", "dogs", "--preset", "own", code=2, **variables)
    assert f"{own}/dogs/own.toml:3" in refused


def test_another_package_of_the_same_name_is_said(person: Person) -> None:
    file = person.write("tasks/__init__.py")
    found = person.podium("list", code=2, PYTHONPATH=str(person.folder))
    assert f"received {file}" in found


def test_the_demo_runs_from_an_empty_folder(person: Person) -> None:
    demo = ("dogs", "--preset", "demo", "--no-server")
    missing = person.podium("run", *demo, code=2)
    write = missing.partition("; podium ")[2].partition(" writes the demo's data")[0].split()
    person.podium(*write)
    person.podium("run", *demo, *SMALL)
    (submission,) = (person.folder / "submissions" / "dogs").iterdir()
    photographs = list((person.folder / ".podium" / "demo" / "dogs" / "test").iterdir())
    assert (submission / "submission.txt").read_text().count("\n") == len(photographs) > 0
    assert {path.name for path in person.folder.iterdir()} == {".podium", "submissions"}
    assert repeated(person.podium("plan", *demo[:3], *SMALL)) <= {"submit", "report"}


def test_a_new_competition_is_made_from_a_template_that_came_along(person: Person) -> None:
    person.podium("new", "roses", "--like", "table")
    assert (person.folder / "competitions" / "roses" / "tests" / "test_roses.py").is_file()
    person.podium("demo", "roses")
    assert "The raw files can be used." in person.podium("check", "roses", "--preset", "demo")


IN_TRAINING = {"images": r"train \S+ fold \d .* epoch 2 of", "table": r"train \S+ fold \d .*completed"}
"""A line in the middle of the trainings: an estimator is fitted at once, a network goes on where it was."""


@pytest.mark.slow
@pytest.mark.parametrize("like", ["images", "table", "texts"])
def test_a_competition_of_ones_own_runs_and_its_bundle_predicts_elsewhere(
    person: Person, place: Path, like: str
) -> None:
    """It lies in a folder of its own, in which child processes must find it too, also after a kill."""
    own = {"PODIUM_COMPETITIONS": "mine"}
    person.podium("new", "roses", "--like", like, **own)
    person.podium("demo", "roses", **own)
    demo = ("roses", "--preset", "demo")
    run = ("run", *demo, "--no-server", "--verbose", "--set", "run.checkpoint_seconds=0")
    person.kill_at(IN_TRAINING.get(like, IN_TRAINING["table"]), *run, **own)
    resumed = person.podium(*run, **own)
    assert re.search(r"resumes at stage 1, step \d|train \S+ fold \d +\| cached", resumed), resumed
    (submission,) = (person.folder / "submissions" / "roses").iterdir()
    answers = (submission / "submission.csv").read_bytes()
    assert repeated(person.podium("plan", *demo, **own)) <= {"submit", "report"}
    assert not (person.folder / "competitions").exists()
    person.podium("bundle", submission.name, "--output", "roses.zip", **own)
    other = python(place / f"other-{like}", person.installed.libraries)
    with zipfile.ZipFile(person.folder / "roses.zip") as bundle:
        bundle.extractall(place / f"bundle-{like}")
    person.run(
        other / "bin" / "python", place / f"bundle-{like}" / "predict.py", ".podium/demo/roses", "answers.csv"
    )
    assert (person.folder / "answers.csv").read_bytes() == answers


@pytest.mark.slow
def test_serve_starts_and_stops(person: Person) -> None:
    command = [*person.installed.become, person.installed.podium, "serve", "dogs"]
    serving = subprocess.Popen(command, **person.options())  # type: ignore[call-overload]
    printed = ""
    try:
        for line in serving.stdout:
            printed += line
            if "runs are started from here" in line:
                break
    finally:
        serving.send_signal(signal.SIGINT)
        rest, _ = serving.communicate()
        stopped = person.podium("ui", "--stop")
    assert "dogs/demo" in printed
    assert serving.returncode == 0
    assert "the schedules are paused until the next `podium serve`" in rest, printed
    assert "the local Prefect server has ended" in stopped
