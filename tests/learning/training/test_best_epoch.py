"""Which epoch is best, and when a stage without a better one ends."""

import pytest

from tasks.core.config import Stage
from tasks.core.errors import InvalidSettings
from tasks.learning.training.best_epoch import best_epoch, is_over

KEEPING, PLAIN = Stage(keep_best=True), Stage()


def rows(*figures: tuple[int, float]) -> list[dict]:
    return [
        {"stage": stage, "loss": 9.0, "held_out_loss": 7.0, "held_out_f1": value} for stage, value in figures
    ]


@pytest.mark.parametrize(
    ("stages", "history", "best"),
    [
        ([KEEPING], rows((1, 0.1), (1, 0.4), (1, 0.4), (1, 0.2)), 1),
        ([KEEPING], [], None),
        ([PLAIN], rows((1, 0.1)), None),
        ([KEEPING, KEEPING], rows((1, 0.5), (1, 0.4), (2, 0.3)), 0),
        ([KEEPING, KEEPING], rows((1, 0.5), (2, 0.3), (2, 0.6)), 2),
        ([PLAIN, KEEPING], rows((1, 0.5), (2, 0.3), (2, 0.4)), 2),
        ([KEEPING, PLAIN, KEEPING], rows((1, 0.5), (2, 0.6), (3, 0.1)), 2),
        ([KEEPING, PLAIN], rows((1, 0.5), (2, 0.6)), None),
    ],
)
def test_the_best_epoch_is_one_of_the_stages_in_a_row_that_keep_theirs(stages, history, best):
    assert best_epoch(history, stages, len(stages) - 1) == best


@pytest.mark.parametrize(
    ("figures", "over"),
    [
        ([0.5], False),
        ([0.5, 0.4], False),
        ([0.5, 0.4, 0.5], True),
        ([0.5, 0.4, 0.6], False),
        ([0.1, 0.5, 0.4, 0.4], True),
    ],
)
def test_a_stage_ends_when_its_patience_does(figures, over):
    history = rows(*((1, 0.9), *((2, value) for value in figures)))
    assert is_over(history, Stage(patience=2), 1) is over
    assert not is_over(history, Stage(), 1)


def test_without_held_out_records_there_is_no_best_epoch():
    with pytest.raises(InvalidSettings, match="keep_best and patience need figures of held-out records"):
        best_epoch([{"stage": 1, "loss": 1.0}], [KEEPING], 0)
