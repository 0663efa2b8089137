"""Greedy selection against the number of members: 20,000 records of 100 classes."""

import time

import numpy as np

from tasks.learning.blending import greedy_weights


def main() -> None:
    """Print seconds for 2, 4 and 8 members."""
    drawn = np.random.default_rng(0)
    truth = drawn.integers(0, 100, 20_000)
    for count in (2, 4, 8):
        members = [
            drawn.random((20_000, 100), np.float32) + np.eye(100, dtype=np.float32)[truth] / 2
            for _ in range(count)
        ]
        began = time.perf_counter()
        greedy_weights(
            members, lambda scores: float((scores.argmax(1) == truth).mean()), rounds=20, bags=2, seed=0
        )
        print(f"{count} members: {time.perf_counter() - began:.1f} s")


if __name__ == "__main__":
    main()
