"""Write networks as files of Keras, ONNX or TensorFlow's SavedModel, each read back and compared.

This runs in a child process (`child`). Keras's own format keeps the layers; the other two hold the
computation alone and need no code of ours.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tasks.core.competition import find
from tasks.core.dispatch import read_job
from tasks.core.errors import UserError
from tasks.core.execution.child_messages import Progress
from tasks.core.jobs import ExportJob
from tasks.learning.export.network import ExportedNetwork

BATCH = "batch.npz"
"""Inputs of real records, by name."""
DESCRIPTION = "network.json"
"""What the networks have in common: inputs, outputs, classes, versions."""

Outputs = dict[str, np.ndarray]


class ExportFormat(NamedTuple):
    """How a network is written, read back and run."""

    suffix: str
    write: Callable[[Any, Path], None]
    run: Callable[[Path, Outputs], Outputs]
    """(file, inputs): the outputs of the file's network."""
    tolerance: float
    """Largest difference of an output from the network's own, relative and absolute."""
    libraries: tuple[str, ...] = ()
    """Modules that are needed besides Keras and TensorFlow."""


def child(job: dict[str, Any]) -> None:
    """Entry of the child process: write all networks of an `ExportJob`, and what describes them."""
    import keras

    from tasks.learning.training.keras_setup import configure

    export = read_job(job, ExportJob)
    configure(export.seed)
    keras.mixed_precision.set_global_policy("float32")  # on a card too: files are for any machine
    contract = find(export.competition)
    if contract.network is None:
        raise UserError(f"members: expected a competition with networks, received {export.competition!r}")
    network, progress = contract.network(export), Progress("networks", len(export.models))
    for number, (folder, name) in enumerate(zip(export.models, export.names, strict=True), 1):
        network.load(folder)
        write_checked(network, FORMATS[export.format], export.output, name)
        progress.at(number)
    np.savez(export.output / BATCH, **network.batch)
    for name, vocabulary in network.vocabularies.items():
        _write_json(export.output / f"{name}.json", _tokens(vocabulary))
    _write_json(export.output / DESCRIPTION, description(network))


def write_checked(network: ExportedNetwork, form: ExportFormat, folder: Path, name: str) -> Path:
    """Write a network, read it back, and compare the outputs of both for the real batch.

    Raises:
        UserError: the format has no form of this network, or the outputs differ.
    """
    file = folder / f"{name}{form.suffix}"
    expected = _arrays(network.model.predict_on_batch(network.batch))
    try:
        form.write(network.model, file)
        received = form.run(file, network.batch)
    except Exception as error:
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise UserError(
            f"{file.name}: this network cannot be written in that format ({reason[0]})"
        ) from error
    if problem := difference(expected, received, tolerance=form.tolerance):
        raise UserError(f"{file.name}: read back, it gives other outputs than the network: {problem}")
    return file


def difference(expected: Outputs, received: Outputs, *, tolerance: float) -> str:
    """How outputs differ by more than a tolerance, absolute and relative; empty if they do not.

    >>> ones = {"a": np.ones(2)}
    >>> difference(ones, {"a": np.full(2, 1 + 1e-9)}, tolerance=1e-6)
    ''
    >>> difference(ones, {"b": np.ones(2)}, tolerance=1e-6)
    'expected a, received b'
    """
    if expected.keys() != received.keys():
        return f"expected {', '.join(expected)}, received {', '.join(received)}"
    for name, values in expected.items():
        if values.shape != received[name].shape:
            return f"{name}: expected the shape {values.shape}, received {received[name].shape}"
        if not np.allclose(received[name], values, rtol=tolerance, atol=tolerance, equal_nan=True):
            largest = float(np.nanmax(np.abs(received[name] - values)))
            return f"{name}: expected differences of at most {tolerance:g}, received {largest:.3g}"
    return ""


def description(network: ExportedNetwork) -> dict[str, Any]:
    """Inputs, outputs, classes and versions as JSON; a size of null differs from batch to batch."""
    import keras

    backend = keras.backend.backend()
    return {
        "inputs": _tensors(network.model.input, network.inputs),
        "outputs": _tensors(network.model.output, network.outputs),
        "classes": network.classes,
        "vocabularies": {name: f"{name}.json" for name in network.vocabularies},
        "layers": network.layers,
        "notes": list(network.notes),
        "versions": {"keras": keras.__version__, backend: _backend_version(backend)},
    }


def _backend_version(backend: str) -> str:
    import importlib.metadata

    return importlib.metadata.version(backend)


def _tensors(tensors: dict[str, Any], meanings: dict[str, str]) -> dict[str, dict[str, Any]]:
    return {
        name: {"shape": list(each.shape), "dtype": each.dtype, "meaning": meanings[name]}
        for name, each in tensors.items()
    }


def _tokens(vocabulary: Any) -> dict[str, Any]:
    """Numbers of tokens, and of the special ones, which no text contains."""
    names = ("padding", "unknown", "begin", "end", "mask")
    return {
        "special": dict(zip(names, vocabulary.special, strict=True)),
        "numbers": vocabulary.numbered,
    }


def _write_json(file: Path, value: Any) -> None:
    file.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", "utf-8")


def _arrays(outputs: dict[str, Any]) -> Outputs:
    return {name: np.asarray(each) for name, each in outputs.items()}


def _write_keras(model: Any, file: Path) -> None:
    model.save(file)


def _run_keras(file: Path, batch: Outputs) -> Outputs:
    import keras

    return _arrays(keras.saving.load_model(file).predict_on_batch(batch))


def _write_saved_model(model: Any, file: Path) -> None:
    model.export(file, format="tf_saved_model", verbose=False)


def _run_saved_model(file: Path, batch: Outputs) -> Outputs:
    import tensorflow as tf

    network = tf.saved_model.load(str(file))  # holds the variables, which `serve` alone does not
    return _arrays(network.serve({name: tf.constant(each) for name, each in batch.items()}))


def _write_onnx(model: Any, file: Path) -> None:
    model.export(file, format="onnx", verbose=False)


def _run_onnx(file: Path, batch: Outputs) -> Outputs:
    import onnxruntime

    session = onnxruntime.InferenceSession(file)
    names = [each.name for each in session.get_outputs()]
    values = session.run(None, {each.name: batch[each.name] for each in session.get_inputs()})
    return _arrays(dict(zip(names, values, strict=True)))


FORMATS = {
    "keras": ExportFormat(".keras", _write_keras, _run_keras, 1e-6),
    "savedmodel": ExportFormat("", _write_saved_model, _run_saved_model, 1e-6),
    # another program with other kernels, which adds in another order
    "onnx": ExportFormat(".onnx", _write_onnx, _run_onnx, 1e-4, libraries=("tf2onnx", "onnx", "onnxruntime")),
}
"""By the name that `--format` takes."""
