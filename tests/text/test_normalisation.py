import pytest

from tasks.text.normalisation import FoldingTable, normalise, normalised_counts, text_key


@pytest.mark.parametrize("other", ["Ab  c", "ａＢ\u3000c", " ab c\n", "AB\tC"])
def test_texts_alike_but_for_case_width_and_space_have_one_key(other: str) -> None:
    assert text_key(other) == text_key("ab c")
    assert text_key("abc") != text_key("ab c")


@pytest.mark.parametrize("text", ["ＡＢ\u3000１", "😊 İstanbul ß", "\u2028龘\t", ""])
def test_a_normalised_text_has_a_character_for_each_character(text: str) -> None:
    assert len(normalise(text)) == len(text)
    assert normalise(normalise(text)) == normalise(text)


def test_characters_are_counted_in_their_normalised_form() -> None:
    found = normalised_counts({"Ａ": 1, "石": 3, "a": 1, "B": 2, "!": 2})
    assert found == [("石", 3), ("!", 2), ("a", 2), ("b", 2)]


@pytest.mark.parametrize(
    ("known", "text", "read"),
    [
        ("，,a", "，,A", "，,a"),
        (",aA", "，Ａa", ",Aa"),
        ("a？ ", "a\u3000？\t\u200b", "a ？  "),
        ("a1老", "á①⽼", "a1老"),
        ("á", "á", "á"),
        ("a", "青?\u3000", "青?\u3000"),
    ],
    ids=[
        "own marks, no case",
        "case, no full-width marks",
        "spaces",
        "decomposed",
        "accents",
        "nothing alike",
    ],
)
def test_a_vocabulary_decides_which_characters_are_folded(known: str, text: str, read: str) -> None:
    assert text.translate(FoldingTable(set(known))) == read
    assert len(read) == len(text)
