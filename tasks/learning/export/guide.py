"""The page that tells a person how to use exported networks: `README.txt`, of what `models.json` says."""

import textwrap
from typing import Any

WIDTH = 100
EXAMPLES = {
    "keras": """\
import keras, numpy as np
import {layers}  # registers Podium's layers
network = keras.saving.load_model("{file}")
outputs = network.predict_on_batch(dict(np.load("batch.npz")))
print({{name: each.shape for name, each in outputs.items()}})
""",
    "savedmodel": """\
import numpy as np, tensorflow as tf
network = tf.saved_model.load("{file}")
batch = {{name: tf.constant(each) for name, each in np.load("batch.npz").items()}}
outputs = network.serve(batch)
print({{name: each.shape for name, each in outputs.items()}})
""",
    "onnx": """\
import numpy as np, onnxruntime
network = onnxruntime.InferenceSession("{file}")
names, batch = [each.name for each in network.get_outputs()], dict(np.load("batch.npz"))
outputs = dict(zip(names, network.run(None, batch)))
print({{name: each.shape for name, each in outputs.items()}})
""",
}
"""By format; run in the folder of the files."""
PYTHON = {
    "keras": "by the Python of an environment in which Podium is installed",
    "savedmodel": "with TensorFlow; Podium is not needed",
    "onnx": "with ONNX Runtime; Podium is not needed",
}


def example(facts: dict[str, Any]) -> str:
    """Five lines of Python that run the first network on the real batch."""
    return EXAMPLES[facts["format"]].format(layers=facts["layers"], file=facts["models"][0]["file"])


def guide(facts: dict[str, Any]) -> str:
    """The page.

    Args:
        facts: the contents of `models.json`.
    """
    versions = ", ".join(f"{name} {version}" for name, version in facts["versions"].items())
    blocks = [
        f"Networks of member {facts['member']} ({facts['digest'][:8]}) of the competition "
        f"{facts['competition']}, written by Podium with {versions}. models.json says all this to programs.",
        "\n".join(f"  {_file(each)}" for each in facts["models"]),
        "Inputs, batch.npz has those of some real records; a size of * may differ from batch to batch:",
        _tensors(facts["inputs"]),
        "Outputs:",
        _tensors(facts["outputs"]),
        *([f"Classes, in order: {_shortened(facts['classes'])}"] if facts["classes"] else []),
        *facts["notes"],
        f"Example, to be run in this folder, {PYTHON[facts['format']]}:",
        textwrap.indent(example(facts), "    ").rstrip(),
    ]
    return (
        "\n\n".join(each if each.startswith("  ") else textwrap.fill(each, WIDTH) for each in blocks) + "\n"
    )


def _file(model: dict[str, Any]) -> str:
    seed = "" if model["seed"] is None else f", seed {model['seed']}"
    return f"{model['file']}: trained without fold {model['fold']}{seed}; model {model['digest'][:16]}"


def _tensors(tensors: dict[str, dict[str, Any]]) -> str:
    return "\n".join(
        textwrap.fill(
            f"{name} {_shape(each['shape'])} {each['dtype']}: {each['meaning']}",
            WIDTH,
            initial_indent="  ",
            subsequent_indent="    ",
        )
        for name, each in tensors.items()
    )


def _shape(shape: list[int | None]) -> str:
    return f"({', '.join('*' if size is None else str(size) for size in shape)})"


def _shortened(classes: list[Any], shown: int = 20) -> str:
    more = f" … {len(classes)} in all, see models.json" if len(classes) > shown else ""
    return ", ".join(map(str, classes[:shown])) + more
