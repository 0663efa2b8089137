import hashlib
import os
import random
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).parents[3]
LENGTH, WIDTH, BATCH, STEPS = 12, 8, 4, 3


def build() -> Any:
    """Every layer of this folder, a gather, a recurrent layer and dropout, with more than one loss."""
    import keras
    from keras import layers, ops

    from tasks.learning.layers.conditional_normalisation import ConditionalLayerNormalization
    from tasks.learning.layers.gated_convolution import GatedDilatedConvolution
    from tasks.learning.layers.global_pointer import EfficientGlobalPointer
    from tasks.learning.layers.self_attention import MaskedSelfAttention

    class Gather(layers.Layer):
        def call(self, x: Any, places: Any) -> Any:
            return ops.take_along_axis(x, places[..., None], axis=1)

    characters = keras.Input((LENGTH,), dtype="int32")
    mask, places = keras.Input((LENGTH, 1)), keras.Input((3,), dtype="int32")
    x = layers.Dropout(0.25, seed=0)(layers.Embedding(20, WIDTH)(characters)) * mask
    for dilation in (1, 2, 5):
        x = GatedDilatedConvolution(WIDTH, dilation=dilation, seed=dilation)(x, mask)
    seen = layers.Concatenate()([x, MaskedSelfAttention(2, 4, seed=1)(x, mask)])
    seen = layers.Conv1D(WIDTH, 3, padding="same", activation="relu")(seen)
    chosen = layers.GRU(4)(Gather()(x, places))
    told = ConditionalLayerNormalization()(seen, chosen)
    spans = EfficientGlobalPointer(2, 4, seed=2)(told, mask)
    outputs = {"tags": layers.Dense(3)(told), "spans": layers.Reshape((2, LENGTH**2))(spans)}
    return keras.Model([characters, mask, places], outputs)


def batch(step: int) -> tuple[list[np.ndarray], dict[str, np.ndarray]]:
    drawn = np.random.default_rng(step)
    mask = (np.arange(LENGTH) < drawn.integers(6, LENGTH + 1, BATCH)[:, None]).astype(np.float32)[..., None]
    places = drawn.integers(0, 6, (BATCH, 3)).astype(np.int32)
    inputs = [drawn.integers(0, 20, (BATCH, LENGTH)).astype(np.int32), mask, places]
    pairs = (drawn.integers(1, 6, (BATCH, 2, 2)) * (LENGTH + 1)).astype(np.int32)
    return inputs, {"tags": drawn.integers(0, 2, (BATCH, LENGTH, 3)).astype(np.float32), "spans": pairs}


def digest() -> str:
    """SHA-256 of every variable of a model built and trained from scratch."""
    import keras

    from tasks.learning.layers.losses import cross_entropy, log_power, sparse_zlpr
    from tasks.learning.training.keras_setup import configure

    keras.backend.clear_session()
    configure(0)
    model = build()
    losses = {
        "tags": lambda truth, logits: cross_entropy(log_power(logits, 2), truth),
        "spans": lambda pairs, scores: sparse_zlpr(scores, keras.ops.cast(pairs, "int32")),
    }
    model.compile(keras.optimizers.Adam(0.01), loss=losses, jit_compile=False)
    for step in range(STEPS):
        model.train_on_batch(*batch(step))
    found = hashlib.sha256()
    for variable in model.variables:
        found.update(keras.ops.convert_to_numpy(variable.value).tobytes())
    return found.hexdigest()


def test_trainings_end_in_the_same_bytes_in_one_process(keras):
    assert digest() == digest()


@pytest.mark.slow
def test_trainings_end_in_the_same_bytes_in_another_process(keras):
    code = "from tests.learning.layers import test_determinism as layers; print(layers.digest())"
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2"}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split()[-1] == digest()


def test_seeds_of_layers_are_out_of_reach_of_other_threads(keras):
    """Websockets draws from Python's `random` for each ping, in whatever process it lives."""
    stop = threading.Event()

    def ping() -> None:
        while not stop.is_set():
            random.getrandbits(32)
            stop.wait(0.001)

    quiet = digest()
    thread = threading.Thread(target=ping)
    thread.start()
    try:
        assert digest() == quiet
    finally:
        stop.set()
        thread.join()
