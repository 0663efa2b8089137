"""Seeds derived from one number and a path of names, so that no step shares a stream with another."""

import hashlib
import json

import numpy as np


def derive(seed: int, *path: str | int) -> int:
    """A seed in [0, 2**31) that is a pure function of the arguments."""
    digest = hashlib.sha256(json.dumps([seed, *path]).encode()).digest()
    return int.from_bytes(digest[:4], "big") >> 1


def generator(seed: int, *path: str | int) -> np.random.Generator:
    """A numpy generator seeded by `derive`."""
    return np.random.default_rng(derive(seed, *path))


def fold_seed(seed: int, fold: int) -> int:
    """The seed of one fold's training; folds differ, so that their models err differently."""
    return seed * 1000 + fold
