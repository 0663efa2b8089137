"""A training step of 49 heads of pairs: all scores laid out against scores as factors; run by hand.

Forward and backward, the gradients of the layer's input among them, on one thread in processor seconds. Both
ways learn the same weights from the same labels; the losses that stand beside the times must agree.
"""

import os
import time
from collections.abc import Callable
from typing import Any

import numpy as np

HEADS, WIDTH = 49, 128
LABELS, PLACES = 7, 8
"""Labelled pairs of a sentence, and places for them; one place is padding."""
SHAPES = ((32, 64), (8, 256))
"""Sentences, and tokens of each."""
REPEATS = 7

Step = Callable[[Any], tuple[Any, Any]]
"""x (b, n, d) → loss, gradients."""


def laid_out(pairs: np.ndarray, labels: np.ndarray, length: int) -> tuple[Any, Step]:
    """An efficient global pointer and sparse ZLPR."""
    from keras import ops

    from tasks.learning.layers.global_pointer import EfficientGlobalPointer
    from tasks.learning.layers.losses import sparse_zlpr

    layer = EfficientGlobalPointer(HEADS, rotary=False, triangle=False, seed=0)
    positives = np.where(labels, pairs[:, None], 0).astype(np.int32)

    def loss(x: Any, mask: Any) -> Any:
        flat = ops.reshape(layer(x, mask), (-1, HEADS, length * length))
        return ops.sum(sparse_zlpr(flat, positives))

    return layer, step(layer, loss)


def factored(pairs: np.ndarray, labels: np.ndarray, length: int) -> tuple[Any, Step]:
    """The factors of the same pointer and ZLPR of them."""
    from keras import ops

    from tasks.learning.layers.factored_pointer import FactoredPointer, factored_zlpr

    layer = FactoredPointer(HEADS, seed=0)
    targets = np.concatenate([pairs[:, None], labels], axis=1).astype(np.int32)
    return layer, step(layer, lambda x, mask: ops.sum(factored_zlpr(targets, layer(x, mask))))


def step(layer: Any, loss: Callable[[Any, Any], Any]) -> Step:
    """Loss and gradients as one graph."""
    import tensorflow as tf

    @tf.function
    def both(x: Any) -> tuple[Any, Any]:
        with tf.GradientTape() as tape:
            tape.watch(x)
            value = loss(x, tf.ones_like(x[..., :1]))
        return value, tape.gradient(value, [x, *layer.trainable_variables])

    return both


def labelled(drawn: np.random.Generator, count: int, length: int) -> tuple[np.ndarray, np.ndarray]:
    """Pairs (b, p) as first · n + last, padded by 0, and whether they are labels of a head (b, heads, p)."""
    pairs = np.zeros((count, PLACES), np.int32)
    for row in pairs:
        row[:LABELS] = drawn.choice(np.arange(1, length**2), LABELS, replace=False)
    labels = np.zeros((count, HEADS, PLACES), bool)
    labels[..., :LABELS] = drawn.random((count, HEADS, LABELS)) < 1 / HEADS
    return pairs, labels


def take_over(layer: Any, other: Any) -> None:
    """Weights of an efficient global pointer, whose queries come before its keys, for its factored form.

    Factored, the channels of queries and keys take turns, and so do the biases: first those of keys' ends.
    """
    kernel, bias = other.projection.get_weights()
    layer.content.set_weights([_in_turns(kernel), _in_turns(bias)])
    kernel, bias = other.ends.get_weights()
    rows = _in_turns(kernel.T).T
    layer.biases.set_weights([_swapped(rows), _swapped(bias)])


def _in_turns(halves: np.ndarray) -> np.ndarray:
    """The last axis with its two halves' entries in turns."""
    first, second = np.split(halves, 2, axis=-1)
    return np.stack([first, second], axis=-1).reshape(halves.shape)


def _swapped(halves: np.ndarray) -> np.ndarray:
    """As `_in_turns`, the second half's entries first."""
    first, second = np.split(halves, 2, axis=-1)
    return np.stack([second, first], axis=-1).reshape(halves.shape)


def seconds(act: Step, x: Any) -> float:
    """The median of a few calls after two that trace and warm up."""
    spent = []
    for _ in range(REPEATS + 2):
        began = time.process_time()
        act(x)
        spent.append(time.process_time() - began)
    return float(np.median(spent[2:]))


def main() -> None:
    """Print both times of each shape, and their ratio."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    from tasks.learning.training.keras_setup import configure

    configure(0)
    import tensorflow as tf

    for count, length in SHAPES:
        drawn = np.random.default_rng(0)
        x = tf.constant(drawn.standard_normal((count, length, WIDTH)), tf.float32)
        pairs, labels = labelled(drawn, count, length)
        (other, dense), (layer, sparse) = (way(pairs, labels, length) for way in (laid_out, factored))
        dense(x), sparse(x)  # builds the layers
        take_over(layer, other)
        losses = [float(way(x)[0]) for way in (dense, sparse)]
        times = [seconds(way, x) for way in (dense, sparse)]
        shown = f"laid out {times[0] * 1e3:6.1f} ms, factored {times[1] * 1e3:6.1f} ms, "
        shown += f"ratio {times[0] / times[1]:4.1f}; losses {losses[0]:.2f}, {losses[1]:.2f}"
        print(f"{count:3} x {length:3} tokens: {shown}")


if __name__ == "__main__":
    main()
