"""Two runs at once on one store, and a store that was damaged."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.flows.podium_runs import (
    command,
    draw,
    environment,
    finish,
    journals,
    ran,
    start,
    store_of,
    submissions,
)

pytestmark = [pytest.mark.slow, pytest.mark.server]


@pytest.fixture(scope="module")
def done(tmp_path_factory, prefect_server) -> tuple[list[str], dict[str, str], Path]:
    """A run that succeeded: its command, its folders, and the folder of all."""
    folder = tmp_path_factory.mktemp("together")
    words, places = command(draw(folder / "data")), environment(folder)
    finish(words, places)
    return words, places, folder


def test_two_runs_at_once_compute_each_step_once(done):
    words, places, folder = done
    shared = environment(folder, store="shared")
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    both = [start(words, shared, **options) for _ in range(2)]
    outputs = [process.communicate(timeout=600)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], outputs
    computed = sorted(label for journal in journals(shared) for label in ran(journal))
    assert computed == sorted(set(computed)) == ran(journals(places)[0])
    assert set(submissions(shared)) == set(submissions(places))
    assert is_whole(shared)


def is_whole(places: dict[str, str]) -> bool:
    store = store_of(places)
    return all(store.result(record["key"]) is not None for record in store.records())


def removed(folder: Path) -> None:
    shutil.rmtree(folder)


def emptied(folder: Path) -> None:
    next(path for path in sorted(folder.rglob("*")) if path.is_file()).unlink()


def truncated(folder: Path) -> None:
    rewrite(folder, lambda content: content[:-1])


def altered(folder: Path) -> None:
    rewrite(folder, lambda content: content[:-1] + bytes([content[-1] ^ 1]))


def rewrite(folder: Path, change: Callable[[bytes], bytes]) -> None:
    file = next(path for path in sorted(folder.rglob("*")) if path.is_file())
    content = file.read_bytes()
    file.chmod(0o644)
    file.write_bytes(change(content))


@pytest.mark.parametrize(
    ("damage", "kinds"),
    [
        (removed, ("member",)),
        (emptied, ("blend",)),
        (truncated, ("submission", "folds")),
        (altered, ("train",)),
        (removed, ("test", "common")),
        (altered, ("model", "member")),
    ],
    ids=lambda value: value.__name__ if callable(value) else "+".join(value),
)
def test_exactly_what_is_damaged_is_computed_again(done, damage, kinds):
    words, places, folder = done
    copy = environment(folder, store=f"{damage.__name__}-{'-'.join(kinds)}")
    shutil.copytree(places["PODIUM_STORE"], copy["PODIUM_STORE"])
    expected = []
    for record in store_of(copy).records():
        if record["result"]["kind"] in kinds:
            expected.append(record["label"])
            damage(artifact_folder(copy, record))
    finish(words, copy)
    assert ran(journals(copy)[-1]) == sorted(expected)
    assert submissions(copy) == submissions(places)[:1]
    assert is_whole(copy)


def artifact_folder(places: dict[str, str], record: dict) -> Path:
    kind, digest = record["result"]["kind"], record["result"]["digest"]
    return Path(places["PODIUM_STORE"]) / "artifacts" / f"{kind}-{digest[:32]}"
