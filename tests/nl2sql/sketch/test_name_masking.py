import numpy as np
import pytest

from tasks.nl2sql.query.schema import Question, Table
from tasks.nl2sql.sketch import features, name_masking
from tests.nl2sql.jobs import ENCODERS, dataset, recipe, tokenizer

TABLE = Table("t", "t", "t", ("公司", "营业收入"), ("text", "real"), (("青石", 5.5), ("北窗", 7.0)))
TEXT = "青石营业收入是5.5吗"


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return dataset(tmp_path_factory.mktemp("hiding"))


def hidden(data, monkeypatch, *, names: float, cells: float, encoder: str = "dgcnn") -> str:
    """`#` for each character of the question that cannot be read."""
    monkeypatch.setattr(name_masking, "MASKED_CELLS", cells)
    own = tokenizer(recipe(encoder), data)
    batch = features.examples([Question("q", TEXT, "t", None)], {"t": TABLE}, longest=48)
    before, inputs = features.inputs(batch, own), features.inputs(batch, own)
    name_masking.mask_names(inputs, batch, own, np.random.default_rng(0), share=names)
    for name in before.keys() - {"characters"}:
        np.testing.assert_array_equal(inputs[name], before[name])
    changed = (inputs["characters"] != before["characters"])[0]
    assert (inputs["characters"][0, changed] == own.characters.special[1]).all()
    assert not changed[len(TEXT) + 1 :].any()
    return "".join("#" if each else "." for each in changed[1 : len(TEXT) + 1])


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize(
    ("names", "cells", "expected"),
    [(0.0, 1.0, "............"), (1.0, 0.0, "..####......"), (1.0, 1.0, "######.###..")],
)
def test_names_and_cells_become_unknown(data, monkeypatch, encoder, names, cells, expected):
    assert hidden(data, monkeypatch, names=names, cells=cells, encoder=encoder) == expected[: len(TEXT)]
