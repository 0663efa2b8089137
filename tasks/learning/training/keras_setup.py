"""Set-up of Keras in a child process, so that equal jobs give equal bytes."""

import os
import random
from pathlib import Path
from typing import Any

from tasks.core.backends import VARIABLE, backend
from tasks.core.errors import UserError
from tasks.learning.seeds import derive

THREADS_OF_XLA = "--xla_cpu_multi_thread_eigen=false"


def configure(seed: int) -> None:
    """Seed all random generators and set threads and precision. Call once, before a model is built.

    On a processor each training uses one thread: folds that run at the same time use all cores, and sums do
    not depend on the number of cores. On a graphics card, matrices are multiplied in bfloat16, with float32
    weights. What `keras.json` in a user's home may say of number types and the order of axes does not count.

    Raises:
        RuntimeError: Keras was imported with another backend before.
        UserError: Keras cannot read the user's `keras.json`.
    """
    os.environ[VARIABLE] = backend()
    # By default TensorFlow uses oneDNN's kernels only on processors with VNNI. On others they make a step of
    # a DGCNN 10 % faster, and machines differ less.
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    keras = _imported_keras()
    if keras.backend.backend() != backend():
        raise RuntimeError(f"expected Keras with {backend()}, received one with {keras.backend.backend()}")
    _CONFIGURE[backend()]()
    keras.config.set_floatx("float32")
    keras.config.set_epsilon(1e-7)
    keras.config.set_image_data_format("channels_last")
    keras.utils.set_random_seed(derive(seed, "keras"))
    _seed_layers(derive(seed, "keras"))
    keras.mixed_precision.set_global_policy("mixed_bfloat16" if on_card() else "float32")


def _imported_keras() -> Any:
    """Import Keras, which reads `keras.json`: it waits for a pipe in its place, and ends with a traceback
    where the file cannot be read or a value in it is not valid."""
    file = Path(os.environ.get("KERAS_HOME") or "~/.keras").expanduser() / "keras.json"
    try:
        if file.exists() and not file.is_file():
            raise OSError("what is there is no file")
        if file.exists():
            file.open("rb").close()
    except OSError as error:
        raise _unusable(file, error) from error
    try:
        import keras
    except (AttributeError, RecursionError, TypeError, ValueError) as error:
        if not file.exists():
            raise
        raise _unusable(file, error) from error
    return keras


def _unusable(file: Path, error: Exception) -> UserError:
    return UserError(
        f"{file}: expected settings that Keras can read, received others ({error}); "
        "correct or delete it: it decides nothing here"
    )


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


def _configure_jax() -> None:
    # read when JAX makes its first array, so it may be imported already
    os.environ["PJRT_NPROC"] = os.environ["NPROC"] = "1"
    flags = os.environ.get("XLA_FLAGS", "")
    if THREADS_OF_XLA not in flags:
        os.environ["XLA_FLAGS"] = f"{flags} {THREADS_OF_XLA}".strip()
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    import jax

    if os.environ.get("CUDA_VISIBLE_DEVICES") == "-1":
        jax.config.update("jax_platforms", "cpu")  # a build for cards would look for one, and fail
    jax.config.update("jax_enable_x64", False)
    jax.config.update("jax_default_matmul_precision", None)


def _configure_torch() -> None:
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuBLAS repeats its sums only with this
    import torch

    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float32)
    torch.use_deterministic_algorithms(True, warn_only=torch.cuda.is_available())


_CONFIGURE = {"tensorflow": _configure_tensorflow, "jax": _configure_jax, "torch": _configure_torch}


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
    if backend() == "jax":
        import jax

        return jax.default_backend() == "gpu"
    if backend() == "torch":
        import torch

        device = os.environ.get("KERAS_TORCH_DEVICE", "cuda")
        return device.startswith("cuda") and torch.cuda.is_available()
    import tensorflow as tf

    return tf.config.list_physical_devices("GPU") != []


def jit() -> Any:
    """Return `jit_compile` for `compile`; on a processor XLA predicts nine times slower (MobileNetV2).

    JAX without it would compute operation by operation.
    """
    return "auto" if backend() == "jax" or on_card() else False
