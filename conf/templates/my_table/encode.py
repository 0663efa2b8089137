"""What the estimator reads of a record: a row of numbers.

A column of texts becomes `buckets` columns with a one at the hash of its value (Weinberger et al.: Feature
Hashing for Large Scale Multitask Learning, ICML 2009): nothing is fitted, so that new values need no rule
of their own.

To fill in: other encodings. An edit here encodes and trains again, and loads nothing.
"""

import hashlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from tasks.core.jobs import EncodeJob, FoldJob
from tasks.learning.classification import records
from tasks.my_table.config import Encoding


def encode(job: EncodeJob) -> None:
    """Write `<part>.npy`, float32 (n, d)."""
    settings = Encoding.model_validate(job.settings["encoding"])
    found = records.read(job.dataset, job.part)
    rows = [list(_numbers(record["features"], settings)) for record in found]
    np.save(job.output / f"{job.part}.npy", np.array(rows, np.float32))


def read(job: FoldJob, part: str) -> np.ndarray:
    """(n, d) float32 of a part, as `encode` has written it."""
    return np.asarray(np.load(job.inputs["identity"] / f"{part}.npy"))


def _numbers(features: dict[str, Any], settings: Encoding) -> Iterator[float]:
    for name, value in features.items():
        if isinstance(value, str):
            digest = hashlib.sha256(f"{name}={value}".encode()).digest()
            bucket = int.from_bytes(digest[:8], "big") % settings.buckets
            yield from (float(each == bucket) for each in range(settings.buckets))
        else:
            yield float("nan") if value is None else float(value)
