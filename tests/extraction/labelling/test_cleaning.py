import pytest

from tasks.core.errors import InvalidSettings
from tasks.extraction.labelling.cleaning import REPAIRS, repair
from tasks.extraction.labelling.mentions import locate

ON, SINGER = "所属专辑", "歌手"


@pytest.mark.parametrize(
    ("name", "text", "before", "after"),
    [
        ("spaces", "长城 由王雨写", ("长城 ", "作者", "\u3000王雨"), ("长城", "作者", "王雨")),
        ("brackets", "《长城》由王雨写", ("《长城》", "作者", "王雨"), ("长城", "作者", "王雨")),
        ("brackets", "《甲》和《乙》", ("《甲》和《乙》", "作者", "丙"), ("《甲》和《乙》", "作者", "丙")),
        ("brackets", "《》由王雨写", ("《》", "作者", "王雨"), ("《》", "作者", "王雨")),
        ("titles", "《长城谣》由王雨写", ("长城", "作者", "王雨"), ("长城谣", "作者", "王雨")),
        ("titles", "《Great Wall》由王雨写", ("wall", "作者", "王雨"), ("Great Wall", "作者", "王雨")),
        ("titles", "《长城 》由王雨写", ("长城", "作者", "王雨"), ("长城", "作者", "王雨")),
        ("titles", "《长城谣》唱长城，王雨写", ("长城", "作者", "王雨"), ("长城", "作者", "王雨")),
        ("titles", "《王雨年谱》：江南人", ("王雨", "祖籍", "江南"), ("王雨", "祖籍", "江南")),
        ("titles", "《》由王雨写", ("", "作者", "王雨"), ("", "作者", "王雨")),
    ],
)
def test_a_repair_changes_just_what_it_is_for(name, text, before, after):
    assert repair(text, [before], names=[name]) == [after]


def test_credits_of_an_album_are_dropped_unless_it_is_a_song_too():
    song, credit = ("归途", ON, "远山"), ("归途", SINGER, "王雨")
    stray, other = ("远山", SINGER, "王雨"), ("远山", "上映时间", "1999年")
    text = "《归途》是王雨专辑《远山》里的歌，1999年"
    assert repair(text, [song, credit, stray, other], names=["albums"]) == [song, credit, other]
    both = ("远山", ON, "远山")
    assert repair(text, [both, stray], names=["albums"]) == [both, stray]


def test_repairs_follow_one_order_whatever_the_order_of_their_names():
    text, triple = "《长城谣》由王雨写", ("《长城》 ", "作者", "王雨")
    for names in (["titles", "brackets", "spaces"], ["spaces", "brackets", "titles"], None):
        assert repair(text, [triple], names=names) == [("长城谣", "作者", "王雨")]


def test_triples_made_equal_become_one_and_none_are_made_without_names():
    text = "《长城》由王雨写"
    triples = [("长城", "作者", "王雨"), ("《长城》", "作者", "王雨"), ("《长城》", "作者", "王雨")]
    assert repair(text, triples) == triples[:1]
    assert repair(text, triples, names=()) == triples[:2]


@pytest.mark.parametrize("name", REPAIRS)
def test_repaired_names_still_stand_in_the_text(name):
    text = "《归途 (一)》 收录于《远山》，王雨演唱"
    triples = [("归途", SINGER, " 王雨"), ("《远山》", SINGER, "王雨"), ("归途", ON, "《远山》")]
    for subject, _, object_ in repair(text, triples, names=[name]):
        assert locate(text, subject)
        assert locate(text, object_)


def test_an_unknown_repair_is_named():
    with pytest.raises(InvalidSettings, match=r"expected names among spaces.*received \['tittles'\]"):
        repair("长城", [], names=["tittles"])
