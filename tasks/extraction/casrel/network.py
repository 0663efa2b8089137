"""The network of CasRel (Wei et al., ACL 2020), with conditional normalisation (Su, kexue.fm/archives/7161).

A subject enters the normalisation of every token's vector, and objects are tagged in the result.
Probabilities are squared for subjects and raised to the fourth power for objects: with few positives they
start near zero.

The published model replaces BERT's last normalisation by the conditional one. Here that follows the output of
any encoder: normalising twice differs only by a scale and a shift of each channel, which are learned anyway.
"""

from typing import Any

import keras
from keras import layers, ops

from tasks.extraction.config import Recipe
from tasks.extraction.models.network import TripleNetwork
from tasks.extraction.tagging.network import assemble
from tasks.learning.layers.built_by_call import BuiltByCall
from tasks.learning.layers.conditional_normalisation import ConditionalLayerNormalization
from tasks.learning.layers.losses import log_power
from tasks.learning.seeds import derive
from tasks.text.encoders import encoded
from tasks.text.tokenization import Tokenizer

SUBJECT_POWER, OBJECT_POWER = 2, 4


def build(recipe: Recipe, tokenizer: Tokenizer, *, predicates: int, seed: int) -> TripleNetwork:
    """A network with initial weights, drawn from the seed."""
    base = encoded(tokenizer, seed=derive(seed, "encoder"))
    tags = SubjectTags(derive(seed, "subjects"), name="subjects")
    objects = ConditionalObjects(predicates, derive(seed, "objects"), name="objects")

    def sentence(distant: Any) -> dict[str, Any]:
        return {"subject": tags(base.hidden), "hidden": base.hidden}

    def objects_of_span(sentence: dict[str, Any], span: Any, distant: Any) -> Any:
        return objects(sentence["hidden"], span)

    return assemble(base, recipe, sentence, objects_of_span, predicates=predicates)


@keras.saving.register_keras_serializable("podium")
class SubjectTags(BuiltByCall):
    """Starts and ends of subjects: (b, n, 2) log-probabilities."""

    def __init__(self, seed: int, **options: Any) -> None:
        super().__init__(**options)
        self.seed = seed
        initial = keras.initializers.GlorotUniform(seed=derive(seed, "subjects"))
        self.tags = layers.Dense(2, kernel_initializer=initial)

    def call(self, hidden: Any) -> Any:
        return log_power(self.tags(hidden), SUBJECT_POWER)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "seed": self.seed}


@keras.saving.register_keras_serializable("podium")
class ConditionalObjects(BuiltByCall):
    """Objects of one subject in each sentence."""

    def __init__(self, predicates: int, seed: int, **options: Any) -> None:
        super().__init__(**options)
        self.predicates, self.seed = predicates, seed
        self.normalisation = ConditionalLayerNormalization()
        initial = keras.initializers.GlorotUniform(seed=derive(seed, "objects"))
        self.tags = layers.Dense(2 * predicates, kernel_initializer=initial)

    def call(self, hidden: Any, span: Any) -> Any:
        """hidden (b, n, d), span (b, 2) int32, first and last token of the subject.

        Returns (b, n, 2 · k) log-probabilities, starts of all predicates, then ends.
        """
        ends = ops.take_along_axis(hidden, span[..., None], axis=1)
        condition = ops.concatenate([ends[:, 0], ends[:, 1]], axis=-1)
        return log_power(self.tags(self.normalisation(hidden, condition)), OBJECT_POWER)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "predicates": self.predicates, "seed": self.seed}
