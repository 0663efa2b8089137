"""Parts of functional networks: up to a layer, from a layer on, without the last dense layer, pooled."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from tasks.core.did_you_mean import suggestion
from tasks.core.errors import InvalidSettings


class Tensors(NamedTuple):
    """What a layer takes and gives in one model; its own `input` and `output` are those of its first call."""

    input: Any
    output: Any


def flattened(inputs: Any, scale: Any, body: Any, nested: tuple[Any, ...] = ()) -> Any:
    """A model that scales its inputs and then applies the layers of a functional model, one by one.

    These are the layers of `body` themselves, with their names and weights. A layer's `output` is that in the
    model it was made for; `tensors` gives the one in the returned model.

    Args:
        nested: layers of `body` that are functional models, whose layers are applied one by one too.
    """
    import keras

    found: dict[str, Tensors] = {}

    def apply(layer: Any, *arguments: Any, **options: Any) -> Any:
        if any(layer is each for each in nested):
            return through(layer, arguments[0])
        outputs = layer(*arguments, **options)
        found[layer.name] = Tensors(arguments[0], outputs)
        return outputs

    def through(model: Any, start: Any) -> Any:
        same = {"input_tensors": start, "clone_function": lambda layer: layer}
        keras.models.clone_model(model, **same, call_function=apply)  # for the calls alone
        (last,) = (each.name for each in model.operations if each.output is model.output)
        return found[last].output

    if isinstance(body.output, dict | list | tuple):
        names = ", ".join(body.output) if isinstance(body.output, dict) else len(body.output)
        raise InvalidSettings(f"{body.name}: expected a network with one output, received one with {names}")
    flat = keras.Model(inputs, through(body, scale(inputs)), name=body.name)
    flat.tensors_of_layers = MappingProxyType(found)  # of a type that Keras does not track
    return flat


def tensors(model: Any, layer: Any) -> Tensors:
    """What the layer takes and gives in this model."""
    found: Mapping[str, Tensors] = getattr(model, "tensors_of_layers", {})
    return found.get(layer.name) or Tensors(layer.input, layer.output)


def _replayed(model: Any, call: Any) -> Any:
    """The same layers on a new input, each called by `call`."""
    import keras

    return keras.models.clone_model(model, clone_function=lambda layer: layer, call_function=call)


def up_to(model: Any, layer: str) -> Any:
    """The model up to a layer; raises InvalidSettings if there is none of this name."""
    return _model(model, output_of(model, layer, setting="trunk.backbones.until"))


def _model(model: Any, outputs: Any) -> Any:
    """The model from the same inputs to other outputs."""
    import keras

    made = keras.Model(model.input, outputs)
    if hasattr(model, "tensors_of_layers"):
        made.tensors_of_layers = model.tensors_of_layers
    return made


def pooled(model: Any) -> Any:
    """The model with (b, h, w, c) or (b, tokens, c) outputs averaged to (b, c)."""
    import keras

    rank = len(model.output.shape)
    if rank == 2:
        return model
    pool = keras.layers.GlobalAveragePooling2D if rank == 4 else keras.layers.GlobalAveragePooling1D
    return _model(model, pool(name="pool")(model.output))


def headless(model: Any, *, logits: bool) -> Any:
    """The model up to the inputs of its last dense layer, with the outputs of that layer if `logits`."""
    import keras

    dense = [layer for layer in model.layers if isinstance(layer, keras.layers.Dense)][-1]
    features, scores = tensors(model, dense)
    return _model(model, keras.ops.concatenate([features, scores], axis=-1) if logits else features)


def output_of(model: Any, layer: str, *, setting: str) -> Any:
    """The output of the layer that a setting names; raises InvalidSettings if there is none."""
    layers = {each.name: each for each in model.layers}
    if layer in layers:
        return tensors(model, layers[layer]).output
    hint, last = suggestion(layer, list(layers)), ", ".join(list(layers)[-3:])
    if "/" in layer:
        hint += "; the graph does not go through layers inside another"
    raise InvalidSettings(
        f"{setting}: expected a layer of {model.name} (the last are {last}), received {layer!r}{hint}"
    )
