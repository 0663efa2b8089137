"""A bundle of the toy competition, from its submission to answers in another process."""

import errno
import functools
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from flows.bundling import build as building
from flows.bundling import predict_script, reached_code
from flows.bundling.rounding import rounded
from flows.members.cached_members import cached_members
from tasks.core.cache.source_code import ROOT, all_digests
from tasks.core.cache.store import Store
from tasks.core.errors import InvalidSettings
from tasks.core.execution import child_process
from tasks.core.submissions import submissions
from tests.conftest import PLACES
from tests.flows.sequential import call_here, walk

RECIPES = [{"name": "slow", "learning_rate": 0.02, "epochs": 3}, {"name": "fast", "learning_rate": 0.5}]
BLOCKED = "import sys\nfor name in ('prefect', 'flows.bundling', 'tests'): sys.modules[name] = None\n"
"""Imports that fail in the bundle's processes."""


class Bundled(NamedTuple):
    """A run's submission and its bundle."""

    submission: submissions.Submission
    points: Path
    """Raw files."""
    archive: Path
    manifest: Any
    folder: Path
    """The unpacked archive."""
    half: Any
    """Manifest of a bundle with rounded weights."""


@pytest.fixture(scope="module")
def bundled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bundled]:
    from flows.prediction.ensemble import ensemble_of
    from tests.toy import plugging, raw_files

    folder = tmp_path_factory.mktemp("bundled")
    with pytest.MonkeyPatch.context() as patch:
        plugging.plug(folder / "code", patch)
        (folder / "code" / "flows").symlink_to(ROOT / "flows")
        digests = functools.partial(all_digests, root=folder / "code")
        patch.setattr(reached_code, "all_digests", digests)
        patch.setattr(building, "all_digests", digests)
        from tasks.toy.config import Config
        from tests.toy.flow import toy

        raw_files.write(folder / "points", 202)
        config = Config.model_validate({"data": {"root": str(folder / "points")}, "recipes": RECIPES})
        walk(toy, folder, config, run="training")
        for variable in PLACES:
            patch.setenv(variable, str(folder / variable.lower()))
        (submission,) = submissions.listed(folder / "podium_submissions")
        written = building.build(submission, config, ensemble_of(submission, Config), folder / "toy.zip")
        with zipfile.ZipFile(written.file) as archive:
            archive.extractall(folder / "unpacked")
        patch.setattr(child_process, "run", call_here)
        ensemble, rounding = rounded("toy", config, ensemble_of(submission, Config))
        half = building.build(
            submission, config, ensemble, folder / "half.zip", rounding=rounding.summary()
        ).manifest
        points, unpacked = folder / "points", folder / "unpacked"
        yield Bundled(submission, points, written.file, written.manifest, unpacked, half)


@pytest.fixture
def copy(bundled: Bundled, tmp_path: Path) -> Path:
    """A copy of the unpacked bundle for one test."""
    return Path(shutil.copytree(bundled.folder, tmp_path / "copy"))


def call(script: Path, *arguments: object, folder: Path) -> subprocess.CompletedProcess[str]:
    """Call a bundle's script, in another folder, with a home that does not exist and without our packages."""
    site = folder / "site"
    site.mkdir(exist_ok=True)
    (site / "sitecustomize.py").write_text(BLOCKED)
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "PYTHONPATH": str(site)}
    return subprocess.run(
        [sys.executable, str(script), *map(str, arguments)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )


def test_an_archive_answers_as_the_submission(bundled: Bundled, tmp_path: Path) -> None:
    done = call(bundled.archive, bundled.points, tmp_path / "answers.txt", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "answers.txt").read_bytes() == bundled.submission.file.read_bytes()
    assert {path.name for path in tmp_path.iterdir()} == {"answers.txt", "site"}


def test_with_a_time_limit_it_ends_before_it(bundled: Bundled, tmp_path: Path) -> None:
    file = shutil.copy(bundled.points / "test.json", tmp_path / "final.json")
    done = call(
        bundled.folder / "predict.py", file, tmp_path / "answers.txt", "--time-limit", "9m", folder=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "answers.txt").read_bytes() == bundled.submission.file.read_bytes()
    assert "answers of 1 of 2 models of" in done.stderr
    target = tmp_path / "none.txt"
    done = call(bundled.folder / "predict.py", file, target, "--time-limit", "2s", folder=tmp_path)
    assert done.returncode == 3
    said = r"the time (is over|was over at [\w ]+), before any answer; nothing was written\n"
    assert re.fullmatch(said, done.stderr), done.stderr  # a child or the guard, whichever ends first
    assert not target.exists()


def test_it_holds_what_predictions_read_and_no_more(bundled: Bundled) -> None:
    names = set(bundled.manifest.files)
    assert {"predict.py", "requirements.txt", "blend.json", "code/tasks/toy/predict.py"} <= names
    assert not [name for name in names if "history" in name or name.startswith("code/flows/bundling")]
    needless = ("report", "step", "cluster", "search", "member_form")
    assert not [name for name in bundled.manifest.code if name.rpartition(".")[2] in needless]
    assert {"keras", "numpy", "pydantic", "tensorflow"} <= bundled.manifest.requirements.keys()
    assert not {"prefect", "podium", "optuna", "matplotlib"} & bundled.manifest.requirements.keys()
    lines = (bundled.folder / "requirements.txt").read_text().splitlines()
    assert dict(line.split("==") for line in lines) == bundled.manifest.requirements


def test_equal_bundles_have_equal_bytes(bundled: Bundled, tmp_path: Path) -> None:
    from flows.bundling.archive import write_archive

    files = {name: bundled.folder / name for name in bundled.manifest.files}
    write_archive(tmp_path / "again.zip", files, bundled.manifest)
    assert (tmp_path / "again.zip").read_bytes() == bundled.archive.read_bytes()


def change(name: str) -> Callable[[Path], object]:
    """Change the last byte of a file."""

    def flip(folder: Path) -> None:
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content[:-1] + bytes([content[-1] ^ 255]))

    return flip


def edit_manifest(**changes: Any) -> Callable[[Path], object]:
    def edit(folder: Path) -> None:
        file = folder / "manifest.json"
        file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))

    return edit


FAULTS: dict[str, tuple[Callable[[Path], object], str]] = {
    "changed code": (change("code/tasks/toy/predict.py"), "code/tasks/toy/predict.py: expected SHA-256"),
    "changed weights": (change("members/fast/0/model.weights.h5"), "model.weights.h5: expected SHA-256"),
    "missing file": (lambda folder: (folder / "blend.json").unlink(), "1 missing, such as blend.json"),
    "unknown file": (lambda folder: (folder / "code/x.py").touch(), "1 unknown, such as code/x.py"),
    "no manifest": (lambda folder: (folder / "manifest.json").unlink(), "received none or another file"),
    "empty manifest": (
        lambda folder: (folder / "manifest.json").write_text("{}"),
        "received none or another file",
    ),
    "other format": (edit_manifest(format=99), "expected format 1, received 99"),
    "path outside": (edit_manifest(files={"../x": {"sha256": ""}}), "received '../x'"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_damaged_or_foreign_bundle_is_refused(fault: str, copy: Path, tmp_path: Path) -> None:
    damage, message = FAULTS[fault]
    damage(copy)
    done = call(copy / "predict.py", "input", tmp_path / "answers.txt", folder=tmp_path)
    assert (done.returncode, message in done.stderr) == (2, True), done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_damaged_archive_is_refused(bundled: Bundled, tmp_path: Path) -> None:
    content = bundled.archive.read_bytes()
    with zipfile.ZipFile(bundled.archive) as archive:
        start = archive.getinfo("members/fast/0/model.weights.h5").header_offset + 2000
    broken, short = tmp_path / "broken.zip", tmp_path / "short.zip"
    broken.write_bytes(content[:start] + bytes(50) + content[start + 50 :])
    short.write_bytes(content[: len(content) // 2])
    done = call(broken, bundled.points, tmp_path / "answers.txt", folder=tmp_path)
    assert done.returncode == 2, done.stderr
    assert "is damaged" in done.stderr
    assert call(short, bundled.points, tmp_path / "answers.txt", folder=tmp_path).returncode != 0
    assert not (tmp_path / "answers.txt").exists()


def test_a_whole_bundle_can_be_checked_alone(bundled: Bundled, tmp_path: Path) -> None:
    done = call(bundled.archive, "--check", folder=tmp_path)
    assert done.stdout == (
        f"{bundled.submission.name}: {len(bundled.manifest.files)} files are as they were written\n"
    )


def test_missing_distributions_are_named(bundled: Bundled, copy: Path, tmp_path: Path) -> None:
    edit_manifest(requirements={"numpy": "0.1", "no-such-distribution": "1"})(copy)
    done = call(copy / "predict.py", "input", tmp_path / "answers.txt", folder=tmp_path)
    assert done.returncode == 2
    assert "expected no-such-distribution, not installed; install them with: python -m pip" in done.stderr


def test_files_that_systems_and_users_put_there_are_no_damage(copy: Path, tmp_path: Path) -> None:
    (copy / "answers.txt").touch()
    (copy / ".DS_Store").touch()
    (copy / "code" / "._tasks").touch()
    (copy / "members" / "Thumbs.db").touch()
    (copy / "code" / "tasks" / "__pycache__").mkdir()
    (copy / "code" / "tasks" / "__pycache__" / "x.pyc").touch()
    done = call(copy / "predict.py", "--check", folder=tmp_path)
    assert done.returncode == 0, done.stderr


def test_only_verified_code_runs(copy: Path, tmp_path: Path) -> None:
    manifest = predict_script.verify(copy)
    (copy / "code" / "tasks" / "__pycache__").mkdir()
    code = predict_script.copied_code(copy, manifest, tmp_path / "own")
    copied = {path.relative_to(tmp_path / "own").as_posix() for path in code.rglob("*") if path.is_file()}
    assert copied == {name for name in manifest["files"] if name.startswith("code/")}


def test_without_a_temporary_folder_it_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def none() -> str:
        raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found in ['/tmp']")

    monkeypatch.setattr(tempfile, "gettempdir", none)
    with pytest.raises(predict_script.Refused, match=r"expected space for temporary files.*TMPDIR.*'/tmp'"):
        predict_script._raise_without_temporary_folder()


def hanging(copy: Path, places: Path, *arguments: str) -> "subprocess.Popen[str]":
    """A process of a bundle whose predictions never end, with its temporary folder in `places`."""
    places.mkdir()
    module = copy / "code/flows/offline/command.py"
    module.write_text(
        "import time\n\ndef run(*_, **__):\n    print('begun', flush=True)\n    time.sleep(60)\n"
    )
    manifest = json.loads((copy / "manifest.json").read_text())
    manifest["files"]["code/flows/offline/command.py"]["sha256"] = predict_script.digest(module)
    (copy / "manifest.json").write_text(json.dumps(manifest))
    return subprocess.Popen(
        [sys.executable, str(copy / "predict.py"), "input", "output", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={"TMPDIR": str(places)},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_and_leaves_nothing(number: signal.Signals, copy: Path, tmp_path: Path) -> None:
    with hanging(copy, tmp_path / "places") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        assert [each.name[:14] for each in (tmp_path / "places").iterdir()] == ["podium-bundle-"]
        process.send_signal(number)
        _, said = process.communicate(timeout=30)
    assert (process.returncode, said) == (130, "interrupted; nothing was written\n")
    assert list((tmp_path / "places").iterdir()) == []


def test_the_end_of_the_time_leaves_nothing(copy: Path, tmp_path: Path) -> None:
    with hanging(copy, tmp_path / "places", "--time-limit", "3s") as process:
        _, said = process.communicate(timeout=30)
    assert (process.returncode, said) == (3, "the time is over, before any answer; nothing was written\n")
    assert list((tmp_path / "places").iterdir()) == []


@pytest.mark.parametrize("limit", ["0", "soon", "-3m", "1s", "nan", "inf", "1e300h"])
def test_a_time_limit_must_be_a_time(limit: str, bundled: Bundled, tmp_path: Path) -> None:
    done = call(bundled.folder / "predict.py", "a", "b", f"--time-limit={limit}", folder=tmp_path)
    assert done.returncode == 2
    assert "expected a time of at least 2 s such as 30m" in done.stderr


def test_rounded_weights_are_measured_out_of_fold(bundled: Bundled, tmp_path: Path) -> None:
    manifest = bundled.half
    assert manifest.precision == "float16"
    assert manifest.rounding["score"]["value"] == pytest.approx(bundled.manifest.score["value"], abs=0.05)
    assert 0 < manifest.rounding["largest_change"] < 0.01
    assert manifest.rounding["difference"]["standard_error"] >= 0
    weights = "members/fast/0/model.weights.h5"
    assert manifest.files[weights] != bundled.manifest.files[weights]


def test_rounded_members_are_no_members_of_the_store(
    bundled: Bundled, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PODIUM_STORE", str(bundled.points.parent / "podium_store"))
    listed = [member.recipe for member in cached_members(Store.current(), "toy")]
    assert sorted(listed) == ["fast", "slow"]


def test_a_bundle_computes_with_the_backend_of_the_trainings(
    bundled: Bundled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows.bundling.unchanged_files import raise_if_other_backend
    from flows.prediction.ensemble import ensemble_of
    from tasks.toy.config import Config

    monkeypatch.setenv("PODIUM_STORE", str(bundled.points.parent / "podium_store"))
    assert bundled.manifest.backend == "tensorflow"
    members = ensemble_of(bundled.submission, Config).members
    raise_if_other_backend(members)
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    with pytest.raises(
        InvalidSettings, match="expected tensorflow, with which fast was trained, received jax"
    ):
        raise_if_other_backend(members)
