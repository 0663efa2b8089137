"""Where a network is tapped: tensors that stand for its inputs, and by which outputs can be differentiated.

Numbers of tokens have no gradients, their embeddings have. So a network is run once with real inputs to see
what the operations that read these give, and later with other values in place of those: what is between
baseline and input. All else in the network keeps the real inputs, such as the mask of padding.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from tasks.learning.layers.nesting import nested_layers

Arrays = dict[str, np.ndarray]


class Tap(NamedTuple):
    """One tensor that stands for an input."""

    name: str
    """Of the input."""
    operation: Any = None
    """The operation whose output it is; None: it is the input itself."""
    call: int = 0
    """Number of the call of this operation in a run of the network."""


def taps(model: Any, inputs: Arrays, names: Iterable[str]) -> list[Tap]:
    """The tensors that stand for these inputs of a model.

    Inputs of floating-point numbers are tapped themselves, numbers of tokens at every embedding that reads
    them, and other integers at the operations that read them first.

    Args:
        inputs: of one record, by name; they are run through the network.
    """
    names = [name for name in names if name in inputs]
    floats = [name for name in names if np.issubdtype(_dtype(model, name), np.floating)]
    readers = _readers(model, [name for name in names if name not in floats])
    found = [Tap(name) for name in floats]

    def note(operation: Any, call: int, argument: Any, output: Any) -> Any:
        name = next((each for each in readers[id(operation)][1] if _is(argument, inputs[each])), None)
        if name is not None:
            found.append(Tap(name, operation, call))
        return output

    with _intercepted([operation for operation, _ in readers.values()], note):
        model(inputs, training=False)
    return found


def values_at(model: Any, inputs: Arrays, tapped: list[Tap]) -> list[np.ndarray]:
    """The values of the tensors for these inputs, float32."""
    found = {(id(tap.operation), tap.call): index for index, tap in enumerate(tapped) if tap.operation}
    values = [np.asarray(inputs[tap.name], np.float32) for tap in tapped]

    def note(operation: Any, call: int, argument: Any, output: Any) -> Any:
        if (index := found.get((id(operation), call))) is not None:
            values[index] = _array(output)
        return output

    with _intercepted(_operations(tapped), note):
        model(inputs, training=False)
    return values


def run_with(model: Any, inputs: dict[str, Any], tapped: list[Tap], values: list[Any]) -> Any:
    """The outputs of a model with other values at the tapped tensors."""
    given = {
        (id(tap.operation), tap.call): each for tap, each in zip(tapped, values, strict=True) if tap.operation
    }
    direct = {tap.name: each for tap, each in zip(tapped, values, strict=True) if not tap.operation}

    def replace(operation: Any, call: int, argument: Any, output: Any) -> Any:
        return given.get((id(operation), call), output)

    with _intercepted(_operations(tapped), replace):
        return model({**inputs, **direct}, training=False)


def _operations(tapped: list[Tap]) -> list[Any]:
    return list({id(tap.operation): tap.operation for tap in tapped if tap.operation}.values())


@contextmanager
def _intercepted(operations: list[Any], handle: Callable[[Any, int, Any, Any], Any]) -> Iterator[None]:
    """Let `handle(operation, number of its call, first argument, output)` give the operations' outputs."""
    calls: Counter[int] = Counter()

    def wrapped(operation: Any, call: Any) -> Any:
        def instead(argument: Any, *arguments: Any, **options: Any) -> Any:
            number = calls[id(operation)]
            calls[id(operation)] += 1
            return handle(operation, number, argument, call(argument, *arguments, **options))

        return instead

    try:
        for operation in operations:
            # on the object itself, past the tracking of Keras's layers, which has nothing to track here
            object.__setattr__(operation, "call", wrapped(operation, operation.call))
        yield
    finally:
        for operation in operations:
            vars(operation).pop("call", None)


def _dtype(model: Any, name: str) -> Any:
    return np.dtype(model.input[name].dtype)


def _readers(model: Any, names: list[str]) -> dict[int, tuple[Any, list[str]]]:
    """By id: embeddings, which may read any of these inputs, and operations that read one of them first."""
    import keras

    numbers = [name for name in names if _dtype(model, name) == np.int32]
    found = {
        id(layer): (layer, numbers)
        for _, layer in nested_layers(model.layers)
        if isinstance(layer, keras.layers.Embedding)
    }
    tensors = {id(model.input[name]): name for name in names if name not in numbers}
    for operation in model.operations:
        for node in operation._inbound_nodes:  # Keras has no public way to ask what reads a tensor
            read = [tensors[id(each)] for each in node.input_tensors if id(each) in tensors]
            if read and isinstance(operation, keras.Operation) and operation.name.startswith("cast"):
                found[id(operation)] = (operation, read)
    return found


def _is(argument: Any, values: np.ndarray) -> bool:
    received = _array(argument)
    return received.shape == values.shape and bool(np.array_equal(received, values))


def _array(tensor: Any) -> np.ndarray:
    import keras

    return np.asarray(keras.ops.convert_to_numpy(tensor))
