"""Plain features of texts, by which the parts of a dataset are compared, and excerpts for the report."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

FEATURES = 1 << 16
"""Numbers that n-grams are hashed to; two frequent n-grams of a corpus of sentences seldom share one."""
LONGEST_NGRAM = 2
"""Single characters and pairs: most Chinese words have one or two."""
SHOWN_CHARACTERS = 120
PIECE = 4096
"""Texts hashed at one time."""


def features(texts: Iterable[str]) -> Any:
    """(n, `FEATURES`) float32, a scipy CSR matrix: hashed character n-grams, each row of length 1.

    Nothing is fitted, so that equal texts have equal features in all parts. Case is ignored.

    >>> features(["ab", "AB", "cd"]).count_nonzero(axis=1).tolist()
    [3, 3, 3]
    """
    from scipy.sparse import csr_matrix, vstack
    from sklearn.feature_extraction.text import HashingVectorizer

    hashing = HashingVectorizer(
        analyzer="char",
        ngram_range=(1, LONGEST_NGRAM),
        n_features=FEATURES,
        alternate_sign=False,
        dtype="float32",
    )
    remaining, pieces = iter(texts), list[Any]()
    while piece := list(islice(remaining, PIECE)):  # hashing takes several times the memory of its result
        pieces.append(hashing.transform(piece))
    return vstack(pieces, format="csr") if pieces else csr_matrix((0, FEATURES), dtype="float32")


def excerpt(texts: Iterable[str], rows: Sequence[int]) -> list[str]:
    """The beginnings of the texts in these rows, in the order of the rows.

    >>> excerpt(["a", "b", "c"], [2, 0])
    ['c', 'a']
    """
    wanted = dict(_chosen(texts, set(rows)))
    return [wanted[row] for row in rows]


def _chosen(texts: Iterable[str], rows: set[int]) -> Iterator[tuple[int, str]]:
    for row, text in enumerate(texts):
        if row in rows:
            yield row, text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}…"
