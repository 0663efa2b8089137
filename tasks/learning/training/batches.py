"""Selection of the records of each batch.

The contents of a batch are a function of the seed and the step alone, so that a training can resume at any
step.
"""

import numpy as np

# Separate random streams for orders and pairs, so that equal seeds do not correlate them.
_ORDER, _PAIRS = 0, 1


def order(count: int, *, seed: int, epoch: int) -> np.ndarray:
    """Return a permutation of the records for this epoch, (count,) int64."""
    return _generator(seed, _ORDER, epoch).permutation(count)


def class_pairs(labels: np.ndarray, *, batch_size: int, seed: int, step: int) -> np.ndarray:
    """Draw a batch of pairs of records of one class, from distinct classes.

    Classes are drawn in proportion to their numbers of records. If there are fewer than batch_size / 2
    classes, each gives several pairs; a class with too few records repeats them, each as often as the others
    or once more. With an odd batch size the last record has no partner.

    Args:
        labels: (n,) the class of each record.

    Returns:
        (batch_size,) int64 indices of `labels`; the records of a pair are adjacent.
    """
    generator = _generator(seed, _PAIRS, step)
    classes, counts = np.unique(labels, return_counts=True)
    pair_count = -(-batch_size // 2)
    rounds, rest = divmod(pair_count, len(classes))
    pairs = np.full(len(classes), rounds)
    pairs[generator.choice(len(counts), rest, replace=False, p=counts / counts.sum())] += 1

    chosen = [
        np.resize(generator.permutation(np.flatnonzero(labels == classes[position])), 2 * number)
        for position, number in enumerate(pairs)
        if number
    ]
    couples = np.concatenate(chosen).reshape(pair_count, 2)
    return generator.permutation(couples).reshape(-1)[:batch_size]


def _generator(seed: int, stream: int, position: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(stream, position)))
