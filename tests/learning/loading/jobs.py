"""What the worker processes of these tests make."""

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from pydantic import BaseModel

from tasks.core.errors import InvalidSettings


class Numbers(BaseModel):
    """A job; `folder` holds marks of what has happened already."""

    folder: Path
    factor: int = 1


class Made(NamedTuple):
    """A batch."""

    inputs: Any
    targets: dict[str, np.ndarray]
    weights: np.ndarray | None = None


def uneven(job: Numbers) -> Callable[[int], Made]:
    """Batches of several sizes, which take unequal times."""

    def make(step: int) -> Made:
        time.sleep(0.002 * (step % 3))
        drawn = np.random.default_rng(step)
        inputs = drawn.integers(0, 256, (step % 4, 5, 3), dtype=np.uint8) * np.uint8(job.factor)
        return Made([inputs, drawn.normal(size=3)], {"main": np.float32(step) * np.ones((2, 2), np.float32)})

    return make


def killed_at_first(job: Numbers) -> Callable[[int], Made]:
    """The same, by processes of which each is killed once at every fifth step."""
    make = uneven(job)

    def deadly(step: int) -> Made:
        mark = job.folder / f"killed-{step}"
        if step % 5 == 3 and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return make(step)

    return deadly


def always_killed(job: Numbers) -> Callable[[int], Any]:
    return lambda step: os.kill(os.getpid(), signal.SIGKILL) if step == 2 else step


def unreadable(job: Numbers) -> Callable[[int], Any]:
    def make(step: int) -> int:
        if step == 3:
            raise OSError("step 3 is unreadable")
        return step

    return make


def wrong_setting(job: Numbers) -> Callable[[int], Any]:
    raise InvalidSettings("recipe.views: expected 1, received 0")


def no_arrays(job: Numbers) -> Callable[[int], Any]:
    return lambda step: {1, 2}


def pid_and_libraries(job: Numbers) -> Callable[[int], Any]:
    """The worker's process id and which heavy libraries it has imported."""
    heavy = ("keras", "tensorflow", "jax", "torch", "prefect", "pandas")
    return lambda step: (os.getpid(), [name for name in heavy if name in sys.modules])


def slow(job: Numbers) -> Callable[[int], Any]:
    """Notes the worker's process id in the folder, and takes a minute."""

    def make(step: int) -> int:
        (job.folder / f"pid-{os.getpid()}").touch()
        time.sleep(60)
        return step

    return make
