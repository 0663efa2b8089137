"""Greedy selection: 20,000 records of 100 classes, by the number of members and by how well they agree."""

import time

import numpy as np

from tasks.learning.ensemble.greedy import greedy_weights

RECORDS, CLASSES = 20_000, 100


def main() -> None:
    """Print seconds with the settings' own 50 rounds and 8 bags; 50 members must take no more than 10 s."""
    for name, members_of in (("like networks", networks), ("noise", noise)):
        for count in (5, 10, 50):
            drawn = np.random.default_rng(0)
            truth = drawn.integers(0, CLASSES, RECORDS)
            members = members_of(truth, count, drawn)
            began, worked = time.perf_counter(), time.process_time()
            weights = greedy_weights(
                members,
                lambda scores: float((scores.argmax(1) == truth).mean()),  # noqa: B023
                of_classes=lambda classes: float((classes == truth).mean()),  # noqa: B023
                rounds=50,
                bags=8,
                seed=0,
            )
            chosen = np.count_nonzero(weights)
            took = f"{time.perf_counter() - began:.1f} s, {time.process_time() - worked:.1f} of a processor"
            print(f"{count} members {name}: {took}, {chosen} with weight")


def networks(truth: np.ndarray, count: int, drawn: np.random.Generator) -> list[np.ndarray]:
    """Probabilities of members that find the same records hard, right in about two of three."""
    common = drawn.normal(0, 1.6, (len(truth), CLASSES)).astype(np.float32)
    return [_softmax(truth, common, drawn) for _ in range(count)]


def _softmax(truth: np.ndarray, common: np.ndarray, drawn: np.random.Generator) -> np.ndarray:
    logits = common + drawn.normal(0, 1.2, common.shape).astype(np.float32)
    logits[np.arange(len(truth)), truth] += 6
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    return odds / odds.sum(axis=1, keepdims=True)


def noise(truth: np.ndarray, count: int, drawn: np.random.Generator) -> list[np.ndarray]:
    """Members that have nothing in common but a hint of the truth: the slowest case."""
    hint = np.eye(CLASSES, dtype=np.float32)[truth] / 2
    return [drawn.random(hint.shape, np.float32) + hint for _ in range(count)]


if __name__ == "__main__":
    main()
