import pytest

from tasks.extraction.records import Triple
from tasks.extraction.rules.names import latin_names, nested_names


def objects(*names: str) -> list[Triple]:
    return [("曲", "作曲", name) for name in names]


def subjects(*names: str) -> list[Triple]:
    return [(name, "作曲", "甲") for name in names]


SIDES = pytest.mark.parametrize("group", [objects, subjects])


@SIDES
@pytest.mark.parametrize(
    ("text", "found", "whole"),
    [
        ("由Kenn Wu作曲", ["Kenn", "Wu"], ["Kenn Wu"]),
        ("由Kenn Wu作曲", ["Wu", "黄永发", "Kenn"], ["Kenn Wu", "黄永发"]),
        ("由Kenn Wu作曲", ["Kenn Wu", "Kenn", "Wu"], ["Kenn Wu"]),
        ("由José Feliciano作曲", ["José", "Feliciano"], ["José Feliciano"]),
        ("由Kenn、Wu作曲", ["Kenn", "Wu"], ["Kenn", "Wu"]),
        ("由kenn wu作曲", ["Kenn", "Wu"], ["Kenn", "Wu"]),
        ("由Lee Min Ho作曲", ["Lee", "Min", "Ho"], ["Lee", "Min", "Ho"]),
        ("由U2 Bono作曲", ["U2", "Bono"], ["U2", "Bono"]),
        ("由甲 乙作曲", ["甲", "乙"], ["甲", "乙"]),
    ],
    ids=[
        *("neighbours", "in the other order, among others", "the whole is there already", "accents"),
        *("no space", "another case", "three", "not only letters", "Chinese names"),
    ],
)
def test_two_latin_names_are_one_where_the_text_has_them_so(group, text, found, whole):
    assert latin_names(text, group(*found)) == group(*whole)


def test_names_of_different_groups_are_not_joined():
    triples = [("曲", "作曲", "Kenn"), ("曲", "作词", "Wu"), ("歌", "作曲", "Wu")]
    assert latin_names("Kenn Wu", triples) == triples


@SIDES
@pytest.mark.parametrize(
    ("text", "found", "kept"),
    [
        ("由陈鲁豫、李咏主持", ["陈鲁豫", "李咏", "鲁豫"], ["陈鲁豫", "李咏"]),
        ("由陈鲁豫主持", ["鲁豫", "陈鲁豫"], ["陈鲁豫"]),
        ("东方陈鲁豫", ["鲁豫", "陈鲁豫", "东方陈鲁豫"], ["东方陈鲁豫"]),
        ("东方陈鲁豫", ["东方陈鲁豫", "陈鲁豫", "鲁豫"], ["东方陈鲁豫"]),
        ("由鲁豫和陈鲁豫主持", ["鲁豫", "陈鲁豫"], ["鲁豫", "陈鲁豫"]),
        ("由陈鲁豫和鲁豫主持", ["鲁豫", "陈鲁豫"], ["鲁豫", "陈鲁豫"]),
        ("由鲁豫的陈鲁豫主持", ["鲁豫", "陈鲁豫"], ["鲁豫", "陈鲁豫"]),
        ("由李咏和陈鲁豫主持", ["陈鲁", "陈鲁豫"], ["陈鲁豫"]),
        ("由陈鲁豫2主持", ["鲁豫", "陈鲁豫2"], ["鲁豫", "陈鲁豫2"]),
        ("由Wu Kenn主持", ["Wu", "Wu Kenn"], ["Wu", "Wu Kenn"]),
        ("由陈鲁豫、李咏主持", ["陈鲁豫", "李咏"], ["陈鲁豫", "李咏"]),
    ],
    ids=[
        *(
            "an end of the longer",
            "in its place",
            "a chain",
            "the chain from its end",
            "before 和",
            "after 和",
            "before 的",
        ),
        *("the longer after 和", "not only Chinese", "Latin", "not nested"),
    ],
)
def test_of_two_nested_names_the_longer_is_kept(group, text, found, kept):
    assert nested_names(text, group(*found)) == group(*kept)


def test_names_of_different_groups_may_be_nested():
    triples = [("片", "主演", "鲁豫"), ("片", "导演", "陈鲁豫"), ("剧", "主演", "陈鲁豫")]
    assert nested_names("陈鲁豫", triples) == triples


def test_what_one_side_becomes_concerns_the_other():
    """Four triples of two halves of a song's name and two of a composer's are one."""
    triples = [(song, "作曲", name) for song in ("Blue", "Sky") for name in ("Kenn", "Wu")]
    assert latin_names("Blue Sky，Kenn Wu", triples) == [("Blue Sky", "作曲", "Kenn Wu")]
