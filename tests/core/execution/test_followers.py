"""A follower gets each epoch of a step's child, and its exception ends the child."""

import time
from typing import Any

import pytest

from tasks.core.context import followed_by
from tasks.core.execution import child_process
from tasks.core.execution.child_messages import EpochProgress, RecordProgress, send


def epoch(number: int) -> EpochProgress:
    return EpochProgress(number, 9, {"loss": 1 / 3, "held_out_loss": float("inf")}, 0.1, "steps", 1e-9)


def count_epochs(job: dict[str, Any]) -> None:
    send("begins")
    for number in range(job["count"]):
        send(epoch(number))
        send(RecordProgress(1, 2, "questions", 3.0, 4.0))
        time.sleep(job["seconds"])


def call(**job: Any) -> None:
    child_process.run("tests.core.execution.test_followers:count_epochs", job, label="a step")


def test_a_follower_gets_each_epoch_unchanged_while_it_follows() -> None:
    epochs: list[EpochProgress] = []
    with followed_by(epochs.append):
        call(count=3, seconds=0)
    call(count=1, seconds=0)
    assert epochs == [epoch(0), epoch(1), epoch(2)]


def test_an_exception_of_a_follower_ends_the_child_and_comes_out() -> None:
    def enough(progress: EpochProgress) -> None:
        if progress.epoch == 1:
            raise LookupError("epoch 1")

    began = time.monotonic()
    with pytest.raises(LookupError, match="epoch 1"), followed_by(enough):
        call(count=1000, seconds=0.1)
    assert time.monotonic() - began < 60
