"""What a training of GPLinker rests on: its network, its targets, and the marks to measure it by."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from tasks.extraction.config import Recipe
from tasks.extraction.gplinker.network import build, split_factors
from tasks.extraction.models.features import TokenizedSentence, tokens_of
from tasks.extraction.models.network import Arrays, Indices, TargetMaker
from tasks.extraction.records import Record
from tasks.learning.layers.factored_pointer import UNLABELLED

__all__ = ["build", "label_count", "marks", "target_maker"]

MULTIPLE = 8
"""Tables of labels have a multiple of this width."""


def target_maker(recipe: Recipe, records: Sequence[Record], predicates: Indices) -> TargetMaker:
    """Targets of batches; the generator is not used, and there are no further inputs."""
    return lambda batch, size, generator: (
        {},
        targets(batch, predicates=len(predicates), length=size.tokens, width=size.labels),
    )


def label_count(sentence: TokenizedSentence) -> int:
    """Most of the sentence's subjects, objects, or pairs of their ends."""
    kinds: list[set[Any]] = [{label[place] for label in sentence.labels} for place in (1, 2)]
    kinds += [{(label[1][end], label[2][end]) for label in sentence.labels} for end in (0, 1)]
    return max(map(len, kinds))


def marks(outputs: Arrays, targets: Arrays) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Cells with a positive score, and those labelled: spans of the batch, then links sentence by sentence.

    The cell of the first token alone, which stands for padding in targets, is never marked; nor is a cell of
    which nothing is known.
    """
    entity = outputs["entity"].reshape(*outputs["entity"].shape[:2], -1) > 0
    labelled = np.zeros_like(entity)
    np.put_along_axis(labelled, targets["entity"][..., 1:], True, axis=2)
    entity[..., 0] = labelled[..., 0] = False
    entity &= labelled | (targets["entity"][..., :1] == 0)
    yield entity, labelled
    for name in ("head", "tail"):
        for factors, (pairs, *labels) in zip(outputs[name], targets[name], strict=True):
            content, u, v = split_factors(factors)
            linked = (content + u[:, :, None] + v[:, None, :]).reshape(len(u), -1) > 0
            labelled = np.zeros_like(linked)
            labelled[:, pairs] = np.array(labels) > 0
            linked[:, 0] = labelled[:, 0] = False
            linked[np.min(labels, axis=1) == UNLABELLED] = False
            yield linked, labelled


def targets(
    batch: Sequence[TokenizedSentence], *, predicates: int, length: int, width: int = 0
) -> dict[str, np.ndarray]:
    """Targets of a batch that is padded to `length` tokens.

    Args:
        width: p of the tables, at least; more where a sentence has more labels.

    Returns:
        `entity` (b, 2, 1 + p), of subjects and of objects: 1 where spans without a label may be some, else 0;
        then the labelled spans as first · length + last, padded by 0;
        `head` and `tail` (b, 1 + k, p): pairs as subject · length + object, then for each predicate whether
        the pair belongs to it, or `UNLABELLED` (`tasks.learning.layers.factored_pointer.factored_zlpr`).
    """
    spans: list[tuple[set[int], set[int]]] = []
    heads: list[dict[int, set[int]]] = []
    tails: list[dict[int, set[int]]] = []
    for sentence in batch:
        subjects, objects, head, tail = set[int](), set[int](), dict[int, set[int]](), dict[int, set[int]]()
        for predicate, subject, object_ in sentence.labels:
            first, last = tokens_of(subject)
            object_first, object_last = tokens_of(object_)
            subjects.add(first * length + last)
            objects.add(object_first * length + object_last)
            head.setdefault(first * length + object_first, set()).add(predicate)
            tail.setdefault(last * length + object_last, set()).add(predicate)
        spans.append((subjects, objects))
        heads.append(head)
        tails.append(tail)
    most = max([width, 1, *(label_count(sentence) for sentence in batch)])
    width = -(-most // MULTIPLE) * MULTIPLE
    links = {"head": _links(heads, predicates, width), "tail": _links(tails, predicates, width)}
    for row, sentence in enumerate(batch):
        for table in links.values():
            table[row, [1 + predicate for predicate in sentence.unlabelled]] = UNLABELLED
    partly = [[0, int(bool(sentence.unlabelled))] for sentence in batch]
    entity = np.concatenate([np.array(partly, np.int32)[..., None], _indices(spans, width)], axis=2)
    return {"entity": entity, **links}


def _indices(spans: Sequence[tuple[set[int], set[int]]], width: int) -> np.ndarray:
    table = np.zeros((len(spans), 2, width), np.int32)
    for row, kinds in enumerate(spans):
        for kind, members in enumerate(kinds):
            table[row, kind, : len(members)] = sorted(members)
    return table


def _links(links: Sequence[dict[int, set[int]]], predicates: int, width: int) -> np.ndarray:
    table = np.zeros((len(links), 1 + predicates, width), np.int32)
    for row, members in enumerate(links):
        for column, (pair, labels) in enumerate(sorted(members.items())):
            table[row, 0, column] = pair
            table[row, [1 + label for label in labels], column] = 1
    return table
