"""A running training gives the search the figures that stand in its history."""

import json
from types import SimpleNamespace
from typing import Any

from flows.search.pruning import TrialReports
from tasks.core.config import Stage
from tasks.core.execution.child_messages import MARK, EpochProgress, parse, to_line
from tasks.learning.training import loop
from tasks.learning.training.checkpoints import Position
from tasks.learning.training.loop import Training

WRITER: Any = SimpleNamespace(
    optimizer=SimpleNamespace(learning_rate=1e-3), best=SimpleNamespace(after_epoch=lambda *_: None)
)
TAKEN: Any = SimpleNamespace(synchronise=lambda: None, read_sums=lambda: (0.0, 0.0), reset_sums=lambda: None)


def test_figures_of_an_epoch_are_read_as_they_stand_in_its_history():
    epochs: list[EpochProgress] = []
    training = Training(
        model=None,
        stages=(Stage(epochs=4),),
        losses={},
        loss_weights={},
        metric="main",
        batch=lambda *_: None,  # type: ignore[arg-type, return-value]
        steps_per_epoch=3,
        select=lambda *_: {},
        evaluate=lambda model: {"held_out_loss": 1.23456789, "held_out_accuracy": 0.123456789},
    )
    position = Position()
    for _ in range(4):
        position = loop._end_epoch(training, position, TAKEN, WRITER, 0.0, epochs.append)

    def values(record: Any) -> dict[int, float]:
        found: dict[int, float] = {}
        record(TrialReports(lambda step, value: bool(found.update({step: value}))))
        return found

    lines = [to_line(progress) for progress in epochs]
    sent = [parse(line.removeprefix(MARK)) for line in lines]
    running = values(lambda reports: [reports.record_epoch(progress) for progress in sent])
    history = json.loads(json.dumps(position.history))
    assert running == values(lambda reports: reports.record_history(history))
    assert running == dict.fromkeys((1, 2, 3), 0.123456789)
