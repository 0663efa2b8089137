import numpy as np
import pytest

from tasks.extraction.config import Recipe
from tests.extraction.jobs import ENCODERS, STAGE, job, recipe


@pytest.fixture(autouse=True, scope="module")
def _ready():
    """Importing the language model takes Keras."""
    from tasks.learning.training.keras_setup import configure

    configure(0)


def pretraining(tmp_path, kind: str = "dgcnn", *, parts=("train",), **fields):
    settings = {"stages": [STAGE], "batch_characters": 256, **fields}
    return job(
        {"pretraining": settings, "encoder": ENCODERS[kind]}, tmp_path, fold=None, folds=None, parts=parts
    )


def test_encoders_that_read_words_cannot_be_pretrained():
    words = {"dgcnn": {"words": True}}
    with pytest.raises(ValueError, match=r"encoder\.dgcnn\.words: expected false"):
        Recipe.model_validate({"encoder": words, "pretraining": {"stages": [STAGE]}})
    Recipe.model_validate({"encoder": {**words, "kind": "bert"}, "pretraining": {"stages": [STAGE]}})


@pytest.mark.parametrize(("parts", "count"), [(["train"], 12), (["train", "test"], 15)])
def test_texts_are_those_of_the_parts_asked_for(tmp_path, parts, count):
    from tasks.extraction.language_model import pretrain

    training = pretrain(pretraining(tmp_path, parts=parts, batch_characters=64))
    batches = [training.batch(None, 0, step) for step in range(training.steps_per_epoch)]
    assert sum(len(batch.inputs["characters"]) for batch in batches) == count


@pytest.mark.parametrize("kind", ["dgcnn", "bert"])
def test_a_training_starts_from_the_encoder_of_the_language_model(tmp_path, kind):
    from tasks.extraction.language_model import pretrain
    from tasks.extraction.training import build as build_recipe
    from tasks.text.encoders import PREFIX

    started = pretraining(tmp_path, kind)
    model = pretrain(started).model
    random = np.random.default_rng(0)
    model.set_weights([random.normal(size=value.shape) for value in model.get_weights()])
    model.save_weights(started.output / "model.weights.h5")
    made = recipe("gplinker", kind)
    network = build_recipe(job(made, tmp_path, start=started.output, output=tmp_path / "out")).model
    fresh = build_recipe(job(made, tmp_path, output=tmp_path / "out")).model
    names = [each.name for each in network.layers if each.name.startswith(PREFIX) and each.weights]
    assert names == [each.name for each in model.layers if each.name.startswith(PREFIX) and each.weights]
    for name in names:
        given = model.get_layer(name).get_weights()
        assert len(given) > 0
        for one, other in zip(network.get_layer(name).get_weights(), given, strict=True):
            np.testing.assert_array_equal(one, other)
    head, own = network.get_layer("entity").get_weights(), fresh.get_layer("entity").get_weights()
    assert all((one == other).all() for one, other in zip(head, own, strict=True))
