"""Vocabularies: from tokens to the numbers that networks read, between a first and a last token."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tasks.core.array_files import read_npz
from tasks.core.errors import MissingWeights
from tasks.core.locations import expand
from tasks.core.raw_paths import cannot_be_read, kind_of
from tasks.core.strict_json import Unreadable, decoded
from tasks.text.normalisation import FoldingTable, normalise

PAD, UNKNOWN, BEGIN, END, MASK = range(5)
FIRST = 5
MOST_BYTES = 1 << 25
"""Of a vocabulary's file; BERT's have 20,000 to 250,000 tokens."""
SPACE = " "
SPACES = ("▁", "[unused1]")
"""What stands for a space in vocabularies of BERTs that have none, the first that there is: the mark that
SentencePiece begins words with, or, since BERT's own tokenizer drops spaces, a token that was never used."""


class Vocabulary(NamedTuple):
    """Numbers by token; other tokens have the number of `UNKNOWN`."""

    numbered: dict[str, int]
    size: int
    special: tuple[int, int, int, int, int] = (PAD, UNKNOWN, BEGIN, END, MASK)
    """Of padding, unknown tokens, the first and the last token, and masked ones."""
    folding: Mapping[int, str] | None = None
    """Table by which characters of texts are folded (`FoldingTable`); None: all are normalised."""

    @property
    def padding(self) -> int:
        """The number behind the last token."""
        return self.special[0]

    def of_text(self, text: str) -> np.ndarray:
        """(len(text) + 2,) int32: each character of a text, normalised or folded, between `BEGIN` and `END`.

        >>> of_counts([("a", 3)], minimum=1).of_text("Ａ？").tolist()
        [2, 5, 1, 3]
        """
        return self.numbers(normalise(text) if self.folding is None else text.translate(self.folding))

    @property
    def ordinary(self) -> np.ndarray:
        """(k,) int64, ascending: the numbers that characters of texts can have."""
        if self.folding is None:
            return np.arange(FIRST, self.size)
        return np.array(sorted({number for token, number in self.numbered.items() if len(token) == 1}))

    def numbers(self, tokens: Iterable[str]) -> np.ndarray:
        """(tokens + 2,) int32: the tokens between `BEGIN` and `END`.

        >>> of_counts([("a", 3), ("b", 1)], minimum=2).numbers("ab").tolist()
        [2, 5, 1, 3]
        """
        _, unknown, begin, end, _ = self.special
        return np.array([begin, *(self.numbered.get(token, unknown) for token in tokens), end], np.int32)


def of_counts(counts: Iterable[tuple[str, int]], *, minimum: int) -> Vocabulary:
    """Tokens that occur at least `minimum` times, in the order of the counts."""
    kept = [token for token, count in counts if count >= minimum]
    return Vocabulary({token: number for number, token in enumerate(kept, FIRST)}, FIRST + len(kept))


def word_counts(sentences: Iterable[Sequence[str]]) -> list[tuple[str, int]]:
    """Normalised words of sentences with their counts, the most frequent first, then by code points.

    >>> word_counts([["b", "A"], ["c", "a"]])
    [('a', 2), ('b', 1), ('c', 1)]
    """
    counts = Counter(normalise(word) for words in sentences for word in words)
    return sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))


def of_file(file: Path) -> Vocabulary:
    """A `vocab.txt` of BERT: a token on each line, with `[PAD]`, `[UNK]`, `[CLS]`, `[SEP]` and `[MASK]`.

    Its characters are read as they are written, others in a form that it has; a space is `SPACE` if there is
    such a token, else the first of `SPACES`.

    Raises:
        MissingWeights: one of these tokens is missing, or it is no text that can be read.
    """
    tokens = _text(file).split("\n")
    index = {token.rstrip("\r"): number for number, token in enumerate(tokens) if token}
    names = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
    if missing := [name for name in names if name not in index]:
        raise MissingWeights(f"{file}: expected the tokens {', '.join(names)}, missing {', '.join(missing)}")
    pad, unknown, begin, end, mask = (index[name] for name in names)
    size = 1 + max(index.values())
    if SPACE not in index and (spaces := [name for name in SPACES if name in index]):
        index[SPACE] = index[spaces[0]]
    return Vocabulary(index, size, (pad, unknown, begin, end, mask), FoldingTable(index))


def _text(file: Path) -> str:
    if (kind := kind_of(file)) != "a file":
        raise MissingWeights(f"{file}: expected a file of tokens, received {kind}")
    try:
        with file.open("rb") as content:
            start = content.read(MOST_BYTES + 1)
    except OSError as error:
        raise MissingWeights(f"{file}: expected a readable file, received {cannot_be_read(error)}") from None
    if len(start) > MOST_BYTES:
        raise MissingWeights(f"{file}: expected tokens of at most {MOST_BYTES:,} bytes, received more")
    try:
        return decoded(start)
    except Unreadable as error:
        raise MissingWeights(f"{file}: {error}") from None


def word_of_each_character(text: str, words: Sequence[str]) -> list[str]:
    """The normalised word of each character of a text; a character outside of the words has a space.

    >>> word_of_each_character("ab c", ["ab", "c"])
    ['ab', 'ab', ' ', 'c']
    """
    found: list[str] = []
    place = 0
    for word in words:
        start = text.find(word, place)
        start = place if start < 0 else start
        found += [" "] * (start - place) + [normalise(word)] * len(word)
        place = start + len(word)
    return (found + [" "] * (len(text) - len(found)))[: len(text)]


def character_vectors(path: str) -> tuple[Vocabulary, np.ndarray]:
    """Pretrained vectors: their vocabulary, and a (size, d) float32 table of standard deviation 1.

    Raises:
        MissingWeights: no such file, or not an `.npz` of `characters` (k,) and finite `vectors` (k, d).
    """
    return _vectors(path, "characters", setting="vectors")


def word_vectors(path: str) -> tuple[Vocabulary, np.ndarray]:
    """The same of an `.npz` of `words`, by their normalised forms; of equal ones the first."""
    return _vectors(path, "words", setting="word_vectors")


def _vectors(path: str, tokens: str, *, setting: str) -> tuple[Vocabulary, np.ndarray]:
    file = expand(path)
    try:
        arrays = read_npz(file)
    except Unreadable as error:
        raise MissingWeights(f"encoder.dgcnn.{setting}: {file}: {error}") from None
    if not {tokens, "vectors"} <= arrays.keys():
        received = ", ".join(map(repr, sorted(arrays)[:6])) or "no array"
        raise MissingWeights(f"{file}: expected arrays {tokens!r} and 'vectors', received {received}")
    names, vectors = arrays[tokens], arrays["vectors"]
    if vectors.dtype.kind not in "fiu" or names.dtype.kind != "U":
        received = f"the types {names.dtype} and {vectors.dtype}"
        raise MissingWeights(f"{file}: expected {tokens} as text and vectors of numbers, received {received}")
    with np.errstate(over="ignore"):
        vectors = vectors.astype(np.float32)
    if vectors.ndim != 2 or names.shape != vectors.shape[:1] or not vectors.size:
        shapes, what = f"{names.shape} and {vectors.shape}", tokens.removesuffix("s")
        raise MissingWeights(f"{file}: expected a vector for each {what}, received shapes {shapes}")
    if not (finite := np.isfinite(vectors).all(axis=1)).all():
        first = names[~finite][0]
        received = f"{int((~finite).sum()):,} vectors with NaN or infinity, the first that of {str(first)!r}"
        raise MissingWeights(f"{file}: expected vectors of numbers, received {received}")
    index: dict[str, int] = {}
    for number, name in enumerate(names, FIRST):
        index.setdefault(str(name) if tokens == "characters" else normalise(str(name)), number)
    table = np.zeros((FIRST + len(vectors), vectors.shape[1]), np.float32)
    table[FIRST:] = vectors / max(float(vectors.std()), 1e-12)
    return Vocabulary(index, len(table)), table
