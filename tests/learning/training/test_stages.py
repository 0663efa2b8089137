import pytest
from pydantic import ValidationError

from tasks.core.config import Stage


def test_a_stage_is_plain_unless_told_otherwise():
    stage = Stage()
    assert (stage.clip_norm, stage.accumulate, stage.lookahead_steps, stage.lazy_embeddings) == (
        0,
        1,
        0,
        False,
    )
    assert (stage.end_factor, stage.learning_rate_factors, stage.schedule_points) == (0, {}, ())


def test_points_and_factors_are_read_from_lists_and_tables():
    read = {
        "schedule": "points",
        "schedule_points": [[0, 0], [1, 1.0]],
        "learning_rate_factors": {"trunk": 0.1},
    }
    stage = Stage.model_validate(read)
    assert stage.schedule_points == ((0, 0), (1, 1))
    assert stage.learning_rate_factors == {"trunk": 0.1}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"schedule": "points"}, "schedule_points: expected with schedule = 'points'"),
        ({"schedule_points": [(0, 1)]}, "schedule_points: expected with schedule = 'points'"),
        (
            {"schedule": "points", "schedule_points": [(1, 1), (1, 0)]},
            r"rising epochs .* received \[1.0, 1.0\]",
        ),
        ({"schedule": "points", "schedule_points": [(-1, 1), (1, 0)]}, "rising epochs from 0 on"),
        ({"schedule": "points", "schedule_points": [(0, -1)]}, "shares of the learning rate from 0 to"),
        (
            {"schedule": "points", "schedule_points": [(0, 1)], "warmup_epochs": 1},
            "warmup_epochs: expected 0",
        ),
        (
            {"lazy_embeddings": True, "optimizer": "lamb"},
            "lazy_embeddings: lamb scales each row by all others",
        ),
        ({"lazy_embeddings": True, "optimizer": "adafactor"}, "lazy_embeddings: adafactor"),
        ({"keep_optimizer": True, "optimizer": "adafactor"}, "keep_optimizer: the state of adafactor"),
        ({"learning_rate_factors": {"trunk": -1}}, "greater than or equal to 0"),
        ({"accumulate": 0}, "greater than or equal to 1"),
    ],
)
def test_what_does_not_go_together_is_refused(settings, message):
    with pytest.raises(ValidationError, match=message):
        Stage(**settings)
