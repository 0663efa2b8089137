import random
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from tasks.learning.training.checkpoints import Position, checkpoint_files, newest, save


class Owner(NamedTuple):
    """Has variables, as a model and an optimizer have."""

    variables: list[Any]


@pytest.fixture
def model(keras) -> Owner:
    return owner(keras, 2.0)


def owner(keras: Any, value: float) -> Owner:
    return Owner([keras.Variable(np.full((2, 3), value, np.float32)), keras.Variable(7, dtype="int32")])


def position(step: int) -> Position:
    rows = ({"epoch": 1, "loss": 0.1 + 0.2},)
    return Position(stage=1, step=step, loss_sum=1 / 3, accuracy_sum=0.1, history=rows)


def test_a_checkpoint_brings_everything_back(keras, model, tmp_path):
    save(tmp_path, position(5), model, owner(keras, 3.0))
    found = newest(tmp_path)
    assert found is not None
    assert found.position == position(5)
    other = owner(keras, 0.0)
    found.restore_model(other)
    np.testing.assert_array_equal(np.array(other.variables[0]), np.full((2, 3), 2.0))
    found.restore_optimizer(other)
    np.testing.assert_array_equal(np.array(other.variables[0]), np.full((2, 3), 3.0))
    assert int(other.variables[1].numpy()) == 7


def test_the_last_two_are_kept(model, tmp_path):
    for step in range(5):
        save(tmp_path, position(step), model, model)
    assert [path.name for path in checkpoint_files(tmp_path)] == ["00000003.npz", "00000004.npz"]
    found = newest(tmp_path)
    assert found is not None
    assert found.position.step == 4


def test_a_folder_without_checkpoints_has_none(tmp_path):
    assert newest(tmp_path) is None
    assert newest(tmp_path / "absent") is None


def test_a_half_written_checkpoint_is_not_seen(model, tmp_path):
    save(tmp_path, position(1), model, model)
    (tmp_path / ".00000001.npz.0f3a").write_bytes(b"half")
    assert [path.name for path in checkpoint_files(tmp_path)] == ["00000000.npz"]


def damaged_byte(content: bytes, drawn: random.Random) -> bytes:
    place = drawn.randrange(len(content))
    return content[:place] + bytes([content[place] ^ 1 << drawn.randrange(8)]) + content[place + 1 :]


def truncated(content: bytes, drawn: random.Random) -> bytes:
    return content[: drawn.randrange(len(content))]


def zeroed(content: bytes, drawn: random.Random) -> bytes:
    start = drawn.randrange(len(content))
    return content[:start] + bytes(len(content) - start)


@pytest.mark.parametrize("damage", [damaged_byte, truncated, zeroed])
def test_a_damaged_checkpoint_never_comes_back_altered(model, tmp_path, damage):
    save(tmp_path, position(1), model, model)
    save(tmp_path, position(2), model, model)
    last = checkpoint_files(tmp_path)[-1]
    whole, drawn = last.read_bytes(), random.Random(0)
    for _ in range(60):
        last.write_bytes(damage(whole, drawn))
        found = newest(tmp_path)
        assert found is not None
        np.testing.assert_array_equal(found.model[0], np.full((2, 3), 2.0))
        assert found.position in (position(1), position(2))


def test_two_damaged_checkpoints_are_none(model, tmp_path):
    for step in range(2):
        save(tmp_path, position(step), model, model)
    for file in checkpoint_files(tmp_path):
        file.write_bytes(b"")
    assert newest(tmp_path) is None


def test_a_checkpoint_of_another_network_is_refused(keras, model, tmp_path):
    save(tmp_path, position(1), model, model)
    found = newest(tmp_path)
    assert found is not None
    with pytest.raises(ValueError, match="expected 1 variables, received 2"):
        found.restore_model(Owner(model.variables[:1]))


def test_saving_goes_on_after_a_damaged_one(model, tmp_path):
    save(tmp_path, position(1), model, model)
    damaged = Path(tmp_path / "00000001.npz")
    damaged.write_bytes(b"damaged")
    save(tmp_path, position(2), model, model)
    found = newest(tmp_path)
    assert found is not None
    assert found.position.step == 2


def test_a_checkpoint_of_another_training_is_skipped(model, tmp_path):
    """Networks of all folds are alike, so it would fit, and end in other weights."""
    one, two = tmp_path / "one", tmp_path / "two"
    for folder in (one, two):
        save(folder, position(1), model, model)
        save(folder, position(2), model, model)
    (two / "00000001.npz").replace(one / "00000001.npz")
    found = newest(one)
    assert found is not None
    assert found.position.step == 1
