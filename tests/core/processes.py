"""Other processes for tests: a line of Python each, with our packages on its path."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from tasks.core.execution.slots import graphics_cards

ROOT = Path(__file__).resolve().parents[2]


def python(code: str, *arguments: object) -> "subprocess.Popen[str]":
    """Start Python on this code; it reads its arguments from `sys.argv[1:]`."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def finished(*processes: "subprocess.Popen[str]") -> list[str]:
    """What each printed; all must end well."""
    told = [process.communicate(timeout=60) for process in processes]
    for process, (_, errors) in zip(processes, told, strict=True):
        assert process.returncode == 0, errors
    return [output for output, _ in told]


def until(condition: Callable[[], Any], seconds: float = 20) -> Any:
    """Wait for the condition and return what it gives."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)
    return found


def is_alive(number: int) -> bool:
    """Whether there is a process of this number that has not ended."""
    try:
        return psutil.Process(number).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def slots_of_processor(patch: pytest.MonkeyPatch, count: int) -> None:
    """Have so many slots on the processor, whatever cards the machine has."""
    patch.setenv("CUDA_VISIBLE_DEVICES", "")
    patch.setenv("PODIUM_SLOTS", str(count))
    graphics_cards.cache_clear()
