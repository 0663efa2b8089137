import pytest

from tasks.extraction.analysis.error_sections import excerpt
from tasks.extraction.analysis.errors import INVENTED, MISSED, invented_kind, missed_kind

TEXT = "北京大学的张三丰写了《东方》，李四唱"
LABEL = ("东方", "作者", "张三丰")
FOUND = ("东方", "歌手", "李四")


@pytest.mark.parametrize(
    ("triple", "kind", "nearest"),
    [
        (("张三丰", "作者", "东方"), "exchanged", LABEL),
        (("东方", "主演", "张三丰"), "predicate", LABEL),
        (("东方", "作者", "李四"), "further", FOUND),
        (("《东方", "作者", "张三"), "boundaries", LABEL),
        (("东方", "作者", "大学的张"), "boundaries", LABEL),
        (("东方", "作者", "北京大学"), "object", LABEL),
        (("李四", "作者", "张三丰"), "subject", LABEL),
        (("张三丰", "毕业院校", "北京大学"), "new", None),
        (("《东方》", "主演", "张三丰"), "predicate", LABEL),  # enclosing 《》 are no difference
    ],
)
def test_what_is_the_matter_with_an_invented_triple(triple, kind, nearest):
    assert invented_kind(TEXT, triple, [FOUND, LABEL], [LABEL]) == (kind, nearest)
    assert kind in INVENTED


@pytest.mark.parametrize(
    ("invented", "kind"),
    [
        ([("张三丰", "作者", "东方"), ("东方", "主演", "张三丰")], "exchanged"),
        ([("东方", "主演", "张三丰")], "predicate"),
        ([("东方", "作者", "张三")], "boundaries"),
        ([("东方", "作者", "李四")], "unconsidered"),
        ([], "unconsidered"),
    ],
)
def test_what_became_of_a_missed_label(invented, kind):
    other = invented[0] if kind != "unconsidered" else None
    assert missed_kind(TEXT, LABEL, invented) == (kind, other)
    assert kind in MISSED


def test_a_label_that_the_text_does_not_hold_cannot_be_found():
    assert missed_kind(TEXT, ("东方", "作者", "王五"), []) == ("absent", None)


@pytest.mark.parametrize(
    ("text", "triple", "shown"),
    [
        ("甲写乙", ("乙", "p", "甲"), "⟦甲⟧写⟦乙⟧"),
        ("0123甲5678乙0123", ("甲", "p", "乙"), "…23⟦甲⟧5678⟦乙⟧01…"),
        ("0123甲567890乙0123", ("甲", "p", "乙"), "…23⟦甲⟧56…90⟦乙⟧01…"),
        ("012甲567乙012", ("甲", "p", "乙"), "012⟦甲⟧567⟦乙⟧012"),  # no gap for one character
        ("甲乙", ("甲", "p", "乙"), "⟦甲⟧⟦乙⟧"),
        ("甲乙丙", ("甲乙丙", "p", "乙"), "⟦甲⟦乙⟧丙⟧"),
        ("甲乙", ("甲乙", "p", "甲乙"), "⟦甲乙⟧"),
        ("甲\t乙\x07", ("甲", "p", "乙"), "⟦甲⟧\\t⟦乙⟧\\x07"),
        ("0123456789", ("甲", "p", "乙"), "01234567…"),
    ],
)
def test_a_sentence_is_shown_around_its_triple(text, triple, shown):
    assert excerpt(text, triple, around=2) == shown
