"""The line that a training tells of an epoch is the one that a search reads."""

from typing import Any

from flows.search.pruning import Course
from tasks.core.config import Stage
from tasks.learning.training import loop
from tasks.learning.training.checkpoints import Position
from tasks.learning.training.loop import Training


class Rate:
    learning_rate = 1e-3


def test_figures_of_an_epoch_are_read_as_they_stand_in_its_history():
    told: list[str] = []
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
        position = loop._end_epoch(training, position, Rate(), 0.0, told.append)

    def reports(take: Any) -> dict[int, float]:
        found: dict[int, float] = {}
        course = Course(lambda step, value: bool(found.update({step: value})))
        take(course)
        return found

    heard = reports(lambda course: [course.told(line) for line in told])
    assert heard == reports(lambda course: course.trained(position.history))
    assert heard == dict.fromkeys((1, 2, 3), 0.1235)
