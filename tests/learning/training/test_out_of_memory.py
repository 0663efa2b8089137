"""Errors as the backends raise them when memory runs out, and what a training says or does then."""

from typing import Any

import numpy as np
import pytest

from tasks.core.config import Stage
from tasks.core.errors import UserError
from tasks.core.execution import child_process
from tasks.core.jobs import TrainJob
from tasks.learning.training import job as job_module
from tasks.learning.training import out_of_memory, parts
from tasks.learning.training.out_of_memory import Memory, Size, estimate, is_out_of_memory, requested
from tasks.learning.training.train_step import TrainStep
from tests.learning.trainings import build

JAX = "RESOURCE_EXHAUSTED: Out of memory while trying to allocate 3221225472 bytes."
TENSORFLOW = (
    "OOM when allocating tensor with shape[64,112,112,64] and type float on /GPU:0 by allocator GPU_0_bfc"
)
TORCH = "CUDA out of memory. Tried to allocate 2.50 GiB. GPU 0 has a total capacity of 79.10 GiB"


class XlaRuntimeError(RuntimeError):
    """Stands for JAX's."""


class OutOfMemoryError(RuntimeError):
    """Stands for PyTorch's."""


class ResourceExhaustedError(Exception):
    """Stands for TensorFlow's."""


@pytest.mark.parametrize(
    ("error", "wanted"),
    [
        (XlaRuntimeError(JAX), 3 * 2**30),
        (ResourceExhaustedError(TENSORFLOW), 64 * 112 * 112 * 64 * 4),
        (OutOfMemoryError(TORCH), int(2.5 * 2**30)),
        (MemoryError(), None),
        (RuntimeError("CUBLAS_STATUS_ALLOC_FAILED when calling cublasCreate"), None),
    ],
)
def test_running_out_of_memory_is_recognised(error, wanted):
    assert is_out_of_memory(error)
    assert requested(error) == wanted


@pytest.mark.parametrize(
    "error", [XlaRuntimeError("INTERNAL: a bug"), ValueError("out of memory"), OSError()]
)
def test_other_errors_are_not(error):
    assert not is_out_of_memory(error)


def test_the_real_classes_are_recognised():
    tensorflow = pytest.importorskip("tensorflow")
    assert is_out_of_memory(tensorflow.errors.ResourceExhaustedError(None, None, TENSORFLOW))
    jax = pytest.importorskip("jax")
    assert is_out_of_memory(jax.errors.JaxRuntimeError(JAX))


def test_the_real_class_of_pytorch_is_recognised():
    torch = pytest.importorskip("torch")
    assert is_out_of_memory(torch.OutOfMemoryError(TORCH))


@pytest.mark.parametrize(
    ("memory", "wanted", "expected"),
    [
        (Memory(), None, 32),
        (Memory(80, None), 10, 32),
        (Memory(80, 70), 30, 32),  # 90 for 64 records beside 10, but never more than half
        (Memory(80, 70), 220, 16),
        (Memory(8, 8), 20, 0),  # the weights alone fill it
    ],
)
def test_the_estimate_is_half_or_what_the_figures_say(memory, wanted, expected):
    assert estimate(64, fixed=10, wanted=wanted, memory=memory) == expected


class Restarted(Exception):
    """Stands for the new process."""


def fit(folder, monkeypatch, error: Exception, *, largest: int, fit_memory: bool) -> list[str]:
    """What a training says that gets the error at batches of more records than the largest that fits."""
    told: list[str] = []

    def built(job: Any) -> Any:
        class Limited(TrainStep):
            def __call__(self, inputs: np.ndarray, *others: Any) -> None:
                if len(inputs) > largest:
                    raise error
                super().__call__(inputs, *others)

        size = Size("recipe.training.batch_size", 8, fit_memory)
        return build((Stage(epochs=1, schedule="constant"),))._replace(size=size, make_step=Limited)

    def restart() -> None:
        raise Restarted

    monkeypatch.setattr(job_module, "send", lambda message: told.append(str(message)))
    monkeypatch.setattr(child_process, "restart", restart)
    places = {"output": folder / "output", "partial": folder / "partial"}
    for place in places.values():
        place.mkdir(exist_ok=True)
    job = TrainJob(competition="toy", settings={}, dataset=folder, seed=0, **places)
    while True:
        try:
            job_module.fit_job(job, built)
            return told
        except Restarted:
            continue


ERRORS = [XlaRuntimeError(JAX), ResourceExhaustedError(TENSORFLOW), OutOfMemoryError(TORCH)]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_a_training_says_which_size_would_fit(keras, tmp_path, monkeypatch, error):
    with pytest.raises(UserError) as caught:
        fit(tmp_path, monkeypatch, error, largest=0, fit_memory=False)
    text = str(caught.value)
    assert text.startswith("recipe.training.batch_size = 8: expected a batch that fits into the memory")
    assert "set recipe.training.batch_size = 4, or recipe.training.fit_memory = true" in text
    assert caught.value.__cause__ is error


def test_a_training_halves_its_batches_until_they_fit(keras, tmp_path, monkeypatch):
    told = fit(tmp_path, monkeypatch, ERRORS[0], largest=2, fit_memory=True)
    starts = [line for line in told if "parts" in line]
    assert starts == [
        f"a batch does not fit into memory: starts anew with batches in {number} parts" for number in (2, 4)
    ]
    assert parts.remembered(tmp_path / "partial") == 4
    assert (tmp_path / "output" / "model.weights.h5").exists()


def test_a_record_that_does_not_fit_ends_in_a_message(keras, tmp_path, monkeypatch):
    with pytest.raises(UserError, match=r"batch_size = 8 in 8 parts.*a smaller one is needed"):
        fit(tmp_path, monkeypatch, ERRORS[0], largest=0, fit_memory=True)


def test_other_errors_stay_as_they_are(keras, tmp_path, monkeypatch):
    with pytest.raises(XlaRuntimeError, match="a bug"):
        fit(tmp_path, monkeypatch, XlaRuntimeError("INTERNAL: a bug"), largest=0, fit_memory=True)


def test_bytes_of_variables(keras):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    assert out_of_memory.bytes_of(model, None) == 4 * (3 * 2 + 2)
