"""The invented sentences: what they state, how varied and how hard they are, and streams of them."""

import tracemalloc
from collections import Counter
from collections.abc import Callable
from itertools import islice
from random import Random
from typing import Any

import pytest

from tasks.extraction import demo
from tasks.extraction.synthetic import grammar, sentences, vocabulary

Line = dict[str, Any]


@pytest.fixture(scope="module")
def train() -> list[Line]:
    return list(demo.sentences(400, part="train"))


@pytest.fixture(scope="module")
def test() -> list[Line]:
    return list(demo.sentences(400, part="test"))


def entities(line: Line) -> list[str]:
    return [triple[side] for triple in line["spo_list"] for side in ("subject", "object")]


def triples(line: Line) -> set[tuple[str, str, str]]:
    return {(triple["subject"], triple["predicate"], triple["object"]) for triple in line["spo_list"]}


def share(lines: list[Line], holds: Callable[[Line], object]) -> float:
    return sum(map(bool, map(holds, lines))) / len(lines)


def test_every_triple_is_of_a_row_of_the_schema_and_its_entities_occur_in_the_text(train: list[Line]) -> None:
    for line in train:
        for triple in line["spo_list"]:
            row = (triple["subject_type"], triple["predicate"], triple["object_type"])
            assert row in grammar.SCHEMA
            assert triple["subject"] in line["text"]
            assert triple["object"] in line["text"]


def test_each_row_of_the_schema_is_used(train: list[Line]) -> None:
    used = {(t["subject_type"], t["predicate"], t["object_type"]) for line in train for t in line["spo_list"]}
    assert used == set(grammar.SCHEMA)


def test_the_words_of_postag_join_to_the_text(train: list[Line]) -> None:
    for line in train:
        assert "".join(word["word"] for word in line["postag"]) == line["text"]
        assert all(word.keys() == {"word", "pos"} and all(word.values()) for word in line["postag"])


def test_sentences_are_as_varied_as_real_ones(train: list[Line]) -> None:
    assert 0.45 < share(train, lambda line: len(line["spo_list"]) > 1) < 0.65
    assert 0.02 < share(train, lambda line: not line["spo_list"]) < 0.10
    assert (
        0.15 < share(train, lambda line: any(line["text"].count(name) > 1 for name in entities(line))) < 0.35
    )
    assert share(train, several_objects) > 0.08
    assert share(train, lambda line: any("《" + name in line["text"] for name in entities(line))) > 0.4


def several_objects(line: Line) -> bool:
    pairs = Counter((triple["subject"], triple["predicate"]) for triple in line["spo_list"])
    return any(count > 1 for count in pairs.values())


def test_names_lie_within_names(train: list[Line]) -> None:
    assert (
        share(train, lambda line: any(a != b and a in b for a in entities(line) for b in entities(line)))
        > 0.02
    )


def test_a_few_sentences_are_written_otherwise(train: list[Line]) -> None:
    texts = [line["text"] for line in train]
    assert any("😊" in text for text in texts)
    assert any("Ａ" <= character <= "ｚ" or "０" <= character <= "９" for text in texts for character in text)
    traditional = {chr(new) for new in sentences._TRADITIONAL.values()}
    assert 0.01 < share(train, lambda line: traditional & set(line["text"])) < 0.1
    assert 0.03 < share(train, lambda line: any("A" <= character <= "Z" for character in line["text"])) < 0.4


def test_traditional_and_full_width_characters_replace_one_for_one() -> None:
    for table in (sentences._TRADITIONAL, sentences._FULL_WIDTH):
        assert all(isinstance(new, int) or len(new) == 1 for new in table.values())


def test_names_of_the_test_part_are_seen_only_in_part(train: list[Line], test: list[Line]) -> None:
    seen = {name for line in train for name in entities(line)}
    mentioned = [name for line in test for name in entities(line)]
    assert 0.25 < sum(name in seen for name in mentioned) / len(mentioned) < 0.6


def test_a_list_of_the_training_triples_finds_nearly_nothing(train: list[Line], test: list[Line]) -> None:
    known = set().union(*map(triples, train))
    found = [{(s, p, o) for s, p, o in known if s in line["text"] and o in line["text"]} for line in test]
    assert f1(found, test) < 0.05


def test_parts_of_speech_alone_do_not_tell_the_triples(train: list[Line], test: list[Line]) -> None:
    """The most frequent predicate of each pair of tags stays low, so that a score means reading."""
    stated = Counter(
        (tags, predicate)
        for line in train
        for subject, object_, tags in tagged_pairs(line)
        for s, predicate, o in triples(line)
        if (s, o) == (subject, object_)
    )
    best = {tags: predicate for (tags, predicate), _ in reversed(stated.most_common())}
    found = [{(s, best[tags], o) for s, o, tags in tagged_pairs(line) if tags in best} for line in test]
    assert f1(found, test) < 0.35


def tagged_pairs(line: Line) -> list[tuple[str, str, tuple[str, str]]]:
    words = [(word["word"], word["pos"]) for word in line["postag"] if word["pos"] in ("nr", "nw", "nt", "t")]
    return [(s, o, (tag, other)) for s, tag in words for o, other in words if s != o]


def f1(found: list[set[tuple[str, str, str]]], expected: list[Line]) -> float:
    truth = [triples(line) for line in expected]
    right = sum(len(a & b) for a, b in zip(found, truth, strict=True))
    return 2 * right / (sum(map(len, found)) + sum(map(len, truth)))


def test_noise_changes_the_labels_of_each_sentence_that_it_hits() -> None:
    known = vocabulary.known_names(0)
    random = Random(0)
    for sentence in [sentences.compose(known, random) for _ in range(100)]:
        noisy = demo._mislabelled(sentence, random)
        assert noisy.words == sentence.words
        assert (set(noisy.triples) != set(sentence.triples)) == bool(sentence.triples)


def test_noise_separates_some_couples_and_without_it_none_is() -> None:
    wrong = share(list(demo.sentences(400, part="train", noise=0.4)), odd_couple)
    assert share(list(demo.sentences(400, part="train")), odd_couple) == 0
    assert 0.01 < wrong < 0.4


def odd_couple(line: Line) -> bool:
    """Whether only one of husband and wife is stated."""
    return sum(triple["predicate"] in ("丈夫", "妻子") for triple in line["spo_list"]) % 2 == 1


def test_more_sentences_begin_with_the_same_ones() -> None:
    assert list(demo.sentences(5, 3, "train")) == list(islice(demo.sentences(50, 3, "train"), 5))


def test_a_stream_of_sentences_takes_flat_memory() -> None:
    stream = demo.sentences(5000)
    assert sum(1 for _ in islice(stream, 3500)) == 3500
    tracemalloc.start()
    try:
        assert sum(1 for _ in stream) == 1500
        assert tracemalloc.get_traced_memory()[0] < 50_000
    finally:
        tracemalloc.stop()


def test_every_word_tagged_otherwise_than_as_a_noun_is_used() -> None:
    clauses = [clause for topic in grammar.TOPICS for clause in (*topic.openings, *topic.continuations)]
    patterns = [clause.pattern for clause in clauses] + [
        *grammar.LEADS,
        *grammar.TAILS,
        *grammar.NESTED.values(),
    ]
    used = {word for pattern in patterns for token in pattern.split(" ") for word in token.split("|")}
    assert not {word for words in grammar.TAGS.values() for word in words.split()} - used
