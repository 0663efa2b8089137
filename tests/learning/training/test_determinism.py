"""Equal jobs give equal bytes: twice in one process, and in two processes."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.dogs.jobs import KINDS, digests

SLOW = {kind: pytest.mark.slow for kind in ("glu", "top")}
ROOT = Path(__file__).parents[3]
CHILD = "import sys; from tests.dogs.jobs import main; main(sys.argv[1], sys.argv[2])"


@pytest.mark.parametrize("kind", [pytest.param(kind, marks=SLOW.get(kind, ())) for kind in KINDS])
def test_a_training_repeated_in_one_process_gives_the_same_bytes(keras, tmp_path, kind):
    assert digests(kind, tmp_path / "first") == digests(kind, tmp_path / "second")


@pytest.mark.slow
def test_trainings_in_other_processes_give_the_same_bytes(keras, tmp_path):
    own = {kind: digests(kind, tmp_path / kind) for kind in KINDS}
    for kind in KINDS:
        command = [sys.executable, "-c", CHILD, kind, str(tmp_path / f"{kind}-other")]
        environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2", "CUDA_VISIBLE_DEVICES": "-1"}
        done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=True)
        assert done.stdout.split()[-2:] == list(own[kind]), kind


def test_gradients_never_see_the_update_of_their_own_step(keras):
    """TensorFlow's dependency pass lets updates overtake reads; `configure` must keep it off."""
    for _ in range(8):
        layers = [keras.layers.Dense(3, use_bias=False, kernel_initializer="ones") for _ in range(2)]
        inputs = keras.Input((3,))
        model = keras.Model(inputs, layers[1](layers[0](inputs)))
        model.compile(keras.optimizers.SGD(0.1), loss=lambda truth, output: output, jit_compile=False)
        model.train_on_batch(np.ones((2, 3), np.float32), np.zeros((2, 3), np.float32))
        # each kernel's gradient is 1 with the other kernel at 1, and 0.9 after the other's update
        for layer in layers:
            np.testing.assert_allclose(layer.get_weights()[0], 0.9, atol=1e-6)


def test_large_gradients_of_one_tensor_are_summed_in_one_order(keras):
    """Grappler's memory pass adds three and more of them, above some MB, as they arrive; it must be off."""
    import tensorflow as tf

    drawn = np.random.default_rng(0)
    x = tf.constant(drawn.normal(size=(32768, 128)).astype(np.float32))
    scale = tf.Variable(drawn.normal(size=128).astype(np.float32))
    kernels = [tf.constant(drawn.normal(size=(128, 128)).astype(np.float32)) for _ in range(3)]

    def gradient():
        with tf.GradientTape() as tape:
            hidden, losses = tf.tanh(x * scale), []
            for depth, kernel in enumerate(kernels, start=1):
                branch = hidden @ kernel
                for _ in range(2 * depth):
                    branch = tf.tanh(branch)
                losses.append(tf.reduce_sum(branch))
            loss = tf.add_n(losses)
        return tape.gradient(loss, scale)

    assert len({tf.function(gradient, autograph=False)().numpy().tobytes() for _ in range(24)}) == 1
