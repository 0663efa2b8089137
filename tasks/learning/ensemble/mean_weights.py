"""The mean of the weights of several models of one architecture, called a soup: one model, as fast as each.

Wortsman et al.: Model soups: averaging weights of multiple fine-tuned models improves accuracy without
increasing inference time, ICML 2022.

A soup is good where the models lie in one basin of the loss, as those do that were fine-tuned from the same
weights and stayed near them. Networks trained from different random weights do not: their mean predicts
little better than chance.

Running means and variances of batch normalisation are averaged like weights. Izmailov et al. (Averaging
Weights Leads to Wider Optima and Better Generalization, UAI 2018) compute them anew in a pass over the
training records, since the activations of mean weights have other statistics. Here that would change nothing
where soups are of use: networks that start from pretrained weights keep the statistics of these.
"""

import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tasks.core.cache.digests import sha256_of_file

WEIGHTS, HISTORY = "model.weights.h5", "history.json"
"""Files of every model (`tasks.learning.training.job`)."""
OPTIMIZER = "optimizer"
"""Group of the weights file that only a training reads."""


class Variable(NamedTuple):
    """Form of one variable of a model."""

    dtype: str
    shape: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.dtype} {self.shape}"


def variables(model: Path) -> dict[str, Variable]:
    """The variables of a model that predictions load, by their places in its weights file.

    Args:
        model: folder of a trained model.
    """
    import h5py

    with h5py.File(model / WEIGHTS) as file:
        return {name: Variable(str(each.dtype), each.shape) for name, each in _datasets(file)}


def difference(expected: Path, received: Path) -> str | None:
    """The first difference for which weights of two models cannot be averaged, as text; None if they can.

    The models must have the same variables, and the same files beside the weights: what predictions need of
    the training records.
    """
    if not all((model / WEIGHTS).is_file() for model in (expected, received)):
        return f"file {WEIGHTS}: expected weights of a network, received none, as of an estimator"
    first, second = variables(expected), variables(received)
    for name in sorted(first.keys() | second.keys()):
        if first.get(name) != second.get(name):
            return f"weight {name}: expected {first.get(name, 'none')}, received {second.get(name, 'none')}"
    files, others = _further_files(expected), _further_files(received)
    for name in sorted(files.keys() | others.keys()):
        if files.get(name) != others.get(name):
            return f"file {name}: expected {_content(files.get(name))}, received {_content(others.get(name))}"
    return None


def write_mean(models: Sequence[Path], folder: Path) -> None:
    """Write a model whose weights are the mean of those of several, as a training writes one.

    Means are computed in float64 and written in the type of the variables. Integers are those of the first
    model, as is what lies beside the weights. There is no optimizer and no history of epochs.

    Raises:
        ValueError: the models differ in more than the values of their weights.
    """
    import h5py

    for other in models[1:]:
        if (text := difference(models[0], other)) is not None:
            raise ValueError(f"{other}: expected a model like {models[0]}; {text}")
    with ExitStack() as stack:
        files = [stack.enter_context(h5py.File(model / WEIGHTS)) for model in models]
        written = stack.enter_context(h5py.File(folder / WEIGHTS, "w"))
        for name, entry in _entries(files[0]):
            if isinstance(entry, h5py.Group):
                copy = written.create_group(name)
            else:
                copy = written.create_dataset(name, data=_mean([file[name] for file in files]))
            for key, value in entry.attrs.items():
                copy.attrs[key] = value
    for name in _further_files(models[0]):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(models[0] / name, folder / name)
    (folder / HISTORY).write_text(json.dumps([]), "utf-8")


def _mean(datasets: Sequence[Any]) -> np.ndarray:
    """The mean of float variables, computed in float64; of others the first."""
    first = np.asarray(datasets[0][()])
    if first.dtype.kind in "iub":
        return first
    if first.dtype.kind != "f":  # Keras writes bfloat16 as bytes
        raise ValueError(f"{datasets[0].name}: expected floats or integers, received {first.dtype}")
    total = first.astype(np.float64)
    for each in datasets[1:]:
        total = total + each[()]
    return np.asarray(total / len(datasets), first.dtype)


def _entries(file: Any) -> Iterator[tuple[str, Any]]:
    """Groups and datasets of a weights file that predictions load, each group before what is in it."""
    names: list[str] = []
    file.visit(names.append)
    yield from ((name, file[name]) for name in names if name.partition("/")[0] != OPTIMIZER)


def _datasets(file: Any) -> Iterator[tuple[str, Any]]:
    import h5py

    yield from ((name, each) for name, each in _entries(file) if isinstance(each, h5py.Dataset))


def _further_files(model: Path) -> dict[str, str]:
    """Digests of the files beside weights and history, by name."""
    files = {path.relative_to(model).as_posix(): path for path in sorted(model.rglob("*")) if path.is_file()}
    return {name: sha256_of_file(path) for name, path in files.items() if name not in (WEIGHTS, HISTORY)}


def _content(digest: str | None) -> str:
    return f"contents {digest[:8]}" if digest else "none"
