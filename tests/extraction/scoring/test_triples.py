"""The contest's rules as tables; a triple is written `subject|predicate|object`, counts are by hand."""

import numpy as np
import pytest

from tasks.extraction.scoring.triples import (
    Counts,
    UnknownText,
    by_predicate,
    evaluate,
    normal_name,
    per_sentence,
    standard_error,
)

ONE, WRONG, NONE_LABELLED, NONE_FOUND = (1, 1, 1, 1), (0, 1, 0, 1), (0, 1, 0, 0), (0, 0, 0, 1)


def triples(*written):
    return [tuple(triple.split("|")) for line in written for triple in line.split(";") if triple]


def dictionary(written):
    return {name: others.split(",") for name, others in (line.split("=") for line in written.split())}


def both(gold, predicted, **dictionaries):
    return tuple(
        evaluate([("句", triples(gold))], [("句", triples(predicted))], mode=mode, **dictionaries)
        for mode in ("official", "strict")
    )


NORMS = {
    "《甲》": "甲", "《甲": "《甲", "甲》": "甲》", "《《甲》》": "《甲》", "《》": "", "《": "《", "": "",
    "《甲》和《乙》": "甲》和《乙", "《甲》传": "《甲》传", "ABC": "abc", "《ABC》": "abc", "ＡＢ": "ａｂ",
    " 《甲》": " 《甲》", "語": "語", "É": "é",
}  # fmt: skip


@pytest.mark.parametrize(("entity", "expected"), NORMS.items())
def test_names_are_normalised(entity, expected):
    assert normal_name(entity) == expected


# name: labelled; found; official counts; strict counts, None where they are the same
NAMES = {
    "equal": ("甲|p|乙", "甲|p|乙", ONE, None),
    "a title found": ("甲|p|乙", "《甲》|p|乙", ONE, None),
    "a title labelled": ("《甲》|p|乙", "甲|p|乙", ONE, None),
    "a title as object": ("甲|p|《乙》", "甲|p|乙", ONE, None),
    "《 alone": ("甲|p|乙", "《甲|p|乙", WRONG, None),
    "》 alone": ("甲|p|乙", "甲》|p|乙", WRONG, None),
    "a title in a title loses one pair": ("甲|p|乙", "《《甲》》|p|乙", WRONG, None),
    "a title in a title on both sides": ("《《甲》》|p|乙", "《《甲》》|p|乙", ONE, None),
    "an empty title": ("《》|p|乙", "|p|乙", ONE, None),
    "two titles": ("《甲》和《乙》|p|乙", "甲》和《乙|p|乙", ONE, None),
    "another case": ("Abc|p|DEF", "aBC|p|def", ONE, None),
    "another case of the predicate": ("甲|p|乙", "甲|P|乙", WRONG, None),
    "a predicate as title": ("甲|p|乙", "甲|《p》|乙", WRONG, None),
    "full width": ("AB|p|12", "ＡＢ|p|12", WRONG, None),
    "traditional characters": ("国语|p|乙", "國語|p|乙", WRONG, None),
    "a space before": ("甲|p|乙", " 甲|p|乙", WRONG, ONE),
    "a space after": ("甲|p|乙", "甲|p|乙 ", WRONG, ONE),
    "a space within": ("J. K.|p|乙", "J.K.|p|乙", WRONG, ONE),
    "an ideographic space": ("甲乙|p|乙", "甲\u3000乙|p|乙", WRONG, ONE),
    "a space outside a title": ("甲|p|乙", "《甲》 |p|乙", WRONG, ONE),
    "names that differ by a space": ("甲|p|乙", "甲|p|乙;甲 |p|乙", (1, 2, 1, 1), ONE),
    "subject and object exchanged": ("甲|p|乙", "乙|p|甲", WRONG, None),
    "found twice": ("甲|p|乙", "甲|p|乙;甲|p|乙", ONE, None),
    "found twice, once as a title": ("甲|p|乙", "甲|p|乙;《甲》|p|乙", ONE, None),
    "labelled twice": ("甲|p|乙;甲|p|《乙》", "甲|p|乙", ONE, None),
    "one too many": ("甲|p|乙", "甲|p|乙;甲|p|丙", (1, 2, 1, 1), None),
    "one of two": ("甲|p|乙;甲|p|丙", "甲|p|乙", (1, 1, 1, 2), None),
    "two predicates": ("甲|p|乙;甲|q|乙", "甲|q|乙;甲|p|乙", (2, 2, 2, 2), None),
    "nothing found": ("甲|p|乙", "", NONE_FOUND, None),
    "nothing labelled": ("", "甲|p|乙", NONE_LABELLED, None),
    "nothing at all": ("", "", (0, 0, 0, 0), None),
}


@pytest.mark.parametrize(("gold", "predicted", "official", "strict"), NAMES.values(), ids=NAMES)
def test_triples_are_equal_by_name(gold, predicted, official, strict):
    assert both(gold, predicted) == (official, strict or official)


# name: labelled; found; official counts; strict counts
ALIASES = {
    "of the subject": ("甲|p|乙", "子|p|乙", "子=甲", ONE, ONE),
    "of the object": ("甲|p|乙", "甲|p|丑", "丑=卯,乙", ONE, ONE),
    "of both": ("甲|p|乙", "子|p|丑", "子=甲 丑=乙", ONE, ONE),
    "of the label": ("甲|p|乙", "子|p|乙", "甲=子", WRONG, ONE),
    "of an alias": ("甲|p|乙", "子|p|乙", "子=丑 丑=甲", WRONG, WRONG),
    "of the predicate": ("甲|p|乙", "甲|q|乙", "q=p", WRONG, WRONG),
    "under another predicate": ("甲|p|乙", "子|q|乙", "子=甲", WRONG, WRONG),
    "of a title": ("甲|p|乙", "《子》|p|乙", "子=甲", ONE, ONE),
    "a title as key is never met": ("甲|p|乙", "《子》|p|乙", "《子》=甲", WRONG, ONE),
    "shared by label and answer": ("甲|p|乙", "子|p|乙", "子=丑 甲=丑", WRONG, WRONG),
    # 子 sorts before 甲 and is kept; 甲 is no key, so it is kept too, and both are right
    "found beside the name": ("甲|p|乙", "甲|p|乙;子|p|乙", "子=甲", (2, 2, 1, 1), (1, 2, 1, 1)),
    # 戊 sorts before 甲 and is kept; 甲 repeats it
    "found after the name": ("丁|p|乙", "甲|p|乙;戊|p|乙", "甲=戊", WRONG, (0, 2, 0, 1)),
    "in both directions": ("甲|p|乙", "甲|p|乙;子|p|乙", "子=甲 甲=子", ONE, (1, 2, 1, 1)),
    "wrong twice": ("丙|p|乙", "甲|p|乙;子|p|乙", "子=甲 甲=子", WRONG, (0, 2, 0, 1)),
    "a repeat counts for recall": (
        "甲|p|乙;甲|p|丙", "甲|p|乙;甲|p|丙", "乙=丙 丙=乙", (1, 1, 2, 2), (2, 2, 2, 2)
    ),
    "one answer for two labels": ("甲|p|乙;甲|p|丙", "甲|p|乙", "乙=丙", (1, 1, 2, 2), (1, 1, 1, 2)),
    "two answers for one label": ("甲|p|丁", "甲|p|乙;甲|p|丙", "乙=丁 丙=丁", (2, 2, 1, 1), (1, 2, 1, 1)),
    "an answer makes room for another": (
        "甲|p|乙;甲|p|丙", "甲|p|子;甲|p|丑", "子=乙,丙 丑=乙", (2, 2, 2, 2), (2, 2, 2, 2)
    ),
}  # fmt: skip


@pytest.mark.parametrize(("gold", "predicted", "alias", "official", "strict"), ALIASES.values(), ids=ALIASES)
def test_aliases(gold, predicted, alias, official, strict):
    assert both(gold, predicted, alias=dictionary(alias)) == (official, strict)


# name: labelled; found; aliases; locations of 北京市; official counts; strict counts
LOCATIONS = {
    "of the object": ("甲|p|北京市", "甲|p|北京", "", "北京", ONE, ONE),
    "not listed": ("甲|p|北京市", "甲|p|中国", "", "北京", WRONG, WRONG),
    "of the answer": ("甲|p|北京", "甲|p|北京市", "", "北京", WRONG, WRONG),
    "of the subject": ("北京市|p|乙", "北京|p|乙", "", "北京", WRONG, WRONG),
    "another predicate": ("甲|p|北京市", "甲|q|北京", "", "北京", WRONG, WRONG),
    "with an alias as subject": ("甲|p|北京市", "子|p|北京", "子=甲", "北京", ONE, ONE),
    "of an alias of the object": ("甲|p|北京市", "甲|p|京", "京=北京", "北京", WRONG, WRONG),
    "both granularities": ("甲|p|北京市", "甲|p|北京市;甲|p|北京", "", "北京", (2, 2, 1, 1), (1, 2, 1, 1)),
}


@pytest.mark.parametrize(
    ("gold", "predicted", "alias", "places", "official", "strict"), LOCATIONS.values(), ids=LOCATIONS
)
def test_locations(gold, predicted, alias, places, official, strict):
    dictionaries = {"alias": dictionary(alias), "location": {"北京市": places.split(",")}}
    assert both(gold, predicted, **dictionaries) == (official, strict)


A, B = triples("甲|p|乙"), triples("丙|q|丁")
# name: labelled; found; official counts; strict counts, None where that is an error
SENTENCES = {
    "in another order": ([("一", A), ("二", B)], [("二", B), ("一", A)], (2, 2, 2, 2), (2, 2, 2, 2)),
    "one missing": ([("一", A), ("二", B)], [("二", B)], (1, 1, 1, 2), (1, 1, 1, 2)),
    "exchanged": ([("一", A), ("二", B)], [("二", A), ("一", B)], (0, 2, 0, 2), (0, 2, 0, 2)),
    "labelled twice": ([("一", A), ("一", B)], [("一", B)], (1, 1, 1, 1), (0, 1, 0, 2)),
    "twice on both sides": ([("一", A), ("一", B)], [("一", A), ("一", B)], ONE, (2, 2, 2, 2)),
    "found twice": ([("一", A)], [("一", A), ("一", B)], WRONG, None),
    "not labelled": ([("一", A)], [("二", A)], NONE_FOUND, None),
    "another case of the text": ([("a", A)], [("A", A)], NONE_FOUND, None),
    "a space in the text": ([("一", A)], [("一 ", A)], NONE_FOUND, None),
    "no prediction": ([("一", A)], [], NONE_FOUND, NONE_FOUND),
    "no sentence": ([], [], (0, 0, 0, 0), (0, 0, 0, 0)),
}


@pytest.mark.parametrize(("gold", "predicted", "official", "strict"), SENTENCES.values(), ids=SENTENCES)
def test_sentences_are_paired_by_their_text(gold, predicted, official, strict):
    assert evaluate(gold, predicted) == official
    if strict is None:
        with pytest.raises(UnknownText, match="expected a labelled text, received"):
            evaluate(gold, predicted, mode="strict")
    else:
        assert evaluate(gold, predicted, mode="strict") == strict


SCORES = {
    (0, 0, 0, 5): (0, 0, 0),
    (0, 5, 0, 0): (0, 0, 0),
    (0, 0, 0, 0): (0, 0, 0),
    (2, 3, 2, 4): (0.6667, 0.5, 0.5714),
    (1, 32, 1, 32): (0.0313, 0.0313, 0.0313),  # the tie 0.03125, which Python 3 would round to 0.0312
    (2, 2, 1, 1): (1, 1, 1),
    (1, 1, 1, 6): (1, 0.1667, 0.2857),  # 2/7; from the rounded recall F1 would be 0.2858
}


@pytest.mark.parametrize(("counts", "expected"), SCORES.items())
def test_scores_have_four_decimals_and_no_missing_denominator(counts, expected):
    assert Counts(*counts).rounded() == expected


def test_scores_themselves_are_exact():
    counts = Counts(2, 3, 2, 4)
    assert (counts.precision, counts.recall, counts.f1) == pytest.approx((2 / 3, 1 / 2, 4 / 7), abs=1e-15)


def random_sentences(n, *, seed=0):
    """Labels and findings over four names and three predicates, so that much is right by chance."""
    random = np.random.default_rng(seed)

    def some(most):
        names = random.choice(["甲", "乙", "《甲》", "丙"], (random.integers(0, most), 2))
        return [(s, str(random.choice(["p", "q", "r"])), o) for s, o in names.tolist()]

    gold = [(f"句{index}", some(6)) for index in range(n)]
    return gold, [(text, [*labelled[: len(labelled) // 2], *some(3)]) for text, labelled in gold]


@pytest.mark.parametrize("mode", ["official", "strict"])
def test_counts_add_up_over_sentences_and_over_predicates(mode):
    gold, predicted = random_sentences(200)
    dictionaries = {"alias": dictionary("甲=乙 丙=甲"), "location": dictionary("乙=丙")}
    total = evaluate(gold, predicted, mode=mode, **dictionaries)
    rows = per_sentence(gold, predicted, mode=mode, **dictionaries)
    assert rows.shape == (200, 4)
    assert tuple(rows.sum(axis=0)) == total
    parts = by_predicate(gold, predicted, mode=mode, **dictionaries)
    assert list(parts) == ["p", "q", "r"]
    assert tuple(map(sum, zip(*parts.values(), strict=True))) == total


def test_a_sentence_that_is_overwritten_has_an_empty_row():
    rows = per_sentence([("一", A), ("二", A), ("一", B)], [("一", B), ("二", B)])
    assert rows.tolist() == [[0, 0, 0, 0], [0, 1, 0, 1], [1, 1, 1, 1]]
    assert per_sentence([], []).shape == (0, 4)


def test_neither_order_nor_repetition_changes_a_count():
    gold, predicted = random_sentences(100)
    turned = [(text, [*found[::-1], *found]) for text, found in predicted]
    for mode in ("official", "strict"):
        dictionaries = {"alias": dictionary("甲=乙 乙=丙"), "mode": mode}
        assert evaluate(gold, predicted, **dictionaries) == evaluate(gold, turned, **dictionaries)


def test_standard_errors_by_hand():
    # F1 = 1/2: the sentences move it by (2 − 1)/4 and (0 − 1)/4, so the variance is 2·(1/16 + 1/16)
    assert standard_error(np.array([[1, 1, 1, 1], [0, 1, 0, 1]])) == pytest.approx(0.5)
    assert standard_error(np.array([[1, 1, 1, 1], [2, 2, 2, 2]])) == 0
    assert standard_error(np.array([[0, 1, 0, 1], [0, 2, 0, 1]])) == 0
    assert standard_error(np.array([[1, 2, 1, 1]])) == 0


@pytest.mark.parametrize("alias", ["", "甲=乙 丙=甲 丙=乙"])
def test_the_standard_error_is_that_of_a_bootstrap(alias):
    rows = per_sentence(*random_sentences(400), alias=dictionary(alias))
    random = np.random.default_rng(1)
    drawn = rows[random.integers(0, len(rows), (2000, len(rows)))].sum(axis=1)
    bootstrap = np.std([Counts(*total).f1 for total in drawn.tolist()])
    assert standard_error(rows) == pytest.approx(bootstrap, rel=0.06)  # 1.6 % is the bootstrap's own error
