import numpy as np
import pytest

from tasks.learning.training.padded_shapes import choose
from tasks.nl2sql.baseline.inputs import inputs, padded_shape, sizes_of, targets
from tasks.nl2sql.query.schema import AND, EQUAL, GREATER, Condition, Query, Question, Table
from tasks.nl2sql.sketch import features
from tasks.nl2sql.sketch.labels import IGNORED, NO_OPERATOR
from tasks.nl2sql.sketch.padding import PaddedShape, in_training
from tasks.nl2sql.sketch.training_questions import labelled
from tests.nl2sql.jobs import recipe, shared, tokenizer

NAMES = ("公司", "营业收入", "省份")
TABLE = Table("t", "t", "t", NAMES, ("text", "real", "text"), (("青石", 5.5, "山西"), ("北窗", 7.0, "海南")))


def read(text: str, longest: int, *conditions: Condition, table: Table = TABLE, kind: str = "bert"):
    """Inputs and targets of one question."""
    encoders = {
        "bert": {"bert": {"layers": 1, "width": 16, "heads": 2}},
        "dgcnn": {"dgcnn": {"width": 8, "dilations": [1], "minimum_count": 1}},
    }
    made = recipe({"kind": kind, "longest": longest, **encoders[kind]}, method="baseline")
    asked = Question("q", text, "t", Query(((1, 0),), AND, conditions))
    batch = labelled([asked], {"t": table}, longest=longest)
    own = tokenizer(made, shared())
    found, wanted = inputs(batch, own), targets(batch, padded_shape(batch, own))
    return {name: each[0] for name, each in {**found, **wanted}.items()}, own


@pytest.mark.parametrize("kind", ["bert", "dgcnn"])
def test_a_token_begins_the_question_and_each_header_and_one_ends_it(kind):
    found, own = read("青石多少", 60, kind=kind)
    _, _, begin, end, _ = own.characters.special
    length = 6 + 4 + 6 + 4
    characters = found["characters"]
    assert np.flatnonzero(characters == begin).tolist() == [0, 6, 10, 16]
    assert np.flatnonzero(characters == end).tolist() == [5, 9, 15, 19]
    assert not characters[length:].any()
    assert [found["headers"].tolist().index(1 + column) for column in range(3)] == [6, 10, 16]
    assert np.count_nonzero(found["headers"]) == 3
    assert found["question"][: len(characters)].nonzero()[0].tolist() == [1, 2, 3, 4]
    assert found["present"].tolist() == [1, 1, 1]


def test_long_headers_are_cut_before_short_ones():
    table = TABLE._replace(header=("甲" * 30, "乙", "丙" * 30))
    found, own = read("青" * 10, 40, table=table)
    begin = own.characters.special[2]
    # 12 tokens of the question, 3 of the short header, 13 of each long one
    assert np.flatnonzero(found["characters"] == begin).tolist() == [0, 12, 25, 28]
    assert len(found["characters"]) == 42


def test_columns_whose_headers_do_not_fit_are_present_without_a_token():
    table = TABLE._replace(header=tuple("乙" for _ in range(40)), types=("text",) * 40, rows=())
    found, _ = read("甲" * 30, 40, table=table)
    assert found["headers"].shape == found["characters"].shape == (42,)
    assert found["headers"].max() == 5
    assert found["present"].sum() == 40


def test_values_are_tagged_with_their_operator_and_column():
    found, _ = read("山西的收入大于5.5吗", 60, Condition(2, EQUAL, "山西"), Condition(1, GREATER, "5.5"))
    tags = [EQUAL] * 2 + [NO_OPERATOR] * 5 + [GREATER] * 3 + [NO_OPERATOR]
    assert found["tags"][1:12].tolist() == tags
    assert found["column"][1:12].tolist() == [2, 2, *[IGNORED] * 5, 1, 1, 1, IGNORED]
    assert found["tags"][0] == IGNORED
    assert (found["tags"][12:] == IGNORED).all()
    assert found["select"].tolist() == [6, 0, 6]
    assert found["connector"] == AND


@pytest.mark.parametrize(
    ("text", "value", "expected"),
    [
        ("青岩的收入", "青石", []),  # too unlike
        ("青石园的收入", "青石花园", ["青石园"]),  # the nearest text, whose most similar cell it is
        ("有几个", "青石花园", []),
    ],
)
def test_a_value_that_does_not_occur_is_tagged_at_the_nearest_text_or_nowhere(text, value, expected):
    table = TABLE._replace(rows=((value, 5.5, "山西"), ("北窗大厦", 7.0, "海南")))
    found, _ = read(text, 60, Condition(0, EQUAL, value), table=table)
    tagged = np.flatnonzero(found["tags"][1 : 1 + len(text)] == EQUAL)
    assert "".join(text[place] for place in tagged) == "".join(expected)
    assert (found["column"][1 : 1 + len(text)] == 0).sum() == len(tagged)


def test_targets_are_those_of_the_outputs_alone():
    found, _ = read("青石多少", 60)
    assert {"connector", "select", "tags", "column"} <= found.keys()
    assert not {"number", "operators", "begins"} & found.keys()


@pytest.mark.parametrize("kind", ["bert", "dgcnn"])
@pytest.mark.parametrize("longest", [16, 41, 48])
def test_no_padded_shape_has_more_characters_of_the_question_than_the_sequence_has(kind, longest):
    made = recipe({"kind": kind, "longest": longest}, method="baseline")
    own = tokenizer(made, shared())
    asked = [Question("q", "甲" * length, "t", None) for length in range(1, 60)]
    for header in [("乙",), NAMES]:
        table = TABLE._replace(header=header, types=("text",) * len(header), rows=())
        examples = features.examples(asked, {"t": table}, longest=longest)
        sizes = np.array([sizes_of(each, own) for each in examples])
        for shape in choose(sizes, in_training(made.encoder, questions=4)):
            assert PaddedShape.of(shape).tokens <= PaddedShape.of(shape).sequence <= longest + 2
