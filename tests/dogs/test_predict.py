import numpy as np
import pytest

from tasks.dogs.predict import predict
from tasks.dogs.training import build
from tests.dogs.jobs import COUNT, TEST, recipe, with_views

PARTS = ("held_out", "validation", "test")


def predicted(kind: str, folder, *, fold: int = 0, views=("identity",), parts=PARTS):
    """Scores of a model as it starts, by part."""
    made = with_views(kind, folder, fold=fold)
    weights = folder / "model" / "model.weights.h5"
    if not weights.exists():
        weights.parent.mkdir()
        build(made).model.save_weights(weights)
    settings = recipe(kind).model_dump(mode="json") | {"test_time": {"views": list(views)}}
    job = made.model_copy(update={"models": (weights.parent,), "parts": parts, "settings": settings})
    return dict(predict(job))


@pytest.mark.parametrize(("kind", "heads"), [("linear", 1), ("glu", 2), ("top", 1)])
def test_scores_come_with_their_ids(keras, tmp_path, kind, heads):
    found = predicted(kind, tmp_path)
    assert list(found) == ["held_out", "test"]  # photographs have no validation part
    held_out, test = found.values()
    assert held_out.ids == [f"r,{index}" for index in range(0, COUNT, 2)]
    assert held_out.values.shape == (COUNT // 2, heads, 3)
    assert test.ids == [f"t,{index}" for index in range(TEST)]
    assert test.values.shape == (TEST, heads, 3)
    assert test.values.dtype == np.float32
    np.testing.assert_allclose(test.values.sum(axis=-1), 1, rtol=1e-5)


def test_folds_together_predict_every_record_once(keras, tmp_path):
    ids = [id for fold in (0, 1) for id in predicted("linear", tmp_path, fold=fold)["held_out"].ids]
    assert sorted(ids) == sorted(f"r,{index}" for index in range(COUNT))


def test_only_the_parts_of_the_job_are_predicted(keras, tmp_path):
    whole = predicted("linear", tmp_path)
    for part in ("held_out", "test"):
        (found,) = predicted("linear", tmp_path, parts=(part,)).items()
        assert found[0] == part
        np.testing.assert_array_equal(found[1].values, whole[part].values)


def test_views_are_averaged(keras, tmp_path):
    one, mirrored, both = (
        predicted("small", tmp_path, views=views)["test"].values
        for views in (("identity",), ("flip",), ("identity", "flip"))
    )
    np.testing.assert_allclose(both, (one + mirrored) / 2, rtol=1e-5, atol=1e-7)
    assert (one != mirrored).any()
