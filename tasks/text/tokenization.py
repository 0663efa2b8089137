"""Tokenize sentences: arrays of token numbers, padded to a common length."""

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property

import numpy as np

from tasks.text import vocabulary
from tasks.text.bert_files import bert_vocabulary
from tasks.text.config import Encoder
from tasks.text.vocabulary import PAD, Vocabulary, word_of_each_character

Counts = Callable[[], Iterable[tuple[str, int]]]

EXTRA = 2
"""Tokens around a sentence: the first and the last."""


class Tokenizer:
    """Turns texts into the inputs of one kind of encoder; the same for training and prediction.

    Args:
        counts: gives the characters of the training texts with their counts, the most frequent first; called
            only for an encoder without a vocabulary of its own.
        words: gives the words of the training texts with their counts, in the same order; called only for an
            encoder that reads words.
    """

    def __init__(self, settings: Encoder, counts: Counts, *, words: Counts | None = None) -> None:
        self.settings, self._counts, self._word_counts = settings, counts, words

    @property
    def longest(self) -> int:
        """Most characters of a sentence that are tokenized."""
        return self.settings.longest

    @cached_property
    def characters(self) -> Vocabulary:
        """Tokens of characters."""
        bert, is_bert = self.settings.bert, self.settings.kind == "bert"
        if is_bert and bert.preset:
            return bert_vocabulary(bert.preset)
        minimum = bert.minimum_count if is_bert else self.settings.dgcnn.minimum_count
        return vocabulary.of_counts(self._counts(), minimum=minimum)

    @cached_property
    def vectors(self) -> tuple[Vocabulary, np.ndarray] | None:
        """Pretrained vectors of characters with their own vocabulary, if any."""
        path = self.settings.dgcnn.vectors if self.settings.kind == "dgcnn" else ""
        return vocabulary.character_vectors(path) if path else None

    @cached_property
    def word_vectors(self) -> tuple[Vocabulary, np.ndarray] | None:
        """Pretrained vectors of words with their own vocabulary, if any."""
        path = self.settings.dgcnn.word_vectors if self.settings.kind == "dgcnn" else ""
        return vocabulary.word_vectors(path) if path else None

    @cached_property
    def words(self) -> Vocabulary | None:
        """Tokens of words, if the encoder reads any."""
        if self.settings.kind != "dgcnn" or not self.settings.dgcnn.words:
            return None
        if self._word_counts is None:
            raise ValueError("expected counts of words for an encoder that reads words")
        return vocabulary.of_counts(self._word_counts(), minimum=self.settings.dgcnn.word_minimum_count)

    def inputs(self, text: str, words: Sequence[str] | None = None) -> dict[str, np.ndarray]:
        """The inputs of one sentence, (n + 2,) int32 each: its first n ≤ `longest` characters.

        A fresh encoder reads normalised characters, a pretrained one those of its own vocabulary as they are.
        """
        text = text[: self.longest]
        inputs = {"characters": self.characters.of_text(text)}
        if self.vectors:
            inputs["vectors"] = self.vectors[0].of_text(text)
        of_words = {"words": self.words, "word_vectors": self.word_vectors and self.word_vectors[0]}
        for name, known in of_words.items():
            if known:
                inputs[name] = known.numbers(word_of_each_character(text, words or ()))
        return inputs

    def batch(
        self, sentences: Sequence[dict[str, np.ndarray]], *, length: int | None = None
    ) -> dict[str, np.ndarray]:
        """(b, length) int32 of each input, padded; by default as long as the longest of the sentences.

        Networks have positions for at most `longest + EXTRA` tokens.
        """
        length = length or max(len(sentence["characters"]) for sentence in sentences)
        return {
            name: padded([each[name] for each in sentences], length, padding=self._padding(name))
            for name in sentences[0]
        }

    def _padding(self, name: str) -> int:
        return self.characters.padding if name == "characters" else PAD


def padded(rows: Sequence[np.ndarray], length: int, *, padding: int = PAD) -> np.ndarray:
    """(b, length) int32: the rows with the number of padding after them.

    >>> padded([np.array([7]), np.array([8, 9])], 3).tolist()
    [[7, 0, 0], [8, 9, 0]]
    """
    array = np.full((len(rows), length), padding, np.int32)
    for index, row in enumerate(rows):
        array[index, : len(row)] = row
    return array
