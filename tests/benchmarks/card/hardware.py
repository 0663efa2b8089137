"""The card: its name, its peak for bfloat16, and the memory that was used at most."""

import re
import resource
import sys
import time
from typing import Any, NamedTuple

from tasks.core.backends import backend
from tasks.learning.training.keras_setup import on_card

PEAKS = {
    r"H200|H100.*(SXM|HBM3)|GH200": (989.5, "NVIDIA H100 and H200 data sheets: 1,979 with sparsity"),
    r"H100.*NVL": (835.5, "NVIDIA H100 NVL data sheet: 1,671 with sparsity"),
    r"H100": (756.5, "NVIDIA H100 PCIe data sheet: 1,513 with sparsity"),
    r"B200": (2250.0, "NVIDIA Blackwell architecture brief: 4,500 with sparsity"),
    r"A100|A800": (312.0, "NVIDIA A100 data sheet"),
    r"L40S": (362.05, "NVIDIA L40S data sheet: 733 with sparsity"),
    r"\bL4\b": (121.0, "NVIDIA L4 data sheet: 242 with sparsity"),
    r"A10\b": (125.0, "NVIDIA A10 data sheet"),
    r"RTX 4090": (165.2, "NVIDIA Ada architecture paper: 330.3 with sparsity, sums in float32"),
    r"RTX 3090": (71.0, "NVIDIA Ampere GA102 paper: 142 with sparsity, sums in float32"),
}
"""Dense 10^12 operations a second in bfloat16 by the card's name, and where they are published."""


class Peak(NamedTuple):
    """Operations a second that the machine could do."""

    rate: float
    source: str


def name() -> str:
    """The card as its driver names it, or the processor."""
    if not on_card():
        return "processor, one thread" if backend() != "jax" else "processor, XLA on one thread"
    if backend() == "jax":
        import jax

        return str(jax.devices()[0].device_kind)
    if backend() == "torch":
        import torch

        return str(torch.cuda.get_device_name())
    import tensorflow as tf

    card = tf.config.list_physical_devices("GPU")[0]
    return str(tf.config.experimental.get_device_details(card).get("device_name", card.name))


def published(card: str) -> Peak | None:
    """The published peak of a card; None if its name is not in the table."""
    for pattern, (rate, source) in PEAKS.items():
        if re.search(pattern, card):
            return Peak(rate * 1e12, source)
    return None


def measured(seconds: float) -> Peak:
    """The rate of one large product of matrices, in bfloat16 on a card and in float32 on a processor."""
    import keras

    side, dtype = (8192, "bfloat16") if on_card() else (1024, "float32")
    product = _compiled(lambda a, b: keras.ops.matmul(a, b))
    left = keras.ops.cast(keras.random.normal((side, side), seed=0), dtype)
    _read(product(left, left))
    repeats, taken = 1, 0.0
    while taken < seconds / 2:
        repeats, began, result = 2 * repeats, time.perf_counter(), left
        for _ in range(repeats):
            result = product(left, left)
        _read(result)
        taken = time.perf_counter() - began
    return Peak(2 * side**3 * repeats / taken, f"measured: products of {side} × {side} matrices in {dtype}")


def _compiled(function: Any) -> Any:
    if backend() == "jax":
        import jax

        return jax.jit(function)
    if backend() == "tensorflow":
        import tensorflow as tf

        return tf.function(function)
    return function


def _read(result: Any) -> None:
    """Wait until the result is there."""
    import keras

    keras.ops.convert_to_numpy(result[:1, :1])


def most_memory() -> tuple[float, str]:
    """GiB used at most so far, on the card or, without one, by this process; and which."""
    if not on_card():
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**30, "process"
    if backend() == "jax":
        import jax

        used = jax.devices()[0].memory_stats()["peak_bytes_in_use"]
    elif backend() == "torch":
        import torch

        used = torch.cuda.max_memory_allocated()
    else:
        import tensorflow as tf

        used = tf.config.experimental.get_memory_info("GPU:0")["peak"]
    return used / 2**30, "card"
