"""Pretrained BERTs: a preset of keras-hub, or a folder in its layout or Hugging Face's."""

import json
from pathlib import Path
from typing import Any

from tasks.core.errors import InvalidSettings, MissingWeights
from tasks.core.locations import expand
from tasks.learning.pretrained.weights import check_finite, first_line
from tasks.text import vocabulary
from tasks.text.vocabulary import Vocabulary

VOCABULARIES = ("vocab.txt", "assets/tokenizer/vocabulary.txt")
"""The vocabulary file of each layout, with a token on each line."""
CONFIG = "config.json"
OTHER_WEIGHTS = ("pytorch_model.bin", "tf_model.h5", "flax_model.msgpack", "bert_model.ckpt.index")
"""Files of weights that are not read."""


def bert_vocabulary(preset: str) -> Vocabulary:
    """The vocabulary of a pretrained BERT.

    Raises:
        MissingWeights: a folder has none, or a preset is unknown or cannot be downloaded.
    """
    folder = expand(preset)
    if not folder.is_dir():
        return vocabulary.of_file(_downloaded(preset))
    for name in VOCABULARIES:
        if (folder / name).is_file():
            return vocabulary.of_file(folder / name)
    expected = " or ".join(VOCABULARIES)
    raise MissingWeights(f"encoder.bert.preset: expected {expected} in {folder}, found neither")


def bert_backbone(preset: str, *, first_layers: int = 0, **options: Any) -> Any:
    """The pretrained `keras_hub.models.BertBackbone`, or its first layers alone where their number is given.

    A file in Hugging Face's layout need not have the weights of the pooler, which no encoder uses: models of
    masked characters are saved without.

    Raises:
        InvalidSettings: it has fewer layers.
        MissingWeights: it cannot be read or downloaded.
    """
    import keras_hub

    folder = expand(preset)
    path = str(folder) if folder.is_dir() else preset
    try:
        if _is_hugging_faces(path):
            backbone = _converted(path, **options)
        else:
            backbone = keras_hub.models.BertBackbone.from_preset(path, **options)
    except Exception as error:
        reason = _not_read(folder) or first_line(error)
        raise MissingWeights(f"encoder.bert.preset: {preset!r} cannot be read ({reason})") from None
    check_finite(backbone, f"encoder.bert.preset: {preset!r}")
    return _first_layers(backbone, first_layers) if first_layers else backbone


def _first_layers(backbone: Any, count: int) -> Any:
    """A network of the same weights that ends after so many layers."""
    if count > backbone.num_layers:
        expected = f"at most {backbone.num_layers}, the layers that the pretrained network has"
        raise InvalidSettings(f"encoder.bert.first_layers: expected {expected}; received {count}")
    shorter = type(backbone).from_config({**backbone.get_config(), "num_layers": count})
    for layer in shorter.layers:
        layer.set_weights(backbone.get_layer(layer.name).get_weights())
    return shorter


def _is_hugging_faces(path: str) -> bool:
    from keras_hub.src.utils.preset_utils import get_file

    config = json.loads(Path(get_file(path, CONFIG)).read_text("utf-8"))
    return config.get("model_type") == "bert" and "registered_name" not in config


def _converted(path: str, **options: Any) -> Any:
    """The network of a folder in Hugging Face's layout, its pooler fresh where the file has none."""
    import keras_hub
    from keras_hub.src.utils.preset_utils import get_file
    from keras_hub.src.utils.transformers.convert_bert import convert_weights
    from keras_hub.src.utils.transformers.safetensor_utils import SafetensorLoader

    class Loader(SafetensorLoader):
        def port_weight(self, keras_variable: Any, hf_weight_key: str, hook_fn: Any = None) -> None:
            try:
                super().port_weight(keras_variable, hf_weight_key, hook_fn)
            except Exception:
                if not hf_weight_key.startswith("pooler."):
                    raise

    config = json.loads(Path(get_file(path, CONFIG)).read_text("utf-8"))
    options = {"num_segments": config.get("type_vocab_size", 2), **options}
    backbone = keras_hub.models.BertBackbone.from_preset(path, load_weights=False, **options)
    with Loader(path) as loader:
        convert_weights(backbone, loader, config)
    return backbone


def _not_read(folder: Path) -> str | None:
    """What to do with a folder whose weights have another format; None if there are no such weights."""
    other = [name for name in OTHER_WEIGHTS if (folder / name).is_file()]
    if not other or any(folder.glob("*.safetensors")) or any(folder.glob("*.weights.h5")):
        return None
    how = "transformers' BertModel.from_pretrained(folder).save_pretrained(new_folder)"
    return f"expected model.safetensors, found {other[0]}; {how} converts it"


def _downloaded(preset: str) -> Path:
    """The vocabulary of a preset, in either layout."""
    from keras_hub.src.utils.preset_utils import get_file

    first: Exception | None = None
    for name in reversed(VOCABULARIES):
        try:
            return Path(get_file(preset, name))
        except Exception as error:
            first = first or error
    assert first is not None
    expected = "a folder or a preset of keras-hub"
    received = f"{preset!r} ({first_line(first)})"
    raise MissingWeights(f"encoder.bert.preset: expected {expected}, received {received}") from None
