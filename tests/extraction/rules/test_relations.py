import pytest

from tasks.extraction.rules.relations import (
    album,
    author_institution,
    family,
    nationality,
    self_relatives,
    spouses,
    taxonomy,
)

FATHER, MOTHER = ("子", "父亲", "父"), ("子", "母亲", "母")
WIFE, HUSBAND = ("父", "妻子", "母"), ("母", "丈夫", "父")
FISH = ("花鲈", "目", "鲈形目")
FAMILY, GENUS = ("鲈科", "目", "鲈形目"), ("花鲈属", "目", "鲈形目")
LADDER = "花鲈是鲈形目、鲈科、花鲈属的一种"


@pytest.mark.parametrize(("given", "mirrored"), [(WIFE, HUSBAND), (HUSBAND, WIFE)])
def test_a_marriage_is_stated_both_ways(given, mirrored):
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


@pytest.mark.parametrize(
    ("triples", "kept"),
    [
        ([FAMILY, FISH, GENUS], [FISH]),
        ([FISH], [FISH]),
        ([FAMILY], [FAMILY]),
        ([FAMILY, GENUS], [GENUS]),
        ([FAMILY, ("鮨科", "目", "鲈形目")], [FAMILY, ("鮨科", "目", "鲈形目")]),
        ([FAMILY, ("花鲈", "朝代", "明朝")], [("花鲈", "朝代", "明朝")]),
        ([("内科", "成立日期", "1950年"), FISH], [("内科", "成立日期", "1950年"), FISH]),
        ([("花鲈", "目", "鲈科"), FAMILY], [("花鲈", "目", "鲈科")]),
    ],
    ids=[
        *("ranks give way to the fish", "no rank", "a family alone", "the genus before the family"),
        *("all of the kept rank", "any other triple is enough", "another predicate", "an object is no rank"),
    ],
)
def test_ranks_have_no_order_unless_nothing_else_is_said(triples, kept):
    assert taxonomy(LADDER, triples) == kept


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("张某，1990年加入中国共产党", False),
        ("中国共产党党员张某，曾任中国共产党县委书记", False),
        ("张某，中国人，1990年加入中国共产党", True),
        ("张某，国籍中国", True),
        ("中中国共产党国张某", False),
        ("张某，1990年参加工作", True),
    ],
    ids=["only the party", "the party twice", "both", "no party", "what is left does not join", "neither"],
)
def test_membership_of_the_party_is_no_nationality(text, kept):
    triples = [("张某", "民族", "汉族"), ("张某", "国籍", "中国")]
    assert nationality(text, triples) == (triples if kept else triples[:1])


def test_other_nationalities_stay():
    triples = [("张某", "国籍", "美国"), ("张某", "出生地", "中国")]
    assert nationality("张某加入中国共产党", triples) == triples


@pytest.mark.parametrize("name", ["某公司", "中国某学会", "某出版社", "编写委员会"])
def test_institutions_are_no_authors(name):
    triples = [("书", "作者", name), ("书", "作者", "张某"), ("书", "出版社", name)]
    assert author_institution(f"《书》，{name}", triples) == triples[1:]


def test_an_institution_within_an_authors_name_does_no_harm():
    triples = [("书", "作者", "某公司的张某"), ("某公司", "作者", "张某")]
    assert author_institution("", triples) == triples


@pytest.mark.parametrize("relative", ["父亲", "母亲", "丈夫", "妻子"])
def test_no_one_is_a_relative_of_himself(relative):
    other = ("甲", relative, "甲乙")
    assert self_relatives("甲", [("甲", relative, "甲"), other]) == [other]


def test_a_film_may_be_named_like_its_leading_part():
    triples = [("甲", "主角", "甲"), ("甲", "改编自", "甲")]
    assert self_relatives("甲", triples) == triples


SONG = ("歌", "所属专辑", "辑")


@pytest.mark.parametrize("credit", ["歌手", "作词", "作曲"])
def test_credits_go_to_songs_and_not_to_their_album(credit):
    of_album, of_song = ("辑", credit, "甲"), ("歌", credit, "甲")
    assert album("", [of_album, SONG, of_song]) == [SONG, of_song]
    assert album("", [of_album, of_song]) == [of_album, of_song]


def test_an_album_named_like_one_of_its_songs_keeps_its_credits():
    triples = [SONG, ("辑", "所属专辑", "辑"), ("辑", "歌手", "甲")]
    assert album("", triples) == triples


def test_an_album_keeps_what_is_no_credit():
    triples = [SONG, ("辑", "制片人", "甲")]
    assert album("", triples) == triples
