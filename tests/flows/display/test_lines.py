"""Lines of the live display: what has room in a terminal of so many columns, and in which order it goes."""

import pytest

from flows.display.lines import RunCounts, display_lines
from tasks.core.execution.activity import Activity
from tasks.core.execution.child_messages import EpochProgress, RecordProgress

FIGURES = {"loss": 0.5, "accuracy": 0.8, "held_out_loss": 0.7, "held_out_accuracy": 0.75}
EPOCH = EpochProgress(7, 20, FIGURES, 9.5, "steps", 50.0)
TRAIN = Activity("train small fold 0", 30.0, progress=EPOCH, seconds_left=40.0)
READ = RecordProgress(640, 1280, "photographs", 95.0, 7.0)
LOAD = Activity("load dogs train", 5.0, progress=READ, seconds_left=6.0)
WAIT = Activity("train small fold 1", 0.0, waits_for="a core")
COUNTS = RunCounts(done=12, cached=5, total=31, seconds=83, seconds_left=130, bound="more than")


def lines(*activities: Activity, width: int = 160, height: int = 24, counts: RunCounts = COUNTS) -> list[str]:
    return display_lines(activities, counts, width=width, height=height)


def test_a_wide_terminal_shows_all() -> None:
    assert lines(WAIT, TRAIN, LOAD) == [
        "train small fold 0  #######-------------  epoch 7 of 20  40 s left  held-out accuracy 0.75"
        "  9.5 steps/s  loss 0.5  held-out loss 0.7  accuracy 0.8",
        "load dogs train     ##########----------   640 of 1,280   6 s left  95/s  photographs",
        "train small fold 1  waits for a core",
        "12 of 31 steps done, 5 cached  1 min 23 s, more than 2 min left",
    ]


def test_80_columns_have_epoch_time_figure_and_rate() -> None:
    (first, _) = lines(TRAIN, width=79)
    assert first == "train small fold 0  7/20  40 s left  held-out accuracy 0.75  9.5/s  loss 0.5"


@pytest.mark.parametrize("width", [1, 20, 39, 59, 79, 159, 400])
@pytest.mark.parametrize("height", [1, 2, 3, 10])
def test_no_line_is_longer_than_the_terminal_and_none_below_it(width: int, height: int) -> None:
    long = TRAIN._replace(label="predict two-stage-large held_out, fold 3 and 4 seed 2")
    shown = lines(long, LOAD, WAIT, *[TRAIN] * 20, width=width, height=height)
    assert len(shown) <= height
    assert max(map(len, shown)) <= width
    assert all(line.isascii() for line in shown)


def test_a_long_label_keeps_its_beginning_and_end() -> None:
    long = TRAIN._replace(label="train a-recipe-with-a-very-long-name fold 3")
    (first, _) = lines(long, width=50)
    assert first.startswith("train a-")
    assert "fold 3  7/20  40 s left" in first


def test_a_label_obeys_nobody_and_is_as_wide_as_it_is_long() -> None:
    (first, _) = lines(TRAIN._replace(label="gather \x1b[2J名\u202e"))
    assert first.startswith(r"gather \x1b[2J\u540d\u202e  #")


def test_a_step_that_loads_its_libraries_says_so() -> None:
    (first, _) = lines(Activity("train small fold 0", 30.0, loads="Keras and JAX"))
    assert first == f"train small fold 0  {'':20}  for 30 s  loads Keras and JAX"


def test_steps_without_room_are_counted() -> None:
    assert lines(*[TRAIN] * 9, height=5)[-2:-1] == ["and 6 more"]


@pytest.mark.parametrize(
    ("counts", "shown"),
    [
        (RunCounts(0, 0, 0, 3.0), "starting  3 s"),
        (RunCounts(2, 0, None, 3.0, noun="trials"), "2 trials done  3 s"),
        (RunCounts(0, 0, 21, 3.0), "0 of 21 steps done  3 s"),
        (RunCounts(2, 0, 3, 3.0, 90.0, bound="at most"), "2 of 3 steps done  3 s, at most 2 min left"),
        (RunCounts(1, 1, 21, 59.0, 0.0), "1 of 21 steps done, 1 cached  59 s, about 0 s left"),
        (RunCounts(2, 0, 21, 60.0, 7200.0), "2 of 21 steps done  1 min 0 s, about 2 h 0 min left"),
    ],
)
def test_the_last_line_is_of_the_run(counts: RunCounts, shown: str) -> None:
    assert lines(counts=counts) == [shown]
