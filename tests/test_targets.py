"""What stacking and fast selection ask of a scorer, for all competitions and the toy."""

import numpy as np

from tasks.core.competition import ClassScorer
from tests.test_contract import Member, member  # noqa: F401


def test_perfect_values_are_right_by_the_targets(member: Member) -> None:  # noqa: F811
    values = member.perfect()
    targets = member.rules.scorer(member.dataset).targets(values)
    if isinstance(values, np.ndarray):
        np.testing.assert_array_equal(targets, values.argmax(axis=1))
    else:
        assert targets.dtype == bool
        assert targets.shape == values.scores.shape
        assert targets[values.scores > 0].all()


def test_drawn_values_have_targets_that_do_not_rest_on_their_scores(member: Member) -> None:  # noqa: F811
    values = member.random()
    scorer = member.rules.scorer(member.dataset)
    targets = scorer.targets(values)
    if isinstance(values, np.ndarray):
        assert len(targets) == len(values)
    else:
        other = type(values)(values.frame, 1 - values.scores)
        np.testing.assert_array_equal(scorer.targets(other), targets)


def test_classes_score_as_the_values_they_are_the_highest_of(member: Member) -> None:  # noqa: F811
    scorer, values = member.rules.scorer(member.dataset), member.random()
    if isinstance(scorer, ClassScorer):
        assert scorer.of_classes(values.argmax(axis=1)) == scorer(values)
        rows = np.arange(1, len(values), 2)
        assert scorer.of_classes(values[rows].argmax(axis=1), rows) == scorer(values[rows], rows)
    else:
        assert member.rules.name != "dogs"
