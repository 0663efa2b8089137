"""Pretrained BERTs: a preset of keras-hub, or a folder in its layout or Hugging Face's."""

from pathlib import Path
from typing import Any

from tasks.core.errors import MissingWeights
from tasks.core.locations import expand
from tasks.learning.pretrained.weights import first_line
from tasks.text import vocabulary
from tasks.text.vocabulary import Vocabulary

VOCABULARIES = ("vocab.txt", "assets/tokenizer/vocabulary.txt")
"""The vocabulary file of each layout, with a token on each line."""


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


def bert_backbone(preset: str, **options: Any) -> Any:
    """The pretrained `keras_hub.models.BertBackbone`.

    Raises:
        MissingWeights: it cannot be read or downloaded.
    """
    import keras_hub

    folder = expand(preset)
    try:
        path = str(folder) if folder.is_dir() else preset
        return keras_hub.models.BertBackbone.from_preset(path, **options)
    except Exception as error:
        reason = first_line(error)
        raise MissingWeights(f"encoder.bert.preset: {preset!r} cannot be read ({reason})") from None


def _downloaded(preset: str) -> Path:
    from keras_hub.src.utils.preset_utils import get_file

    try:
        return Path(get_file(preset, VOCABULARIES[1]))
    except Exception as error:
        received = f"{preset!r} ({first_line(error)})"
        expected = "a folder or a preset of keras-hub"
        raise MissingWeights(f"encoder.bert.preset: expected {expected}, received {received}") from None
