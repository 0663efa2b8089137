from importlib import import_module

import pytest

from tasks.extraction.config import Recipe
from tasks.extraction.models.features import TokenizedSentence, tokenized
from tasks.extraction.models.inference import SpanTriple, candidates, scored
from tasks.extraction.models.padding import in_prediction, token_counts
from tasks.extraction.records import Record, triple_of
from tasks.learning.training.padded_shapes import choose
from tasks.text.tokenization import Tokenizer
from tests.extraction.certain import certain
from tests.extraction.jobs import INDEX, METHODS, PREDICATES, dataset, read, recipe, tokenizer

AWKWARD = [
    ("《iPhone》的 作者是ＡＢ  Ｃ", ("iPhone", "作者", "ＡＢ  Ｃ")),
    ("著者曾國藩寫《冰鑑》", ("《冰鑑》", "作者", "曾國藩")),
    ("😊李雷😊，生于👨‍👩‍👧村", ("😊李雷😊", "出生地", "👨‍👩‍👧村")),
    ("McDONALD'S\t成立于1940\u3000年", ("McDONALD'S", "成立日期", "1940\u3000年")),
    ("İstanbul里的ß与ﬁ", ("İstanbul", "出生地", "ß与ﬁ")),
    ("\u2028A\u0085写b\u2029", ("A", "作者", "b")),
    ('"引号\\"\\的作者是「何」', ('"引号\\"\\', "作者", "「何」")),
]


def made_of(texts, *, longest=64) -> tuple[Tokenizer, list[TokenizedSentence]]:
    """A tokenizer that knows all characters, and labelled sentences."""
    counts = [(character, 1) for character in sorted(set("".join(text for text, *_ in texts).lower()))]
    made = recipe(encoder="dgcnn").encoder.model_copy(update={"longest": longest})
    found = Tokenizer(made, lambda: counts)
    records = [Record(f"a:{place}", text, None, tuple(own)) for place, (text, *own) in enumerate(texts)]
    return found, tokenized(records, found, INDEX)


def strings(found, row: int) -> set:
    return {triple_of(each) for each in found.record(row)}


def answers(method: str, made: Tokenizer, given: list[TokenizedSentence], known=None):
    network = certain(known or given, method=method, predicates=len(PREDICATES))
    inference = import_module(f"tasks.extraction.{method}.inference")
    decode = inference.decoder([network], Recipe(method=method), INDEX, list)
    return candidates(decode, made, given, PREDICATES)


@pytest.mark.parametrize("method", METHODS)
def test_triples_of_predicates_that_are_unlabelled_in_a_sentence_are_left_out(method):
    made, given = made_of(AWKWARD[:3])
    given[2] = given[2]._replace(unlabelled=(INDEX["出生地"],))
    found = answers(method, made, given)
    assert [len(strings(found, row)) for row in range(3)] == [1, 1, 0]


@pytest.mark.parametrize("method", METHODS)
def test_strings_come_back_as_they_stand_in_the_text(method):
    made, given = made_of(AWKWARD)
    found = answers(method, made, given)
    for row, (_, triple) in enumerate(AWKWARD):
        assert strings(found, row) == {triple}


@pytest.mark.parametrize("method", METHODS)
def test_each_sentence_gets_its_own_triples_whatever_its_place_and_company(tmp_path, method):
    folder, settings = dataset(tmp_path / "data"), recipe(method)
    given, made = read(settings, folder), tokenizer(settings, folder)
    together = answers(method, made, given)
    assert [strings(together, row) for row in range(len(given))] == [set(e.record.triples) for e in given]
    turned = answers(method, made, given[::-1])
    assert turned.records()[::-1] == together.records()
    for row, each in enumerate(given):
        assert answers(method, made, [each], given).record(0) == together.record(row)


@pytest.mark.parametrize("method", METHODS)
def test_no_sentences_have_no_triples(tmp_path, method):
    made, given = made_of(AWKWARD)
    assert len(answers(method, made, [], given)) == 0


@pytest.mark.parametrize("method", METHODS)
def test_a_sentence_that_is_cut_has_the_triples_of_its_beginning(method):
    text = "何景写青石巷，" + "很长" * 30 + "林岸写北窗"
    wrote = ("青石巷", "作者", "何景")
    triples = (wrote, ("北窗", "作者", "林岸"), ("青石巷", "作者", "林岸"))
    made, given = made_of([(text, *triples), ("何景写青石巷", wrote)], longest=20)
    found = answers(method, made, given)
    assert [strings(found, row) for row in (0, 1)] == [{wrote}, {wrote}]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("known", [slice(None), slice(0, 6)])
def test_triples_are_the_same_in_the_shapes_of_a_training_also_of_sentences_too_long_for_them(method, known):
    """Batches of known shapes are filled up; sentences longer than all of them get their own."""
    made, given = made_of([*AWKWARD, ("很长" * 20 + "何景写青石巷", ("青石巷", "作者", "何景"))])
    shapes = choose(token_counts(given[known]), in_prediction(made.longest))
    network = certain(given, method=method, predicates=len(PREDICATES))
    decode = import_module(f"tasks.extraction.{method}.inference").decoder(
        [network], Recipe(method=method), INDEX, list
    )
    found = candidates(decode, made, given, PREDICATES, shapes=shapes)
    assert found.records() == answers(method, made, given).records()
    assert all(strings(found, row) == set(each.record.triples) for row, each in enumerate(given))


def found(subject, object_, score=0.5, predicate=0) -> SpanTriple:
    return SpanTriple(predicate, subject, object_, score)


def test_of_equal_strings_the_best_mention_counts_and_the_best_triple_comes_first():
    triples = [found((0, 1), (1, 2), 0.3), found((0, 1), (3, 4), 0.6), found((2, 3), (1, 2), 0.7)]
    assert list(scored("甲乙丙乙", triples, PREDICATES).items()) == [
        ('["丙","作者","乙"]', 0.7),
        ('["甲","作者","乙"]', 0.6),
    ]


def test_of_strings_that_score_as_one_the_best_counts():
    triples = [found((1, 2), (3, 4), 0.6), found((0, 3), (3, 4), 0.7), found((1, 2), (4, 5), 0.9)]
    assert scored("《a》bB", triples, PREDICATES) == {'["a","作者","B"]': 0.9}


def test_names_of_white_space_or_brackets_alone_are_no_names():
    text = "《》甲 乙"
    triples = [found((0, 2), (2, 3)), found((2, 3), (3, 4)), found((2, 5), (4, 5))]
    assert scored(text, triples, PREDICATES) == {'["甲 乙","作者","乙"]': 0.5}


def test_outer_white_space_belongs_to_no_name():
    assert list(scored("甲 乙 ", [found((0, 2), (1, 5))], PREDICATES)) == ['["甲","作者","乙"]']


def test_jobs_of_these_tests_are_what_steps_would_write(tmp_path):
    from tasks.extraction import dataset as files

    folder = dataset(tmp_path / "data")
    assert files.predicates(folder) == list(PREDICATES)
    assert all("".join(each.words) == each.text for each in files.records(folder, "train"))
    assert {len(each.text) > 30 for each in files.records(folder, "train")} == {True, False}
