import shutil

import numpy as np
import pytest

from tasks.core.competition import Scores
from tasks.dogs import predict as predict_module
from tasks.dogs.inputs import BATCH
from tasks.dogs.predict import predict
from tasks.dogs.training import build
from tests.dogs.jobs import COUNT, TEST, job, recipe, with_views


def predicted(kind: str, folder, part: str, *, fold: int = 0, views=("identity",)) -> list[Scores]:
    """Scores of a model as it starts; of the data set, the job has what the part is read with and no more."""
    made = with_views(kind, folder, fold=fold)
    weights = folder / "model" / "model.weights.h5"
    if not weights.exists():
        weights.parent.mkdir()
        build(made).model.save_weights(weights)
    settings = recipe(kind).model_dump(mode="json") | {"test_time": {"views": list(views)}}
    read = "train" if part == "held_out" else "test"
    inputs = {view: folder / f"{view}-{read}" for view in made.inputs}
    return list(
        predict(
            job(
                kind,
                folder,
                dataset=part_of(folder, read),
                folds=made.folds if part == "held_out" else None,
                fold=fold if part == "held_out" else None,
                models=(weights.parent,),
                part=part,
                settings=settings,
                inputs=inputs,
            )
        )
    )


def part_of(folder, part: str) -> tuple:
    """A part of the data set, and the file that is common to both, each in a folder of its own."""
    places = folder / f"{part}-part", folder / "common"
    for place, pattern in zip(places, (f"{part}*", "classes.json"), strict=True):
        place.mkdir(exist_ok=True)
        for file in (folder / "data").glob(pattern):
            shutil.copy(file, place)
    return places


@pytest.mark.parametrize(("kind", "heads"), [("linear", 1), ("glu", 2), ("top", 1), ("small", 1)])
def test_scores_come_with_their_ids(keras, tmp_path, kind, heads):
    (held_out,), (test,) = (predicted(kind, tmp_path, part) for part in ("held_out", "test"))
    assert held_out.ids == [f"r,{index}" for index in range(0, COUNT, 2)]
    assert held_out.values.shape == (COUNT // 2, heads, 3)
    assert test.ids == [f"t,{index}" for index in range(TEST)]
    assert test.values.shape == (TEST, heads, 3)
    assert test.values.dtype == np.float32
    np.testing.assert_allclose(test.values.sum(axis=-1), 1, rtol=1e-5)


def test_folds_together_predict_every_record_once(keras, tmp_path):
    ids = [id for fold in (0, 1) for id in predicted("linear", tmp_path, "held_out", fold=fold)[0].ids]
    assert sorted(ids) == sorted(f"r,{index}" for index in range(COUNT))


@pytest.mark.parametrize("part", ["held_out", "test"])
def test_pieces_are_consecutive_and_change_nothing(keras, tmp_path, monkeypatch, part):
    (whole,) = predicted("linear", tmp_path, part)
    monkeypatch.setattr(predict_module, "PIECE", 4)
    pieces = predicted("linear", tmp_path, part)
    assert [len(piece.ids) for piece in pieces] == ([4, 4, 4] if part == "held_out" else [4, 1])
    assert [id for piece in pieces for id in piece.ids] == whole.ids
    np.testing.assert_allclose(np.concatenate([piece.values for piece in pieces]), whole.values, rtol=1e-6)


def test_pieces_are_whole_batches():
    assert predict_module.PIECE % BATCH == 0


def test_photographs_have_no_validation_part(keras, tmp_path):
    with pytest.raises(KeyError, match="validation"):
        predicted("linear", tmp_path, "validation")


def test_views_are_averaged(keras, tmp_path):
    one, mirrored, both, twice = (
        predicted("small", tmp_path, "test", views=views)[0].values
        for views in (("identity",), ("flip",), ("identity", "flip"), ("identity", "identity"))
    )
    np.testing.assert_allclose(both, (one + mirrored) / 2, rtol=1e-5, atol=1e-7)
    assert (one != mirrored).any()
    np.testing.assert_allclose(twice, one, rtol=1e-6)
