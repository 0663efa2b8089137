import numpy as np
import pytest

from tasks.nl2sql.query.schema import Question, Table
from tasks.nl2sql.sketch import features
from tasks.nl2sql.sketch.labels import IGNORED
from tasks.nl2sql.sketch.padding import PaddedShape
from tests.nl2sql.jobs import dataset, read, recipe, tokenizer


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return dataset(tmp_path_factory.mktemp("reading"))


def test_questions_come_in_the_order_given_whatever_their_tables():
    tables = {id: Table(id, id, id, ("甲",), ("text",), ()) for id in "ab"}
    given = [Question(str(number), "甲" * (1 + number), "ab"[number % 2], None) for number in range(5)]
    found = features.examples(given, tables, longest=3)
    assert [each.question.id for each in found] == list("01234")
    assert [each.length for each in found] == [1, 2, 3, 3, 3]


def test_shuffling_moves_what_belongs_to_a_column(data):
    for example in read(recipe(), data):
        order = np.random.default_rng(1).permutation(len(example.names))
        moved = features.reorder_columns(example, order)
        assert moved.names == tuple(example.names[column] for column in order)
        for character, column in enumerate(example.labels.columns):
            now = moved.labels.columns[character]
            assert now == IGNORED if column == IGNORED else moved.names[now] == example.names[column]
        back = features.reorder_columns(moved, np.argsort(order))
        assert back.names == example.names
        np.testing.assert_array_equal(back.labels.columns, example.labels.columns)
        np.testing.assert_array_equal(back.matches.pairs, example.matches.pairs)


def test_a_batch_is_padded_with_what_teaches_nothing(data):
    examples = read(recipe(), data)
    own = tokenizer(recipe(), data)
    sizes = features.padded_shape(examples, own)._replace(tokens=60, columns=11)
    inputs, targets = features.inputs(examples, own, sizes), features.targets(examples, sizes)
    assert inputs["pairs"].shape[1:3] == (11, 60)
    for row, example in enumerate(examples):
        columns, tokens = len(example.names), 1 + example.length
        assert inputs["present"][row].sum() == columns
        assert not inputs["pairs"][row, columns:].any()
        assert not inputs["pairs"][row, :, tokens:].any()
        assert (targets["select"][row, columns:] == IGNORED).all()
        for name in ("tags", "begins", "column"):
            assert (targets[name][row, tokens:] == IGNORED).all()
            assert targets[name][row, 0] == IGNORED


def test_names_that_tables_share_are_read_once(data):
    examples = read(recipe(), data)
    inputs = features.inputs(examples, tokenizer(recipe(), data))
    different = {name for example in examples for name in example.names}
    assert len(inputs["names_characters"]) == len(different)
    one, other = examples[0], examples[1]
    assert one.names == other.names
    assert inputs["name"][0].tolist() == inputs["name"][1].tolist()


def joined(text: str, names: tuple[str, ...], longest: int, data, size: PaddedShape | None = None):
    made = recipe({"kind": "bert", "longest": longest, "bert": {"layers": 1, "width": 16, "heads": 2}})
    table = Table("t", "t", "t", names, ("text",) * len(names), ())
    (example,) = features.examples([Question("q", text, "t", None)], {"t": table}, longest=longest)
    return features.inputs([example], tokenizer(made, data), size)


def test_question_and_names_share_a_sequence(data):
    found = joined("甲乙", ("丙", "丁戊"), 100, data, PaddedShape(tokens=8, columns=2, sequence=16))
    assert found["part"][0].tolist() == [0, 0, 0, 0, 1, 1, 2, 2, 2, *[features.PADDING] * 7]
    assert found["characters"][0].astype(bool).tolist() == [True] * 9 + [False] * 7


def test_long_names_are_cut_before_short_ones(data):
    part = joined("甲" * 10, ("乙" * 30, "丙", "丁" * 30), 40, data)["part"][0]
    counts = [int((part == number).sum()) for number in range(4)]
    assert counts == [12, 14, 2, 14]


def test_what_does_not_fit_at_all_is_left_out(data):
    found = joined("甲" * 30, tuple("乙" for _ in range(40)), 40, data)
    assert found["part"].shape == found["characters"].shape == (1, 42)
    assert found["present"].sum() == 40
