"""Set up Keras in a child process so that equal jobs give equal bytes."""

import os
import random
from typing import Any

from tasks.learning.seeds import derive


def configure(seed: int) -> None:
    """Seed everything and pick threads and precision. Call once, before any model is built.

    On a processor each training uses one thread: folds side by side fill the cores, and sums do not
    depend on how many cores a machine has.
    On a graphics card matrix work runs in bfloat16 with float32 weights.
    """
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    # TensorFlow takes oneDNN's kernels by itself where it finds VNNI alone; a step of a DGCNN is 10 % faster
    # with them on a processor without it, and machines differ less
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    import keras

    if keras.backend.backend() == "tensorflow":
        _configure_tensorflow()
    keras.utils.set_random_seed(derive(seed, "keras"))
    _seed_layers(derive(seed, "keras"))
    keras.mixed_precision.set_global_policy("mixed_bfloat16" if on_card() else "float32")


def _configure_tensorflow() -> None:
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.config.experimental.enable_op_determinism()
    # Grappler's passes (TensorFlow 2.21) let chance into sums. The dependency pass drops the edges that keep
    # an update of a variable behind its step's reads; the memory pass adds large gradients of one tensor in
    # the order in which they arrive. It has no public switch of its own; all off cost 3 % of a step (DGCNN).
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    for card in tf.config.list_physical_devices("GPU"):
        tf.config.experimental.set_memory_growth(card, True)


def _seed_layers(seed: int) -> None:
    """Give layers without a seed a stream of their own to draw it from.

    Keras takes it from Python's shared `random`, where any other thread may draw between two layers:
    websockets does so for each ping, and a network built meanwhile started from other weights.
    """
    from keras.src.random import seed_generator

    seed_generator.python_random = random.Random(seed)


def on_card() -> bool:
    """Whether Keras's backend sees a graphics card."""
    import keras

    return keras.distribution.list_devices("gpu") != []


def jit() -> Any:
    """What `compile` takes as `jit_compile`; on a processor XLA predicts nine times slower (MobileNetV2)."""
    return "auto" if on_card() else False
