"""A masked language model over a competition's texts (Devlin et al., NAACL 2019), to start encoders from.

Of the characters to be predicted 80 % are masked, 10 % replaced by random ones, 10 % left as they are.
Pretrained vectors of masked characters are masked too; settings refuse encoders that read words, since words
would reveal masked characters.
"""

from collections.abc import Callable, Iterable
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from tasks.core.competition import Part
from tasks.core.config import Stage
from tasks.core.jobs import PretrainJob
from tasks.learning.seeds import derive, generator
from tasks.learning.training.batches import by_length, padded_length
from tasks.learning.training.loop import Batch, Training
from tasks.text import dataset_files
from tasks.text.config import Encoder, Pretraining
from tasks.text.encoders import copy_encoder, encoded
from tasks.text.tokenization import Tokenizer
from tasks.text.vocabulary import MASK, UNKNOWN

IGNORED = -1
"""Target of places in which no character is to be predicted."""


def pretraining(job: PretrainJob, texts: Callable[[Part], Iterable[str]]) -> Training:
    """The training of a language model on the job's parts; its settings are `encoder` and `pretraining`.

    Args:
        texts: gives the texts of a part of the dataset, in its order.
    """
    settings = Pretraining.model_validate(job.settings["pretraining"])
    encoder = Encoder.model_validate(job.settings["encoder"])
    tokenizer = Tokenizer(encoder, partial(dataset_files.characters, job.dataset))
    read = (text for part in dataset_files.PARTS if part in job.parts for text in texts(part))
    return training(read, tokenizer, settings, seed=job.seed)


def training(texts: Iterable[str], tokenizer: Tokenizer, settings: Pretraining, *, seed: int) -> Training:
    """The training of a language model on these texts."""
    batches = MaskedTexts(texts, tokenizer, settings, seed=seed)
    return Training(
        model=network(tokenizer, seed=seed),
        stages=settings.stages,
        losses={"guess": guess_loss},
        loss_weights={"guess": 1.0},
        batch=batches.batch,
        steps_per_epoch=len(batches.plan(0)),
    )


def start_encoder(model: Any, folder: Path, tokenizer: Tokenizer) -> None:
    """Copy the encoder of the language model in a folder to the encoder in `model`."""
    copy_encoder(load(folder, tokenizer), model)


def load(folder: Path, tokenizer: Tokenizer) -> Any:
    """The language model whose weights a training wrote to a folder."""
    model = network(tokenizer, seed=0)
    model.load_weights(folder / "model.weights.h5")
    return model


def network(tokenizer: Tokenizer, *, seed: int) -> Any:
    """From the inputs of the encoder and `places` (b, p) int32 to logits `guess` (b, p, characters) there."""
    base = encoded(tokenizer, seed=derive(seed, "encoder"))
    places = keras.Input((None,), dtype="int32", name="places")
    initial = keras.initializers.GlorotUniform
    hidden = ops.take_along_axis(base.hidden, places[..., None], axis=1)
    start = initial(derive(seed, "hidden"))
    hidden = layers.Dense(base.width, "gelu", kernel_initializer=start, name="guess_hidden")(hidden)
    hidden = layers.LayerNormalization(name="guess_normalisation")(hidden)
    size, start = tokenizer.characters.size, initial(derive(seed, "guess"))
    logits = layers.Dense(size, kernel_initializer=start, name="guess_logits")(hidden)
    return keras.Model({**base.inputs, "places": places}, {"guess": logits})


def guess_loss(targets: Any, logits: Any) -> Any:
    """Mean cross-entropy over the places that have a target; the others have `IGNORED`."""
    targets = ops.cast(targets, "int32")
    known = ops.cast(targets != IGNORED, "float32")
    logits = ops.cast(logits, "float32")
    chosen = ops.take_along_axis(logits, ops.maximum(targets, 0)[..., None], axis=-1)[..., 0]
    entropy = (ops.logsumexp(logits, axis=-1) - chosen) * known
    return ops.sum(entropy) / ops.maximum(ops.sum(known), 1.0)


class MaskedTexts:
    """Batches of texts with masked characters."""

    def __init__(
        self, texts: Iterable[str], tokenizer: Tokenizer, settings: Pretraining, *, seed: int
    ) -> None:
        self.tokenizer, self._settings, self._seed = tokenizer, settings, seed
        self._sentences = [tokenizer.inputs(text) for text in texts]
        self._ordinary = tokenizer.characters.ordinary

    @lru_cache(maxsize=2)  # noqa: B019  (lives as long as its child process)
    def plan(self, epoch: int) -> list[np.ndarray]:
        """Which texts make each batch of an epoch."""
        lengths = np.array([len(sentence["characters"]) for sentence in self._sentences])
        seed = derive(self._seed, "batches")
        return by_length(lengths, budget=self._settings.batch_characters, seed=seed, epoch=epoch)

    def batch(self, stage: Stage, epoch: int, step: int) -> Batch:
        """The batch of a step: a pure function of its arguments, the texts and the seed."""
        random = generator(self._seed, "batch", epoch, step)
        sentences = [self._sentences[row] for row in self.plan(epoch)[step]]
        inputs = self.tokenizer.batch(sentences)
        counts = [max(1, round(self._settings.masked * (len(each["characters"]) - 2))) for each in sentences]
        places = np.zeros((len(sentences), padded_length(max(counts))), np.int32)
        targets = np.full_like(places, IGNORED)
        for row, (sentence, count) in enumerate(zip(sentences, counts, strict=True)):
            chosen = np.sort(1 + random.permutation(len(sentence["characters"]) - 2)[:count])
            places[row, : len(chosen)] = chosen
            targets[row, : len(chosen)] = sentence["characters"][chosen]
            self._mask(inputs, row, chosen, random)
        return Batch(inputs | {"places": places}, {"guess": targets})

    def _mask(
        self, inputs: dict[str, np.ndarray], row: int, places: np.ndarray, random: np.random.Generator
    ) -> None:
        choice = random.random(len(places))
        masked, replaced = places[choice < 0.8], places[(choice >= 0.8) & (choice < 0.9)]
        vocabulary = self.tokenizer.characters
        inputs["characters"][row, masked] = vocabulary.special[4]
        drawn = random.integers(0, len(self._ordinary), len(replaced))
        inputs["characters"][row, replaced] = self._ordinary[drawn]
        if "vectors" in inputs:
            inputs["vectors"][row, masked] = MASK
            inputs["vectors"][row, replaced] = UNKNOWN
