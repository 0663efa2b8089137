from pathlib import Path

import numpy as np
import pytest

from tasks.core.errors import InvalidSettings, MissingWeights
from tasks.text.bert_files import bert_backbone, bert_vocabulary
from tasks.text.config import Encoder
from tasks.text.encoders import _mask
from tasks.text.tokenization import Tokenizer, padded
from tasks.text.vocabulary import of_file
from tests.text.tiny_bert import (
    LAYOUTS,
    PADDING,
    POSITIONS,
    SPACE,
    TOKENS,
    WIDTH,
    in_keras_hubs_layout,
    named,
    safetensors,
    tiny,
)


@pytest.fixture(autouse=True, scope="module")
def _ready():
    """Every test here computes."""
    from tasks.learning.training.keras_setup import configure

    configure(0)


@pytest.fixture(scope="module")
def folders(tmp_path_factory) -> dict[str, Path]:
    root, backbone = tmp_path_factory.mktemp("bert"), tiny()
    return {name: write(root / name.replace(" ", "-"), backbone) for name, write in LAYOUTS.items()}


def hidden(preset: Path | str, tokens: np.ndarray, **options) -> np.ndarray:
    from keras import ops

    given = {"token_ids": tokens, "segment_ids": np.zeros_like(tokens), "padding_mask": np.ones_like(tokens)}
    backbone = bert_backbone(str(preset), dropout=0.0, **options)
    return ops.convert_to_numpy(backbone(given)["sequence_output"])


def test_both_layouts_give_the_same_network(folders):
    tokens = bert_vocabulary(str(folders["keras-hub"])).numbers("何景写青石巷")[None]
    first, other = (hidden(folder, tokens) for folder in folders.values())
    assert first.shape == (1, 8, WIDTH)
    np.testing.assert_allclose(first, other, rtol=1e-4, atol=1e-5)


def test_first_layers_give_what_the_whole_network_has_after_them(tmp_path):
    import keras

    whole = tiny(layers=3)
    preset = in_keras_hubs_layout(tmp_path / "whole", whole)
    tokens = bert_vocabulary(str(preset)).numbers("何景写青石巷")[None]
    part = keras.Model(whole.input, whole.get_layer("transformer_layer_1").output)
    given = {"token_ids": tokens, "segment_ids": np.zeros_like(tokens), "padding_mask": np.ones_like(tokens)}
    np.testing.assert_allclose(hidden(preset, tokens, first_layers=2), part(given), rtol=1e-5, atol=1e-6)
    assert not np.allclose(hidden(preset, tokens), part(given), atol=0.01)
    with pytest.raises(InvalidSettings, match="first_layers: expected at most 3"):
        hidden(preset, tokens, first_layers=4)


def test_a_fresh_network_is_not_cut():
    with pytest.raises(ValueError, match="first_layers: expected 0 without a preset"):
        Encoder.model_validate({"kind": "bert", "bert": {"first_layers": 2}})


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_vocabulary_is_found_in_either_layout(folders, layout):
    made = bert_vocabulary(str(folders[layout]))
    assert made.of_text("青？?Ａ 龘").tolist() == [3, 6, 14, 15, 16, SPACE, 2, 4]
    assert (made.size, made.padding) == (len(TOKENS), PADDING)


def encoder(preset: Path, longest: int) -> Tokenizer:
    settings = {"kind": "bert", "longest": longest, "bert": {"preset": str(preset)}}
    return Tokenizer(Encoder.model_validate(settings), dict)  # nobody asks for characters


def test_a_pretrained_encoder_pads_with_its_own_token(folders):
    from keras import ops

    from tasks.text.encoders import encoded

    own = encoder(folders["Hugging Face"], POSITIONS - 2)
    base = encoded(own, seed=0)
    import keras

    model = keras.Model(base.inputs, base.hidden)
    sentences = [own.inputs(text) for text in ("何景", "青石巷" * 12)]
    characters = own.batch(sentences)["characters"]
    assert characters.shape == (2, POSITIONS)
    assert (characters[0, 4:] == PADDING).all()
    beside, alone = (ops.convert_to_numpy(model(own.batch(each))) for each in (sentences, sentences[:1]))
    np.testing.assert_allclose(beside[0, :4], alone[0, :4], rtol=1e-4, atol=1e-5)
    assert not beside[0, 4:].any()
    assert base.width == WIDTH


@pytest.mark.parametrize("place", range(7))
def test_padding_is_masked_whatever_its_number(tmp_path, place):
    tokens = ["[UNK]", "[CLS]", "[SEP]", "[MASK]", "甲", "乙"]
    tokens.insert(place, "[PAD]")
    (tmp_path / "vocab.txt").write_text("\n".join([*tokens, ""]), "utf-8")
    made = of_file(tmp_path / "vocab.txt")
    batch = padded([made.numbers("甲乙" * 15), made.numbers("甲")], 32, padding=made.padding)
    assert made.padding == place
    assert np.asarray(_mask(batch, made.padding))[..., 0].sum(axis=1).tolist() == [32, 3]


def test_more_characters_than_it_has_positions_for_are_the_persons_mistake(folders):
    from tasks.text.encoders import encoded

    with pytest.raises(InvalidSettings, match=rf"encoder\.longest: expected at most {POSITIONS - 2}"):
        encoded(encoder(folders["Hugging Face"], POSITIONS - 1), seed=0)


def test_the_pooler_may_be_missing(folders, tmp_path):
    for file in folders["Hugging Face"].iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    arrays = {name: value for name, value in named(tiny()).items() if not name.startswith("pooler")}
    (tmp_path / "model.safetensors").write_bytes(safetensors(arrays))
    tokens = bert_vocabulary(str(tmp_path)).of_text("何景写青石巷")[None]
    np.testing.assert_array_equal(hidden(tmp_path, tokens), hidden(folders["Hugging Face"], tokens))


def test_weights_that_are_no_numbers_are_refused_by_the_name_of_the_array(folders, tmp_path):
    for file in folders["Hugging Face"].iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    arrays = named(tiny())
    name = next(name for name in arrays if "intermediate.dense.bias" in name)
    arrays[name] = np.full_like(arrays[name], np.nan)
    (tmp_path / "model.safetensors").write_bytes(safetensors(arrays))
    with pytest.raises(MissingWeights, match=r"encoder\.bert\.preset: .*received .* in .*bias that are NaN"):
        bert_backbone(str(tmp_path))


def test_any_other_missing_weight_is_an_error(folders, tmp_path):
    for file in folders["Hugging Face"].iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    arrays = {name: value for name, value in named(tiny()).items() if "intermediate.dense.bias" not in name}
    (tmp_path / "model.safetensors").write_bytes(safetensors(arrays))
    with pytest.raises(MissingWeights, match=r"encoder\.bert\.preset: .*cannot be read"):
        bert_backbone(str(tmp_path))


def test_weights_of_another_format_are_named_with_what_converts_them(folders, tmp_path):
    for name in ("config.json", "vocab.txt"):
        (tmp_path / name).write_bytes((folders["Hugging Face"] / name).read_bytes())
    (tmp_path / "pytorch_model.bin").write_bytes(b"pickled")
    with pytest.raises(
        MissingWeights, match=r"expected model\.safetensors, found pytorch_model\.bin; .*save_pre"
    ):
        bert_backbone(str(tmp_path))


@pytest.mark.parametrize(
    ("name", "layout"), [("bert_base_zh", "keras-hub"), ("hf://somebody/bert", "Hugging Face")]
)
def test_a_published_name_is_read_like_the_folder_that_it_is_downloaded_to(
    folders, monkeypatch, name, layout
):
    from keras_hub.src.utils import preset_utils

    def downloaded(handle, path):
        if not (file := folders[layout] / path).is_file():
            raise FileNotFoundError(f"no {path} in {handle}")
        return str(file)

    monkeypatch.setattr(preset_utils.kagglehub, "model_download", downloaded)
    monkeypatch.setattr(
        preset_utils.huggingface_hub,
        "hf_hub_download",
        lambda repo_id, filename: downloaded(repo_id, filename),
    )
    tokens = bert_vocabulary(name).of_text("何景写青石巷？")
    assert tokens.tolist() == bert_vocabulary(str(folders[layout])).of_text("何景写青石巷？").tolist()
    np.testing.assert_array_equal(hidden(name, tokens[None]), hidden(folders[layout], tokens[None]))


def test_a_folder_without_a_vocabulary_is_refused(tmp_path):
    with pytest.raises(
        MissingWeights, match=r"encoder\.bert\.preset: expected vocab\.txt or .*found neither"
    ):
        bert_vocabulary(str(tmp_path))


@pytest.mark.parametrize(
    "content", [None, "{}", '{"model_type": "bert"}', '{"model_type": "cats"}', "no JSON"]
)
def test_a_folder_without_a_network_is_refused(tmp_path, content):
    if content:
        (tmp_path / "config.json").write_text(content, "utf-8")
    with pytest.raises(MissingWeights, match=r"encoder\.bert\.preset: .*cannot be read"):
        bert_backbone(str(tmp_path))


def test_weights_that_are_cut_short_are_refused(folders, tmp_path):
    for file in folders["Hugging Face"].iterdir():
        content = file.read_bytes()
        (tmp_path / file.name).write_bytes(content[:-8] if file.suffix == ".safetensors" else content)
    with pytest.raises(MissingWeights, match=r"encoder\.bert\.preset: .*cannot be read"):
        bert_backbone(str(tmp_path))


def test_a_name_that_cannot_be_fetched_is_refused(monkeypatch):
    from keras_hub.src.utils import preset_utils

    def offline(*given, **more):
        raise OSError("no network\nmore of it")

    monkeypatch.setattr(preset_utils, "get_file", offline)
    with pytest.raises(
        MissingWeights, match=r"a folder or a preset of keras-hub, received 'bert_x' \(no network\)"
    ):
        bert_vocabulary("bert_x")
