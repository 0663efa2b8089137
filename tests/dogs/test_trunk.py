import io

import numpy as np
import pytest

from tasks.core.jobs import Job
from tasks.dogs import trunk
from tasks.dogs.config import Trunk
from tasks.learning.loading.loader import Source
from tests.dogs.jobs import SMALL, job

COUNT = 2 * trunk.BATCH + 3


def views(job: Job):
    def view(index: int, size: int) -> np.ndarray:
        return np.random.default_rng(index).integers(0, 256, (size, size, 3), np.uint8)

    return lambda start, stop, size: np.stack([view(index, size) for index in range(start, stop)])


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
    source = Source(views, task)
    trunk.write_features(made, source, COUNT, folder / "train.npy", job=task)
    assert [file.name for file in folder.iterdir()] == ["train.npy"]
    trunk.configure(task.seed)
    pieces = [list(trunk._features(made, each, source, COUNT, job=task)) for each in made.backbones]
    expected = np.concatenate([np.concatenate(each) for each in pieces], axis=-1)
    assert (len(expected), expected.dtype) == (COUNT, dtype)
    assert (folder / "train.npy").read_bytes() == saved(expected)
