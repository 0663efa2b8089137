"""Word vectors: their conversion from word2vec's text format, and how they are read."""

import bz2
import sys

import numpy as np
import pytest

from tasks.core.errors import MissingWeights
from tasks.text.config import Encoder
from tasks.text.tokenization import Tokenizer
from tasks.text.vocabulary import BEGIN, END, FIRST, UNKNOWN, word_vectors
from tasks.text.word_vectors import main, read

LINES = "3 2\n作者 1 0.5\nAb 2 -1\nab 9 9\n"


@pytest.mark.parametrize("text", [LINES, LINES.removeprefix("3 2\n")], ids=["counts", "no counts"])
def test_words_and_vectors_are_read_from_the_text_format(tmp_path, text):
    (tmp_path / "v.bz2").write_bytes(bz2.compress(text.encode()))
    words, vectors = read(tmp_path / "v.bz2", most=2)
    assert words.tolist() == ["作者", "Ab"]
    assert vectors.tolist() == [[1, 0.5], [2, -1]]


@pytest.mark.parametrize(
    ("text", "message"),
    [("a 1 2\nb 1\n", r":2: expected a word and 2 numbers, received 1"), ("a 1 x\n", ":1: expected numbers")],
)
def test_lines_of_another_form_are_refused(tmp_path, text, message):
    (tmp_path / "v.txt").write_text(text, "utf-8")
    with pytest.raises(ValueError, match=message):
        read(tmp_path / "v.txt", most=9)


def test_each_character_reads_the_vector_of_its_word(tmp_path, monkeypatch, capsys):
    (tmp_path / "v.txt").write_text(LINES, "utf-8")
    monkeypatch.setattr(sys, "argv", ["word_vectors", str(tmp_path / "v.txt"), str(tmp_path / "v.npz")])
    main()
    assert "3 words of 2 numbers" in capsys.readouterr().out
    settings = Encoder.model_validate({"dgcnn": {"word_vectors": str(tmp_path / "v.npz")}})
    assert settings.reads_words
    made = Tokenizer(settings, lambda: [("的", 9)])
    assert made.inputs("AB的作者", ["AB", "的", "作者"])["word_vectors"].tolist() == [
        BEGIN,
        *[FIRST + 1] * 2,
        UNKNOWN,
        *[FIRST] * 2,
        END,
    ]
    assert made.words is None
    assert made.word_vectors is not None
    assert made.word_vectors[1].shape == (FIRST + 3, 2)


def test_a_file_of_characters_is_no_file_of_words(tmp_path):
    np.savez(tmp_path / "v.npz", characters=np.array(["a"]), vectors=np.ones((1, 2)))
    with pytest.raises(
        MissingWeights, match=r"expected arrays 'words' and 'vectors', received 'characters', 'vectors'"
    ):
        word_vectors(str(tmp_path / "v.npz"))
