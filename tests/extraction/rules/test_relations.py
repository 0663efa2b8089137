import pytest

from tasks.extraction.rules.relations import family, spouses

FATHER, MOTHER = ("子", "父亲", "父"), ("子", "母亲", "母")
WIFE, HUSBAND = ("父", "妻子", "母"), ("母", "丈夫", "父")


@pytest.mark.parametrize(("given", "mirrored"), [(WIFE, HUSBAND), (HUSBAND, WIFE)])
def test_a_marriage_is_said_both_ways(given, mirrored):
    other = ("父", "民族", "汉族")
    assert spouses("", [given, other]) == [given, other, mirrored]
    assert spouses("", [given, mirrored, other]) == [given, mirrored, other]


def test_no_one_is_married_by_having_a_child():
    assert spouses("", [FATHER, MOTHER]) == [FATHER, MOTHER]


@pytest.mark.parametrize(
    ("given", "inferred"),
    [
        ([FATHER, MOTHER], [WIFE, HUSBAND]),
        ([FATHER, MOTHER, HUSBAND], [WIFE]),
        ([FATHER, WIFE], [MOTHER, HUSBAND]),
        ([FATHER, HUSBAND], [MOTHER, WIFE]),
        ([MOTHER, HUSBAND], [FATHER, WIFE]),
        ([MOTHER, WIFE], [FATHER, HUSBAND]),
        ([FATHER, MOTHER, ("女", "父亲", "父")], [WIFE, HUSBAND, ("女", "母亲", "母")]),
    ],
    ids=[
        *("parents are spouses", "also if one says so", "the father's wife is the mother"),
        *("also if she says so", "the mother's husband is the father", "also if he says so"),
        "one child's parents give another's",
    ],
)
def test_a_family_is_completed(given, inferred):
    after = family("", given)
    assert after[: len(given)] == given
    assert sorted(after[len(given) :]) == sorted(inferred)


@pytest.mark.parametrize(
    "given",
    [
        [FATHER],
        [WIFE],
        [FATHER, WIFE, ("父", "妻子", "妾")],
        [FATHER, ("子", "父亲", "叔"), MOTHER],
        [("子", "父亲", "父"), ("子", "母亲", "父")],
        [("子", "父亲", "父"), ("父", "妻子", "子")],
        [("子", "主演", "父"), ("子", "导演", "母")],
    ],
    ids=[
        *("a father alone", "no child", "two wives", "two fathers", "father and mother are one"),
        *("the wife is the child", "no relatives"),
    ],
)
def test_nothing_is_inferred_of(given):
    assert family("", given) == given


def test_a_known_mother_is_not_replaced_by_the_fathers_wife():
    triples = [FATHER, MOTHER, ("父", "妻子", "后母")]
    assert ("子", "母亲", "后母") not in family("", triples)
