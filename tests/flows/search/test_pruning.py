"""How a trial stands: at quarters of trainings, the same for those that run, resume, or are cached."""

from typing import Any

import pytest

from flows.search.pruning import Course, Pruned


class Judge:
    """Remembers what was reported, and gives up at one step."""

    def __init__(self, gives_up_at: int = 0) -> None:
        self.reports: dict[int, float] = {}
        self._gives_up_at = gives_up_at

    def __call__(self, step: int, value: float) -> bool:
        self.reports.setdefault(step, value)
        return step == self._gives_up_at


def rows(count: int, **more: float) -> list[dict[str, Any]]:
    return [
        {"stage": 1, "loss": 1.0, "held_out_loss": 2.0, "held_out_accuracy": epoch / count, **more}
        for epoch in range(1, count + 1)
    ]


def lines(count: int) -> list[str]:
    return [
        f"epoch {epoch} of {count}: loss 1, held_out_loss 2, held_out_accuracy {epoch / count:.4g}, 3 steps/s"
        for epoch in range(1, count + 1)
    ]


@pytest.mark.parametrize(
    ("epochs", "steps"), [(1, []), (2, [2]), (3, [1, 2]), (4, [1, 2, 3]), (20, [1, 2, 3]), (7, [1, 2, 3])]
)
def test_a_training_is_reported_at_its_quarters(epochs: int, steps: list[int]):
    judge = Judge()
    Course(judge).trained(rows(epochs))
    assert list(judge.reports) == steps


def test_folds_are_averaged_so_far():
    judge = Judge()
    course = Course(judge)
    course.trained(rows(4))
    course.predicted(0.8)
    course.trained(rows(4))
    course.predicted(0.6)
    assert judge.reports == pytest.approx(
        {1: 0.25, 2: 0.5, 3: 0.75, 4: 0.8, 5: 0.525, 6: 0.65, 7: 0.775, 8: 0.7}
    )


def test_a_training_told_line_by_line_is_reported_like_one_that_was_cached():
    heard, read = Judge(), Judge()
    course = Course(heard)
    for line in ["resumes at stage 1, step 3", *lines(7), "640 of 640 questions, 9/s, 0 s left"]:
        course.told(line)
    course.trained(rows(7))
    Course(read).trained(rows(7))
    assert heard.reports == read.reports


def test_what_was_not_heard_is_made_up_for():
    judge = Judge()
    course = Course(judge)
    for line in lines(8)[5:]:
        course.told(line)
    assert list(judge.reports) == [3]
    course.trained(rows(8))
    assert sorted(judge.reports) == [1, 2, 3]


def test_trainings_that_measure_nothing_are_reported_by_fold():
    judge = Judge()
    course = Course(judge)
    course.trained([])
    course.trained([{"stage": 1, "loss": 1.0, "held_out_loss": 1.0}] * 4)
    course.predicted(0.5)
    assert judge.reports == {4: 0.5}


def test_a_trial_is_given_up_as_soon_as_it_is_known():
    course = Course(Judge(gives_up_at=2))
    told = lines(8)
    for line in told[:3]:
        course.told(line)
    with pytest.raises(Pruned):
        course.told(told[3])
