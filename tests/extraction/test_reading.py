import json

import numpy as np
import pytest

from tasks.core.errors import MissingWeights
from tasks.extraction import vocabulary
from tasks.extraction.config import Encoder
from tasks.extraction.examples import examples
from tasks.extraction.linking import targets as linking_targets
from tasks.extraction.reading import Reader
from tasks.extraction.records import Record
from tasks.extraction.vocabulary import (
    BEGIN,
    END,
    FIRST,
    UNKNOWN,
    character_vectors,
    of_counts,
    of_file,
    of_words,
    word_of_each_character,
)


def reader(tmp_path, *, characters="青石巷的作者ab1 ", segmented=None, **settings) -> Reader:
    counts = [[character, 9 - number // 3] for number, character in enumerate(characters)]
    (tmp_path / "characters.json").write_text(json.dumps(counts), "utf-8")
    return Reader(Encoder.model_validate(settings), tmp_path, segmented=segmented)


def test_each_character_is_a_token_between_a_first_and_a_last_one(tmp_path):
    read = reader(tmp_path).read("青石b")["characters"]
    assert read.tolist() == [BEGIN, FIRST, FIRST + 1, FIRST + 7, END]
    assert read.dtype == np.int32


@pytest.mark.parametrize(
    ("text", "same"), [("AB", "ab"), ("ａＢ１", "ab1"), ("青\u3000石", "青 石"), ("青\t石", "青 石")]
)
def test_case_width_and_kind_of_white_space_make_no_difference(tmp_path, text, same):
    made = reader(tmp_path)
    assert made.read(text)["characters"].tolist() == made.read(same)["characters"].tolist()
    assert len(made.read(text)["characters"]) == len(text) + 2


@pytest.mark.parametrize("text", ["😊", "龘", "巷\u0301", "👨‍👩‍👧", "İ"])
def test_unknown_characters_are_one_token_each(tmp_path, text):
    read = reader(tmp_path).read(text)["characters"].tolist()
    assert len(read) == len(text) + 2
    assert UNKNOWN in read


def test_rare_characters_are_unknown(tmp_path):
    made = reader(tmp_path, dgcnn={"minimum_count": 9})
    assert made.characters.size == FIRST + 3
    assert made.read("青作")["characters"].tolist() == [BEGIN, FIRST, UNKNOWN, END]


def test_what_follows_the_longest_is_cut_off(tmp_path):
    made = reader(tmp_path, longest=16)
    assert made.read("青" * 40)["characters"].tolist() == [BEGIN, *[FIRST] * 16, END]


def test_a_batch_is_padded_behind_its_sentences(tmp_path):
    made = reader(tmp_path)
    batch = made.batch([made.read("青石"), made.read("青" * 33)])["characters"]
    assert batch.shape == (2, 48)
    assert batch.dtype == np.int32
    assert batch[0, :5].tolist() == [BEGIN, FIRST, FIRST + 1, END, 0]
    assert not batch[0, 4:].any()
    assert (batch[1, :35] > 0).all()


@pytest.mark.parametrize("longest", [16, 40, 100, 256, 512, 1000])
def test_no_batch_is_longer_than_what_a_network_has_positions_for(tmp_path, longest):
    made = reader(tmp_path, longest=longest)
    labels = (("青", "作者", "石"),)
    (given,) = examples([Record("a", "青石" * longest, None, labels)], made, {"作者": 0})
    length = made.batch([given.read])["characters"].shape[1]
    assert given.tokens <= length <= longest + 2
    pairs = linking_targets([given], predicates=1, length=length)["head"][0, 0]
    assert divmod(int(pairs[0]), length) == (1, 2)


def test_labels_beyond_what_is_read_are_left_out(tmp_path):
    text = "青" + "的" * 14 + "石" + "巷作"
    triples = (("青", "作者", "石"), ("青", "作者", "巷"), ("作", "作者", "青"))
    (given,) = examples([Record("a", text, None, triples)], reader(tmp_path, longest=16), {"作者": 0})
    assert given.labels == ((0, (0, 1), (15, 16)),)


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


def test_words_are_numbered_by_how_often_they_come(tmp_path):
    segmented = [["的", "作者", "Ab"], ["的", "作者", "aB"], ["的", "once"]]
    made = reader(tmp_path, segmented=segmented, dgcnn={"words": True, "word_minimum_count": 2})
    assert made.read("的作者AB", ["的", "作者", "AB"])["words"].tolist() == [
        BEGIN,
        FIRST,
        FIRST + 2,
        FIRST + 2,
        FIRST + 1,
        FIRST + 1,
        END,
    ]
    assert made.read("once", ["once"])["words"].tolist() == [BEGIN, *[UNKNOWN] * 4, END]
    assert of_words(segmented, minimum=1) == of_words(segmented[::-1], minimum=1)


def test_an_encoder_that_reads_words_must_be_given_some(tmp_path):
    with pytest.raises(ValueError, match="segmented sentences"):
        reader(tmp_path, dgcnn={"words": True}).read("青", ["青"])


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


def test_sentences_are_read_by_the_vectors_own_vocabulary(tmp_path):
    file = vectors(tmp_path / "v.npz", characters=np.array(["石", "a"]), vectors=np.ones((2, 3)))
    read = reader(tmp_path, dgcnn={"vectors": file}).read("石Ａ青")
    assert read["vectors"].tolist() == [BEGIN, FIRST, FIRST + 1, UNKNOWN, END]


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


def test_vectors_without_spread_stay_finite(tmp_path):
    file = vectors(tmp_path / "v.npz", characters=np.array(["青"]), vectors=np.ones((1, 3)))
    assert np.isfinite(vocabulary.character_vectors(file)[1]).all()
