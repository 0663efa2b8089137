"""A tiny random BERT, and folders with it in the layouts of keras-hub and of Hugging Face."""

import json
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tasks.text.bert_files import VOCABULARIES

TOKENS = ("[unused1]", "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"青石巷是何景写的？?a")
PADDING, SPACE = 1, 0
WIDTH, LAYERS, HEADS, POSITIONS = 16, 1, 2, 32


def tiny(tokens: Sequence[str] = TOKENS, *, positions: int = POSITIONS, layers: int = LAYERS) -> Any:
    """A random BERT."""
    from keras_hub.models import BertBackbone

    backbone = BertBackbone(
        vocabulary_size=len(tokens),
        num_layers=layers,
        num_heads=HEADS,
        hidden_dim=WIDTH,
        intermediate_dim=2 * WIDTH,
        max_sequence_length=positions,
    )
    random = np.random.default_rng(0)
    backbone.set_weights([random.normal(0, 0.3, value.shape) for value in backbone.get_weights()])
    return backbone


def in_keras_hubs_layout(folder: Path, backbone: Any, tokens: Sequence[str] = TOKENS) -> Path:
    backbone.save_to_preset(str(folder))
    (folder / VOCABULARIES[1]).parent.mkdir(parents=True, exist_ok=True)
    (folder / VOCABULARIES[1]).write_text("\n".join(tokens) + "\n", "utf-8")
    return folder


def in_hugging_faces_layout(folder: Path, backbone: Any, tokens: Sequence[str] = TOKENS) -> Path:
    folder.mkdir()
    config = {
        "model_type": "bert",
        "vocab_size": len(tokens),
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "hidden_size": WIDTH,
        "intermediate_size": 2 * WIDTH,
        "hidden_dropout_prob": 0.1,
        "max_position_embeddings": backbone.max_sequence_length,
        "type_vocab_size": 2,
    }
    (folder / "config.json").write_text(json.dumps(config), "utf-8")
    (folder / "vocab.txt").write_text("\n".join(tokens) + "\n", "utf-8")
    (folder / "model.safetensors").write_bytes(safetensors(named(backbone)))
    return folder


def named(backbone) -> dict[str, np.ndarray]:
    """The weights under the names and in the shapes of a PyTorch BERT."""
    layer = backbone.get_layer("transformer_layer_0")
    attention = layer._self_attention_layer
    found = {
        "embeddings.word_embeddings.weight": backbone.token_embedding.embeddings,
        "embeddings.position_embeddings.weight": backbone.get_layer("position_embedding").position_embeddings,
        "embeddings.token_type_embeddings.weight": backbone.get_layer("segment_embedding").embeddings,
        **normalisation("embeddings.LayerNorm", backbone.get_layer("embeddings_layer_norm")),
        **normalisation("encoder.layer.0.attention.output.LayerNorm", layer._self_attention_layer_norm),
        **normalisation("encoder.layer.0.output.LayerNorm", layer._feedforward_layer_norm),
        **dense("encoder.layer.0.intermediate.dense", layer._feedforward_intermediate_dense),
        **dense("encoder.layer.0.output.dense", layer._feedforward_output_dense),
        **dense("pooler.dense", backbone.get_layer("pooled_dense")),
        **dense("encoder.layer.0.attention.output.dense", attention._output_dense),
    }
    for name in ("query", "key", "value"):
        found |= dense(f"encoder.layer.0.attention.self.{name}", getattr(attention, f"_{name}_dense"))
    return {name: np.array(value, np.float32) for name, value in found.items()}


def normalisation(name: str, layer) -> dict:
    return {f"{name}.weight": layer.gamma, f"{name}.bias": layer.beta}


def dense(name: str, layer) -> dict:
    kernel, bias = (np.array(value) for value in layer.get_weights())
    matrix = kernel.reshape(-1, bias.size) if kernel.shape[-bias.ndim :] == bias.shape else kernel
    return {f"{name}.weight": matrix.T, f"{name}.bias": bias.reshape(-1)}


def safetensors(arrays: dict[str, np.ndarray]) -> bytes:
    """Eight bytes with the header's length, the header in JSON, the numbers."""
    header, data = {}, b""
    for name, array in arrays.items():
        place = [len(data), len(data) + array.nbytes]
        header[name] = {"dtype": "F32", "shape": list(array.shape), "data_offsets": place}
        data += np.ascontiguousarray(array).tobytes()
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


LAYOUTS = {"keras-hub": in_keras_hubs_layout, "Hugging Face": in_hugging_faces_layout}
