"""Worker processes make the batches of trainings, views and predictions from the job alone."""

import numpy as np
import pytest

from tasks.dogs import encode, predict, training, views
from tasks.dogs.augment import LIBRARIES
from tasks.learning.loading.loader import Source, made_ahead
from tests.dogs.jobs import COUNT, TEST, job, recipe


def jobs_and_places(folder):
    """A function that makes batches, its job and some places, for each use of photographs."""
    shared = recipe("small").model_dump(mode="json")
    mixed = {
        **shared,
        "training": {**shared["training"], "mixing": {"probability": 0.5, "cutmix_alpha": 0.0}},
    }
    made = {"fold": None, "settings": shared}
    return {
        "training": (training.batches, job("small", folder), [(0, 0, 0), (0, 0, 1), (0, 3, 0)]),
        "mixing": (
            training.batches,
            job("small", folder, settings=mixed),
            [(0, epoch, 0) for epoch in range(4)],
        ),
        "augment": (views.views, job("small", folder, view=0, **made), [(0, 5, 32), (5, COUNT, 24)]),
        "encode": (encode.views, job("small", folder, view="flip", part="test", **made), [(0, TEST, 32)]),
        "predict": (predict.batches, job("small", folder, part="test", models=()), [("identity", 0)]),
    }


@pytest.mark.parametrize("use", ["training", "mixing", "augment", "encode", "predict"])
def test_processes_make_the_batches_of_threads(tmp_path, use):
    function, made, places = jobs_and_places(tmp_path)[use]
    source = Source(function, made, LIBRARIES)
    one, other = (
        list(made_ahead(function(made), places, source=source, workers=2, processes=processes))
        for processes in (False, True)
    )
    assert len(one) == len(other) == len(places)
    for left, right in zip(one, other, strict=True):
        if isinstance(left, np.ndarray):
            np.testing.assert_array_equal(left, right, strict=True)
            continue
        np.testing.assert_array_equal(left.inputs, right[0], strict=True)
        np.testing.assert_array_equal(left.targets["main"], right[1]["main"], strict=True)
        assert left.weights is right[2] is None


def test_photographs_are_bytes_unless_they_are_mixed(tmp_path):
    made = jobs_and_places(tmp_path)
    types = {
        use: {function(task)(*place).inputs.dtype.name for place in places}
        for use, (function, task, places) in made.items()
        if use in ("training", "mixing")
    }
    assert types == {"training": {"uint8"}, "mixing": {"float32"}}
