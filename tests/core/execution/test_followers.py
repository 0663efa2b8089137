"""Whoever follows a step hears its child, and can end it."""

import time
from typing import Any

import pytest

from tasks.core.context import followed_by
from tasks.core.execution import child_process
from tasks.core.execution.messages import tell


def counts(job: dict[str, Any]) -> None:
    for number in range(job["count"]):
        tell(f"epoch {number}")
        time.sleep(job["seconds"])


def call(**job: Any) -> None:
    child_process.run("tests.core.execution.test_followers:counts", job, label="a step")


def test_a_follower_hears_each_line_while_it_follows() -> None:
    heard: list[str] = []
    with followed_by(heard.append):
        call(count=3, seconds=0)
    call(count=1, seconds=0)
    assert heard == ["epoch 0", "epoch 1", "epoch 2"]


def test_what_a_follower_raises_ends_the_child_and_comes_out() -> None:
    def enough(text: str) -> None:
        if text == "epoch 1":
            raise LookupError(text)

    began = time.monotonic()
    with pytest.raises(LookupError, match="epoch 1"), followed_by(enough):
        call(count=1000, seconds=0.1)
    assert time.monotonic() - began < 60
