"""Set-up of Keras in a child process, so that equal jobs give equal bytes."""

import os
import random
from typing import Any

from tasks.learning.seeds import derive


def configure(seed: int) -> None:
    """Seed all random generators and set threads and precision. Call once, before a model is built.

    On a processor each training uses one thread: folds that run at the same time use all cores, and sums do
    not depend on the number of cores. On a graphics card, matrices are multiplied in bfloat16, with float32
    weights.
    """
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    # By default TensorFlow uses oneDNN's kernels only on processors with VNNI. On others they make a step of
    # a DGCNN 10 % faster, and machines differ less.
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
    # Grappler's passes (TensorFlow 2.21) make sums depend on chance. The dependency pass drops the edges that
    # order an update of a variable after its step's reads; the memory pass, which has no public switch of its
    # own, adds large gradients of one tensor in the order in which they arrive. All off cost 3 % (DGCNN).
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    for card in tf.config.list_physical_devices("GPU"):
        tf.config.experimental.set_memory_growth(card, True)


def _seed_layers(seed: int) -> None:
    """Let layers without a seed draw it from a generator that no other thread uses.

    Keras draws these seeds from Python's global `random`, of which any other thread may draw in between:
    websockets does so for each ping, and a network built at that time started from other weights. Keras has
    no public way to set the generator, and layers of `keras.applications` and `keras_hub` take no seed, so
    its private `python_random` is replaced; a test checks that the installed Keras has it.
    """
    from keras.src.random import seed_generator

    seed_generator.python_random = random.Random(seed)


def on_card() -> bool:
    """Return whether Keras's backend has a graphics card."""
    import keras

    return keras.distribution.list_devices("gpu") != []


def jit() -> Any:
    """Return `jit_compile` for `compile`; on a processor XLA predicts nine times slower (MobileNetV2)."""
    return "auto" if on_card() else False
