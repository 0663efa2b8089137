import numpy as np
import pytest

from tasks.core.errors import MissingWeights
from tasks.text.vocabulary import (
    BEGIN,
    END,
    FIRST,
    UNKNOWN,
    character_vectors,
    of_counts,
    of_file,
    word_of_each_character,
)


@pytest.mark.parametrize(
    ("text", "words", "found"),
    [
        ("青石巷的", ["青石巷", "的"], ["青石巷", "青石巷", "青石巷", "的"]),
        (" 青 石", ["青", "石"], [" ", "青", " ", "石"]),
        ("Ab青", ["Ab", "青"], ["ab", "ab", "青"]),
        ("青石", ["青石", "巷的"], ["青石", "青石"]),  # a sentence that was cut
        ("青石", ["青石巷"], ["青石巷", "青石巷"]),  # within a word
        ("青石巷", ["青"], ["青", " ", " "]),
        ("青石", [], [" ", " "]),
        ("", ["青"], []),
    ],
)
def test_each_character_has_the_word_it_stands_in(text, words, found):
    assert word_of_each_character(text, words) == found


def test_counts_decide_which_tokens_are_known():
    made = of_counts([("b", 3), ("a", 2), ("c", 1)], minimum=2)
    assert made.numbered == {"b": FIRST, "a": FIRST + 1}
    assert made.size == FIRST + 2


SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def test_a_vocabulary_of_bert_names_its_special_tokens(tmp_path):
    tokens = ["[PAD]", "[unused1]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "青", "\u2028", "##石"]
    (tmp_path / "vocab.txt").write_bytes("\r\n".join([*tokens, ""]).encode())
    made = of_file(tmp_path / "vocab.txt")
    assert made.numbers("青\u2028龘").tolist() == [3, 6, 7, 2, 4]
    assert (made.size, made.special) == (9, (0, 2, 3, 4, 5))


@pytest.mark.parametrize(
    ("tokens", "space"),
    [(["[unused1]", "▁", " "], 7), (["[unused1]", "▁"], 6), (["[unused1]"], 5), (["青"], 1)],
)
def test_spaces_are_the_token_that_the_vocabulary_has_for_them(tmp_path, tokens, space):
    (tmp_path / "vocab.txt").write_text("\n".join([*SPECIAL, *tokens, ""]), "utf-8")
    made = of_file(tmp_path / "vocab.txt")
    assert made.of_text(" \u3000").tolist() == [2, space, space, 3]
    assert made.size == 5 + len(tokens)


def test_only_single_characters_are_what_texts_can_have(tmp_path):
    (tmp_path / "vocab.txt").write_text("\n".join([*SPECIAL, "[unused1]", "青", "##石", "a", ""]), "utf-8")
    assert of_file(tmp_path / "vocab.txt").ordinary.tolist() == [5, 6, 8]
    assert of_counts([("a", 1), ("b", 1)], minimum=1).ordinary.tolist() == [FIRST, FIRST + 1]


def test_numbers_of_a_vocabulary_with_gaps_lie_below_its_size(tmp_path):
    (tmp_path / "vocab.txt").write_text("\n".join([*SPECIAL, "", "青", "青", "石", ""]), "utf-8")
    made = of_file(tmp_path / "vocab.txt")
    assert made.numbered["石"] == 8
    assert made.size == 9


def test_a_vocabulary_without_special_tokens_is_refused(tmp_path):
    (tmp_path / "vocab.txt").write_text("[PAD]\n[UNK]\n[CLS]\n青\n", "utf-8")
    with pytest.raises(MissingWeights, match=r"vocab\.txt.*missing \[SEP\], \[MASK\]"):
        of_file(tmp_path / "vocab.txt")


def vectors(file, **arrays) -> str:
    np.savez(file, **arrays)
    return str(file)


def test_vectors_have_a_row_for_each_character_and_zeros_for_what_is_special(tmp_path):
    given = np.random.default_rng(0).normal(3, 5, (2, 4))
    file = vectors(tmp_path / "v.npz", characters=np.array(["青", "a"]), vectors=given)
    known, table = character_vectors(file)
    assert known.numbers("a青石").tolist() == [BEGIN, FIRST + 1, FIRST, UNKNOWN, END]
    assert not table[:FIRST].any()
    assert (table.dtype, table.shape, known.size) == (np.float32, (FIRST + 2, 4), FIRST + 2)
    assert table[FIRST:].std() == pytest.approx(1, rel=1e-5)
    np.testing.assert_allclose(table[FIRST:] * given.std(), given, rtol=1e-5)


def broken(kind: str, file) -> str:
    good = {"characters": np.array(["青"]), "vectors": np.ones((1, 3))}
    if kind == "no file":
        return str(file)
    if kind == "a folder":
        file.mkdir()
    elif kind == "a text":
        file.write_text("青 0.1 0.2\n", "utf-8")
    elif kind == "an empty file":
        file.write_bytes(b"")
    elif kind == "one array":
        with file.open("wb") as written:
            np.save(written, good["vectors"])
    elif kind == "other names":
        vectors(file, words=good["characters"], vectors=good["vectors"])
    elif kind == "other numbers":
        vectors(file, characters=np.array(["青", "石"]), vectors=good["vectors"])
    elif kind == "one row":
        vectors(file, characters=good["characters"], vectors=np.ones(3))
    elif kind == "half":
        vectors(file, **good)
        file.write_bytes(file.read_bytes()[:-60])
    return str(file)


KINDS = (
    "no file",
    "a folder",
    "a text",
    "an empty file",
    "one array",
    "other names",
    "other numbers",
    "one row",
    "half",
)


@pytest.mark.parametrize("kind", KINDS)
def test_vectors_that_cannot_be_used_are_refused_by_the_name_of_their_file(tmp_path, kind):
    with pytest.raises(MissingWeights, match=r"v\.npz"):
        character_vectors(broken(kind, tmp_path / "v.npz"))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_vectors_that_are_no_numbers_are_refused_by_the_name_of_the_character(tmp_path, value):
    table = np.ones((3, 4), np.float16)
    table[1:, 2] = value
    file = vectors(tmp_path / "v.npz", characters=np.array(["青", "石", "巷"]), vectors=table)
    with pytest.raises(MissingWeights, match=r"v\.npz: .* received 2 vectors .* the first that of '石'"):
        character_vectors(file)


def test_vectors_without_spread_stay_finite(tmp_path):
    file = vectors(tmp_path / "v.npz", characters=np.array(["青"]), vectors=np.ones((1, 3)))
    assert np.isfinite(character_vectors(file)[1]).all()
