"""Seeds derived from one number and a path of names, so that no two steps share a random stream."""

import hashlib
import json

import numpy as np


def derive(seed: int, *path: str | int) -> int:
    """Return a seed in [0, 2**31), a pure function of the arguments.

    >>> derive(7, "fold", 0) == derive(7, "fold", 0), derive(7, "fold", 0) == derive(7, "fold", 1)
    (True, False)
    """
    digest = hashlib.sha256(json.dumps([seed, *path]).encode()).digest()
    return int.from_bytes(digest[:4], "big") >> 1


def derive_optional(seed: int | None, *path: str | int) -> int | None:
    """Return `derive(seed, *path)`, or None where the seed is None."""
    return None if seed is None else derive(seed, *path)


def generator(seed: int, *path: str | int) -> np.random.Generator:
    """Return a numpy generator seeded by `derive`."""
    return np.random.default_rng(derive(seed, *path))


def fold_seed(seed: int, fold: int) -> int:
    """The seed of one fold's training; folds differ, so that their models err differently."""
    return seed * 1000 + fold
