import numpy as np
import pytest

from tasks.text.config import Encoder
from tasks.text.tokenization import Tokenizer
from tasks.text.vocabulary import (
    BEGIN,
    END,
    FIRST,
    UNKNOWN,
    word_counts,
)


def tokenizer(*, characters="青石巷的作者ab1 ", words=None, **settings) -> Tokenizer:
    counts = [(character, 9 - number // 3) for number, character in enumerate(characters)]
    return Tokenizer(Encoder.model_validate(settings), lambda: counts, words=words)


def test_each_character_is_a_token_between_a_first_and_a_last_one():
    read = tokenizer().inputs("青石b")["characters"]
    assert read.tolist() == [BEGIN, FIRST, FIRST + 1, FIRST + 7, END]
    assert read.dtype == np.int32


@pytest.mark.parametrize(
    ("text", "same"), [("AB", "ab"), ("ａＢ１", "ab1"), ("青\u3000石", "青 石"), ("青\t石", "青 石")]
)
def test_case_width_and_kind_of_white_space_make_no_difference(text, same):
    made = tokenizer()
    assert made.inputs(text)["characters"].tolist() == made.inputs(same)["characters"].tolist()
    assert len(made.inputs(text)["characters"]) == len(text) + 2


@pytest.mark.parametrize("text", ["😊", "龘", "巷\u0301", "👨‍👩‍👧", "İ"])
def test_unknown_characters_are_one_token_each(text):
    read = tokenizer().inputs(text)["characters"].tolist()
    assert len(read) == len(text) + 2
    assert UNKNOWN in read


def test_rare_characters_are_unknown():
    made = tokenizer(dgcnn={"minimum_count": 9})
    assert made.characters.size == FIRST + 3
    assert made.inputs("青作")["characters"].tolist() == [BEGIN, FIRST, UNKNOWN, END]


def test_what_follows_the_longest_is_cut_off():
    made = tokenizer(longest=16)
    assert made.inputs("青" * 40)["characters"].tolist() == [BEGIN, *[FIRST] * 16, END]


def test_a_batch_is_padded_behind_its_sentences():
    made = tokenizer()
    sentences = [made.inputs("青石"), made.inputs("青" * 33)]
    assert made.batch(sentences)["characters"].shape == (2, 35)
    batch = made.batch(sentences, length=48)["characters"]
    assert batch.shape == (2, 48)
    assert batch.dtype == np.int32
    assert batch[0, :5].tolist() == [BEGIN, FIRST, FIRST + 1, END, 0]
    assert not batch[0, 4:].any()
    assert (batch[1, :35] > 0).all()


def test_words_are_numbered_by_how_often_they_come():
    segmented = [["的", "作者", "Ab"], ["的", "作者", "aB"], ["的", "once"]]
    made = tokenizer(words=lambda: word_counts(segmented), dgcnn={"words": True, "word_minimum_count": 2})
    assert made.inputs("的作者AB", ["的", "作者", "AB"])["words"].tolist() == [
        BEGIN,
        FIRST,
        FIRST + 2,
        FIRST + 2,
        FIRST + 1,
        FIRST + 1,
        END,
    ]
    assert made.inputs("once", ["once"])["words"].tolist() == [BEGIN, *[UNKNOWN] * 4, END]
    assert word_counts(segmented) == word_counts(segmented[::-1])


def test_an_encoder_with_words_needs_their_counts():
    with pytest.raises(ValueError, match="expected counts of words"):
        tokenizer(dgcnn={"words": True}).inputs("青", ["青"])


def test_sentences_are_read_by_the_vectors_own_vocabulary(tmp_path):
    file = tmp_path / "v.npz"
    np.savez(file, characters=np.array(["石", "a"]), vectors=np.ones((2, 3)))
    read = tokenizer(dgcnn={"vectors": str(file)}).inputs("石Ａ青")
    assert read["vectors"].tolist() == [BEGIN, FIRST, FIRST + 1, UNKNOWN, END]


def test_characters_are_counted_only_without_a_pretrained_vocabulary():
    def unwanted():
        raise AssertionError("asked")

    settings = Encoder.model_validate({"dgcnn": {"words": True, "word_minimum_count": 1}})
    made = Tokenizer(settings, unwanted, words=lambda: [("的", 1)])
    assert made.words is not None
    with pytest.raises(AssertionError, match="asked"):
        assert made.characters
