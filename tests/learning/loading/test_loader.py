import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import closing
from itertools import count, islice
from pathlib import Path

import numpy as np
import pytest

from tasks.core.errors import UserError
from tasks.learning.loading.loader import Source, free_cores, made_ahead
from tasks.learning.loading.worker_pool import LoaderError
from tests.learning.loading import jobs
from tests.learning.loading.jobs import Numbers

ROOT = Path(__file__).parents[3]
PLACES = [(step,) for step in range(14)]


def made(function, folder: Path, places=PLACES, *, processes: bool = True, workers: int = 2):
    job = Numbers(folder=folder)
    return made_ahead(
        function(job) if not processes else no_threads,
        places,
        source=Source(function, job),
        workers=workers,
        processes=processes,
    )


def no_threads(step: int) -> None:
    raise AssertionError("made in this process")


def same(one, other) -> None:
    """Both have the same arrays, bytes, types and shapes."""
    for left, right in zip(one, other, strict=True):
        assert left[2] is right[2] is None
        np.testing.assert_array_equal(left[1]["main"], right[1]["main"], strict=True)
        for mine, others in zip(left[0], right[0], strict=True):
            np.testing.assert_array_equal(mine, others, strict=True)


@pytest.mark.parametrize("workers", [1, 3])
def test_processes_make_what_threads_make_in_the_same_order(tmp_path, workers):
    same(
        made(jobs.uneven, tmp_path, workers=workers),
        made(jobs.uneven, tmp_path, processes=False, workers=workers),
    )


def test_a_killed_worker_is_replaced_and_changes_nothing(tmp_path):
    same(list(made(jobs.killed_at_first, tmp_path)), list(made(jobs.uneven, tmp_path, processes=False)))
    assert len(list(tmp_path.glob("killed-*"))) == 3


def test_a_place_that_always_kills_ends_in_a_message(tmp_path):
    results = made(jobs.always_killed, tmp_path)
    with pytest.raises(LoaderError, match=r"place \(2,\): 3 processes that made it were killed by SIGKILL"):
        list(results)


def test_an_exception_arrives_with_its_message_in_the_place_of_its_result(tmp_path):
    results = made(jobs.unreadable, tmp_path)
    assert list(islice(results, 3)) == [0, 1, 2]
    with pytest.raises(LoaderError, match="OSError: step 3 is unreadable") as caught:
        next(results)
    assert "jobs.py" in caught.value.__notes__[0]


def test_an_error_that_the_user_can_correct_stays_one(tmp_path):
    with pytest.raises(UserError, match=r"recipe\.views"):
        next(made(jobs.wrong_setting, tmp_path))


def test_what_is_no_array_is_refused(tmp_path):
    with pytest.raises(LoaderError, match=r"TypeError: expected arrays, dicts, .* received a set"):
        next(made(jobs.no_arrays, tmp_path))


def test_workers_import_no_backend_and_end_with_the_generator(tmp_path):
    results = list(made(jobs.pid_and_libraries, tmp_path, workers=3))
    assert all(libraries == [] for _, libraries in results)
    pids = {pid for pid, _ in results}
    assert 1 < len(pids) <= 3
    assert os.getpid() not in pids
    assert_gone(pids)


def test_leaving_early_ends_workers_and_threads(tmp_path):
    with closing(made(jobs.pid_and_libraries, tmp_path, ((step,) for step in count()))) as results:
        pids = {pid for pid, _ in islice(results, 10)}
    assert_gone(pids)
    assert [each.name for each in threading.enumerate() if each.name.startswith("prefetch")] == []


def test_arrays_outlive_the_workers(tmp_path):
    kept = list(made(jobs.uneven, tmp_path))
    kept[3][0][0][...] = 0  # a batch may be written to, and shares its memory with no other
    same([*kept[:3], *kept[4:]], [*list(made(jobs.uneven, tmp_path, processes=False))[:3], *kept[4:]])


CHILD = """
import sys
from pathlib import Path
from tests.learning.loading import jobs
from tests.learning.loading.test_loader import made
list(made(jobs.slow, Path(sys.argv[1])))
"""


def test_workers_die_with_a_process_that_is_killed(tmp_path):
    process = subprocess.Popen([sys.executable, "-c", CHILD, str(tmp_path)], cwd=ROOT)
    try:
        deadline = time.monotonic() + 30
        while len(pids := [int(mark.name[4:]) for mark in tmp_path.glob("pid-*")]) < 2:
            assert time.monotonic() < deadline
            time.sleep(0.02)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert_gone(pids)


def assert_gone(pids) -> None:
    deadline = time.monotonic() + 5
    while any(is_alive(pid) for pid in pids):
        assert time.monotonic() < deadline, "workers are left"
        time.sleep(0.01)


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_each_card_has_its_share_of_the_cores(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: range(16))
    monkeypatch.delenv("PODIUM_CARDS", raising=False)
    assert free_cores() == 15
    monkeypatch.setenv("PODIUM_CARDS", "4")
    assert free_cores() == 3
    monkeypatch.setenv("PODIUM_CARDS", "16")
    assert free_cores() == 1
