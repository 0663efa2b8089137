"""Attributions of one output of a network to its inputs, by integrated gradients."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tasks.core.execution.child_messages import Progress
from tasks.learning.attribution import gradients, path_integral, taps
from tasks.learning.attribution.path_integral import Attribution

Arrays = dict[str, np.ndarray]
Tile = Callable[[Arrays, int], Arrays]
"""(inputs of one record, count) → inputs of a batch of so many copies of it."""
Score = Callable[[dict[str, Any], dict[str, Any]], Any]
"""(outputs of the network by name, choice by name) → (s,) the explained output of each row, by Keras's
operations. The choice says which output: arrays whose shapes depend on the inputs' shapes alone."""


class Output(NamedTuple):
    """One output of a network for one record, to be explained."""

    inputs: Arrays
    """Of one record, a batch of one."""
    baseline: Arrays
    """The same without what is to be explained: blank tokens, a plain image."""
    choice: Arrays
    """Which output of the network (`Score`)."""


Weights = tuple[dict[str, np.ndarray], Attribution]
"""Attributions by name of the input, summed over the last axis of what stands for it; and as a whole."""


def copies(inputs: Arrays, count: int) -> Arrays:
    """A batch of copies of the only record, where rows are independent."""
    return {name: np.repeat(each, count, axis=0) for name, each in inputs.items()}


class Attributor:
    """Explains outputs of a network, record by record.

    Args:
        model: dict of inputs → dict of outputs; its weights may change between calls.
        score: the explained output.
        attributed: names of the inputs that get attributions; all others keep their values.
        tile: makes a batch of one record.
        at_once: points of the path computed together, which bounds the memory.
    """

    def __init__(
        self, model: Any, score: Score, attributed: Sequence[str], *, tile: Tile = copies, at_once: int = 16
    ) -> None:
        self._model, self._tile, self._at_once = model, tile, at_once
        self._names, self._score = tuple(attributed), score
        self._tapped: list[taps.Tap] = []
        self._gradients = gradients.gradients(model, self._outputs)

    def _outputs(self, values: list[Any], others: tuple[dict[str, Any], dict[str, Any]]) -> Any:
        inputs, choice = others
        return self._score(taps.run_with(self._model, inputs, self._tapped, values), choice)

    def attribute(self, output: Output) -> Weights:
        """The weights of what the network reads for one of its outputs."""
        self._tapped = taps.taps(self._model, output.inputs, self._names)
        starts, ends = (
            taps.values_at(self._model, each, self._tapped) for each in (output.baseline, output.inputs)
        )
        differences = [end - start for start, end in zip(starts, ends, strict=True)]
        others = self._tile(output.inputs, self._at_once), output.choice

        def slopes(places: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
            values = [
                np.concatenate([start + np.float32(place) * difference for place in places])
                for start, difference in zip(starts, differences, strict=True)
            ]
            outputs, found = self._gradients(values, others)
            along = [
                (each.reshape(len(places), *difference.shape) * difference).sum(axis=-1)
                for each, difference in zip(found, differences, strict=True)
            ]
            return outputs, along

        found = path_integral.integrate(slopes, at_once=self._at_once)
        by_name: dict[str, np.ndarray] = {}
        for tap, each in zip(self._tapped, found.values, strict=True):
            by_name[tap.name] = by_name[tap.name] + each if tap.name in by_name else each
        return by_name, found

    def of_models(
        self, outputs: Sequence[Output], models: Sequence[Path], load: Callable[[Path], None]
    ) -> list[Weights]:
        """The weights for the mean of several models' outputs, which is the mean of their weights.

        Args:
            load: gives the network the weights of a model in this folder.
        """
        found: list[list[Weights]] = [[] for _ in outputs]
        progress, done = Progress("explained outputs", len(outputs) * len(models)), 0
        for model in models:
            load(model)
            for place, output in enumerate(outputs):
                found[place].append(self.attribute(output))
                progress.at(done := done + 1)
        return [_mean(each) for each in found]


def _mean(weights: Sequence[Weights]) -> Weights:
    names = weights[0][0]
    by_name = {name: np.mean([each[name] for each, _ in weights], axis=0) for name in names}
    return by_name, path_integral.mean([each for _, each in weights])
