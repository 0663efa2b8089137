"""A masked language model over a competition's texts (Devlin et al., NAACL 2019), to start encoders from.

Of the characters to be predicted 80 % are masked, 10 % replaced by random ones, 10 % left as they are.
Pretrained vectors of masked characters are masked too; settings refuse encoders that read words, since words
would reveal masked characters.
"""

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from tasks.core.competition import Part
from tasks.core.config import Stage
from tasks.core.jobs import PretrainJob
from tasks.learning.seeds import derive, generator
from tasks.learning.training.loop import Batch, Training
from tasks.learning.training.out_of_memory import Size
from tasks.learning.training.padded_shapes import EpochPlan
from tasks.text import dataset_files, padding
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
        note=batches.plan.note,
        size=Size("recipe.pretraining.batch_characters", settings.batch_characters, settings.fit_memory),
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
        lengths = [[len(sentence["characters"])] for sentence in self._sentences]
        sizes = np.array(lengths, np.int64).reshape(-1, 1)
        allowed = padding.of_sentences(tokenizer.longest, characters=settings.batch_characters)
        self.plan = EpochPlan(sizes, allowed, seed=derive(seed, "batches"))
        """Which texts make each batch of an epoch."""

    def batch(self, stage: Stage, epoch: int, step: int) -> Batch:
        """The batch of a step: a pure function of its arguments, the texts and the seed."""
        random = generator(self._seed, "batch", epoch, step)
        planned = self.plan(epoch)[step]
        (length,), count = planned.shape.sizes, len(planned.records)
        sentences = [self._sentences[row] for row in planned.filled()]
        inputs = self.tokenizer.batch(sentences, length=length)
        places = np.zeros((len(sentences), self._masked(length)), np.int32)
        targets = np.full_like(places, IGNORED)  # those of rows that fill up remain so
        for row, sentence in enumerate(sentences[:count]):
            tokens = len(sentence["characters"])
            chosen = np.sort(1 + random.permutation(tokens - 2)[: self._masked(tokens)])
            places[row, : len(chosen)] = chosen
            targets[row, : len(chosen)] = sentence["characters"][chosen]
            self._mask(inputs, row, chosen, random)
        return Batch(inputs | {"places": places}, {"guess": targets})

    def _masked(self, tokens: int) -> int:
        """Characters to be predicted in a sentence of so many tokens."""
        return max(1, round(self._settings.masked * (tokens - 2)))

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
