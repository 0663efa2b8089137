"""Batches that do not fit into memory: recognised on every backend, with the size that would fit."""

import re
from contextlib import suppress
from math import prod
from typing import Any, NamedTuple

from tasks.core.backends import backend

CLASSES = ("ResourceExhaustedError", "OutOfMemoryError", "MemoryError")
"""Classes of TensorFlow, PyTorch and Python that mean nothing else."""
OF_XLA = ("XlaRuntimeError", "JaxRuntimeError", "InternalError", "RuntimeError")
"""Classes that mean many things; the message tells."""
TEXT = re.compile(
    r"RESOURCE_EXHAUSTED|out of memory|failed to allocate|CUBLAS_STATUS_ALLOC_FAILED|bad_alloc", re.IGNORECASE
)
BYTES = re.compile(r"allocat\w* ([\d.]+) ?(bytes|[KMGT]?i?B)\b")
TENSOR = re.compile(r"tensor with shape ?\[([\d,]+)\] and type (\w+)")
UNITS = {"K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}
TYPE_BYTES = {"half": 2, "bfloat16": 2, "double": 8, "int64": 8}
"""Bytes of TensorFlow's types that do not have four."""


class Memory(NamedTuple):
    """Bytes of the memory that the backend computes in; None where it does not tell."""

    limit: int | None = None
    used: int | None = None
    """The most that was in use at a time."""


class Size(NamedTuple):
    """The setting that says how large batches are."""

    setting: str
    value: int
    fit: bool
    """Whether batches that do not fit are computed in parts."""


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory ran out, by its class or, where that says little, by its message."""
    names = {kind.__name__ for kind in type(error).__mro__}
    return bool(names & set(CLASSES)) or bool(names & set(OF_XLA) and TEXT.search(str(error)))


def message(error: BaseException, size: Size, *, parts: int, fixed: int, memory: Memory) -> str:
    """What did not fit, the size that would fit by estimate, and the settings to change.

    Args:
        parts: parts in which each batch was computed.
        fixed: bytes of weights and optimizer, which every size needs.
    """
    wanted = requested(error)
    fits = estimate(size.value // parts, fixed=fixed, wanted=wanted, memory=memory)
    of = f" of {_gigabytes(memory.limit)}" if memory.limit else ""
    more = f", {_gigabytes(wanted)} more were needed at once" if wanted else ""
    what = f"{size.setting} = {size.value}" + (f" in {parts} parts" if parts > 1 else "")
    begin = f"{what}: expected a batch that fits into the memory{of}{more}"
    if fits < 1:
        return f"{begin}; the network alone fills it, so a smaller one is needed"
    where, _, _ = size.setting.rpartition(".")
    return (
        f"{begin}; by estimate {fits} would fit: set {size.setting} = {fits}, or {where}.fit_memory = true, "
        "which computes the same batches in parts"
    )


def estimate(size: int, *, fixed: int, wanted: int | None, memory: Memory) -> int:
    """The batch size that would fit: half of what did not, or less where the figures say so.

    Memory beyond `fixed` grows with the size. What had been used and was wanted is a lower bound of the need.
    """
    half = size // 2
    if memory.limit is None or memory.used is None:
        return half
    needed = memory.used + (wanted or 0) - fixed
    if needed <= 0:
        return half
    return max(0, min(half, int(size * (memory.limit - fixed) / needed)))


def requested(error: BaseException) -> int | None:
    """The bytes that could not be allocated, as the message tells them."""
    text = str(error)
    if found := BYTES.search(text):
        number, unit = found.groups()
        return int(float(number) * UNITS.get(unit[0].upper(), 1))
    if found := TENSOR.search(text):
        shape, kind = found.groups()
        return prod(int(side) for side in shape.split(",")) * TYPE_BYTES.get(kind, 4)
    return None


def memory_of_backend() -> Memory:
    """The memory of the graphics card, as far as the backend tells."""
    with suppress(Exception):  # a card in an error state answers nothing; the message can do without
        return _MEMORY[backend()]()
    return Memory()


def _of_tensorflow() -> Memory:
    import tensorflow as tf

    return Memory(None, int(tf.config.experimental.get_memory_info("GPU:0")["peak"]))


def _of_jax() -> Memory:
    import jax

    figures = jax.local_devices()[0].memory_stats() or {}
    return Memory(figures.get("bytes_limit"), figures.get("peak_bytes_in_use"))


def _of_torch() -> Memory:
    import torch

    return Memory(torch.cuda.mem_get_info()[1], torch.cuda.max_memory_allocated())


_MEMORY = {"tensorflow": _of_tensorflow, "jax": _of_jax, "torch": _of_torch}


def bytes_of(*holders: Any) -> int:
    """Bytes of the variables of models and optimizers; None among them counts nothing."""
    return sum(
        prod(variable.shape) * _bytes_of_type(str(variable.dtype))
        for holder in holders
        if holder is not None
        for variable in holder.variables
    )


def _bytes_of_type(name: str) -> int:
    digits = re.sub(r"\D", "", name)
    return int(digits) // 8 if digits else 1


def _gigabytes(number: int | None) -> str:
    return f"{(number or 0) / 2**30:.2f} GiB"
