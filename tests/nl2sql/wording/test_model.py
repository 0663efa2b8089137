"""What the wording of questions says of their queries; and what of it lies beside a model."""

import numpy as np
import pytest

from tasks.core.errors import UserError
from tasks.nl2sql.query.schema import AND, MAX, MIN, OR, Question
from tasks.nl2sql.wording import model
from tasks.nl2sql.wording.fitting import fit
from tasks.nl2sql.wording.masking import CELL, NAME, NUMBER, masked
from tasks.nl2sql.wording.model import FILE, SILENT, Wording, WordingModel, selection_class
from tests.nl2sql.generated import generated
from tests.nl2sql.tiny import TABLE, query

MASKED = {
    "海州的单价": f"{CELL}的{NAME}",
    "哪些城市单价高于12": f"哪些{NAME}{NAME}高于{NUMBER}",
    "海州和南屏的增长率是多少？": f"{CELL}和{CELL}的{NAME}是多少?",
    "嗯": "嗯",
    "": "",
}


@pytest.mark.parametrize("text", MASKED)
def test_cells_names_and_numbers_are_masked(text: str) -> None:
    assert masked(text, TABLE) == MASKED[text]


@pytest.fixture(scope="module")
def learned() -> WordingModel:
    return fit(*generated("varied"))


@pytest.mark.parametrize("aggregate", [MIN, MAX])
def test_wording_is_known_on_tables_that_no_label_was_about(learned: WordingModel, aggregate: int) -> None:
    """What 320 questions are enough for, though a network takes thousands."""
    questions, tables = generated("varied", range(100, 140))
    shares = [Wording([learned]).shares(each.text, tables[each.table]) for each in questions]
    found = np.array([each.of_selection([aggregate]) for each in shares])
    asked = np.array([selection(each) == selection_class([aggregate]) for each in questions])
    assert asked.sum() > 10
    assert np.median(found[asked]) > 0.3
    assert np.median(found[~asked]) < 0.03


def selection(question: Question) -> str:
    assert question.query is not None
    return selection_class(aggregate for _, aggregate in question.query.select)


def test_connectors_are_known(learned: WordingModel) -> None:
    questions, tables = generated("varied", range(100, 140))
    right = []
    for each in questions:
        if each.query and len(each.query.conditions) > 1:
            shares = Wording([learned]).shares(each.text, tables[each.table])
            likelier = max((AND, OR), key=shares.of_connector)
            right.append(likelier == each.query.connector)
    assert np.mean(right) > 0.85


def test_what_no_label_has_is_as_unlikely_as_anything(learned: WordingModel) -> None:
    shares = Wording([learned]).shares("海州的单价", TABLE)
    assert shares.of_selection([MIN, MIN, MIN]) == min(shares.selected.values()) < 1


def test_without_labels_or_models_nothing_is_said() -> None:
    for silent in (SILENT, Wording([fit([], {})])):
        shares = silent.shares("海州的单价", TABLE)
        assert shares.of_selection([MAX]) == shares.of_connector(OR) == 1


def test_labels_of_one_class_say_nothing() -> None:
    asked = [Question(str(number), f"海州的单价{number}", TABLE.id, query("2 | ")) for number in range(9)]
    shares = Wording([fit(asked, {TABLE.id: TABLE})]).shares("海州的单价", TABLE)
    assert shares.of_selection([0]) == pytest.approx(1)


def test_questions_with_no_characters_in_common_say_nothing() -> None:
    asked = [Question("0", "甲", TABLE.id, query("2 | ")), Question("1", "", TABLE.id, query("MAX2 | "))]
    shares = Wording([fit(asked, {TABLE.id: TABLE})]).shares("甲", TABLE)
    assert shares.of_selection([0]) == shares.of_selection([MAX]) == pytest.approx(0.5)


def test_models_that_answer_together_say_the_mean(learned: WordingModel) -> None:
    other = fit(*generated("standard"))
    text = "海州的最高单价"
    one, two, both = (Wording(each).shares(text, TABLE) for each in ([learned], [other], [learned, other]))
    for aggregate in (0, MAX):
        mean = (one.of_selection([aggregate]) + two.of_selection([aggregate])) / 2
        assert both.of_selection([aggregate]) == pytest.approx(mean)


def test_the_same_labels_give_the_same_bytes(tmp_path, learned: WordingModel) -> None:
    questions, tables = generated("varied")
    for name, each in (("one", learned), ("two", fit(questions, tables))):
        (tmp_path / name).mkdir()
        model.write(tmp_path / name, each)
    one, two = ((tmp_path / name / FILE).read_bytes() for name in ("one", "two"))
    assert one == two
    read = model.read([tmp_path / "one"]).shares("海州的最高单价", TABLE)
    assert read == Wording([learned]).shares("海州的最高单价", TABLE)


DAMAGED = {
    "absent": (None, "received a model without them, of an earlier version"),
    "no archive": (b"PK", "received a file without them"),
    "empty": (b"", "received a file without them"),
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_what_is_damaged_is_said(tmp_path, damage: str) -> None:
    content, message = DAMAGED[damage]
    if content is not None:
        (tmp_path / FILE).write_bytes(content)
    with pytest.raises(UserError, match=f"expected regressions on the wording of questions.*{message}"):
        model.read([tmp_path])


def test_weights_that_are_no_numbers_are_refused(tmp_path, learned: WordingModel) -> None:
    spoiled = learned.selected._replace(weights=np.full_like(learned.selected.weights, np.nan))
    model.write(tmp_path, learned._replace(selected=spoiled))
    with pytest.raises(UserError, match="selected: expected finite weights"):
        model.read([tmp_path])
