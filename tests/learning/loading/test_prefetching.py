import gc
import threading
import time
from contextlib import closing
from itertools import count, islice

import pytest

from tasks.learning.loading.prefetching import prefetch


def uneven(step: int) -> int:
    time.sleep(0.003 * (step % 3))
    return step * step


@pytest.mark.parametrize("workers", [1, 2, 7])
@pytest.mark.parametrize("depth", [1, 3, 50])
def test_results_come_in_order_whatever_the_number_of_threads(workers, depth):
    assert list(prefetch(uneven, range(20), workers=workers, depth=depth)) == [n * n for n in range(20)]


def test_no_steps_give_no_results():
    assert list(prefetch(uneven, [], workers=2, depth=2)) == []


def test_threads_work_at_the_same_time():
    together = threading.Barrier(3, timeout=5)
    assert len(list(prefetch(lambda step: together.wait(), range(6), workers=3, depth=3))) == 6


@pytest.mark.parametrize("depth", [1, 4])
def test_no_more_than_the_depth_is_made_ahead(depth):
    made: list[int] = []
    with closing(prefetch(made.append, count(), workers=2, depth=depth)) as results:
        for taken in range(1, 6):
            next(results)
            time.sleep(0.01)
            assert len(made) <= taken + depth


def test_an_exception_is_raised_in_the_place_of_its_result():
    def fail_at_three(step: int) -> int:
        if step == 3:
            raise OSError("step 3 is unreadable")
        return step

    results = prefetch(fail_at_three, range(10), workers=4, depth=8)
    assert list(islice(results, 3)) == [0, 1, 2]
    with pytest.raises(OSError, match="step 3"):
        next(results)
    assert_no_threads()


def assert_no_threads() -> None:
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("prefetch")] == []


def test_no_thread_is_left_at_the_end():
    list(prefetch(uneven, range(5), workers=3, depth=3))
    assert_no_threads()


def test_no_thread_is_left_when_the_consumer_stops_early():
    results = prefetch(uneven, count(), workers=3, depth=5)
    next(results)
    assert any(thread.name.startswith("prefetch") for thread in threading.enumerate())
    results.close()
    assert_no_threads()


def test_closing_drops_what_has_not_begun():
    begun = []

    def make(step: int) -> None:
        begun.append(step)
        time.sleep(0.01)

    results = prefetch(make, count(), workers=1, depth=50)
    next(results)
    results.close()
    assert len(begun) < 10


def test_no_thread_is_left_when_the_consumer_raises():
    def consume() -> None:
        for _ in prefetch(uneven, count(), workers=3, depth=5):
            raise RuntimeError("training broke")

    with pytest.raises(RuntimeError, match="training broke"):
        consume()
    gc.collect()
    assert_no_threads()


@pytest.mark.parametrize(("workers", "depth"), [(0, 1), (1, 0)])
def test_no_workers_or_no_depth_is_refused(workers, depth):
    with pytest.raises(ValueError, match=f"{workers=}, {depth=}"):
        prefetch(uneven, range(3), workers=workers, depth=depth)
