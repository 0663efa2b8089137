import io

import numpy as np
import pytest

from tasks.dogs import trunk
from tasks.dogs.config import Trunk
from tests.dogs.jobs import SMALL, job

COUNT = 2 * trunk.BATCH + 3


def view(index: int, size_pixels: int) -> np.ndarray:
    return np.random.default_rng(index).integers(0, 256, (size_pixels, size_pixels, 3), np.uint8)


def saved(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


@pytest.mark.parametrize(
    ("cut", "backbones", "dtype"),
    [("pool", 1, np.float32), ("pool", 2, np.float32), ("block3_pool", 1, np.float16)],
)
def test_features_are_written_piece_by_piece_as_if_at_once(keras, tmp_path, cut, backbones, dtype):
    networks = [SMALL, {**SMALL, "size_pixels": 48}][:backbones]
    made = Trunk.model_validate({"cut": cut, "backbones": networks})
    folder = tmp_path / "features"
    folder.mkdir()
    task = job("linear", tmp_path)
    trunk.write_features(made, view, COUNT, folder / "train.npy", job=task)
    assert [file.name for file in folder.iterdir()] == ["train.npy"]
    trunk.configure(task.seed)
    pieces = [list(trunk._features(made, each, view, COUNT, job=task)) for each in made.backbones]
    expected = np.concatenate([np.concatenate(each) for each in pieces], axis=-1)
    assert (len(expected), expected.dtype) == (COUNT, dtype)
    assert (folder / "train.npy").read_bytes() == saved(expected)
