import json

import numpy as np
import pytest

from tasks.learning.ensemble.candidates import key
from tasks.nl2sql import dataset as files
from tasks.nl2sql.query.schema import Condition, canonical, from_json, to_json
from tasks.nl2sql.sketch import features
from tasks.nl2sql.two_stage.condition_slots import Slot
from tasks.nl2sql.two_stage.inputs import inputs, reorder_columns, two_stage_examples
from tests.nl2sql import written
from tests.nl2sql.jobs import shared, step_by_step
from tests.nl2sql.sketches import sketch
from tests.nl2sql.tiny import TABLE, query
from tests.nl2sql.two_stages import KINDS, examples, network, two_stage
from tests.nl2sql.usual_factors import USUAL


@pytest.fixture(autouse=True, scope="module")
def _ready():
    """Every test here computes."""
    from tasks.learning.training.keras_setup import configure

    configure(0)
    with step_by_step():
        yield


def found(kind: str, rows: list[int]) -> list[dict[str, float]]:
    from tasks.nl2sql.two_stage.inference import decode

    made = network(kind)
    read, tables = examples(made)
    chosen = [read[row] for row in rows]
    return decode([made.network], made.recipe, made.tokenizer, chosen, tables, None, factors=USUAL).records()


@pytest.mark.parametrize("kind", KINDS)
def test_a_question_alone_and_among_others_has_the_same_queries(kind):
    rows = list(range(len(written.TRAIN.questions)))
    together = found(kind, rows)
    backwards = found(kind, rows[::-1])[::-1]
    for row in rows:
        (alone,) = found(kind, [row])
        assert alone.keys() == together[row].keys() == backwards[row].keys()
        assert alone == pytest.approx(together[row], abs=1e-5) == backwards[row]


@pytest.mark.parametrize("kind", KINDS)
def test_padding_of_questions_tables_and_candidates_changes_nothing(kind):
    from tasks.nl2sql.two_stage.inference import predict_scores

    made = network(kind)
    questions = two_stage(made)
    widest = max(range(len(questions)), key=lambda row: len(questions[row].candidates))
    for row in (0, 2):
        assert len(questions[row].candidates) < len(questions[widest].candidates)
        (one, scores), _ = predict_scores([made.network], [questions[row], questions[widest]], made.tokenizer)
        ((alone, own_scores),) = predict_scores([made.network], [questions[row]], made.tokenizer)
        np.testing.assert_allclose(scores, own_scores, atol=1e-5)
        for part, other in zip(one, alone, strict=True):
            np.testing.assert_allclose(part, other, atol=1e-5)


def test_what_is_scored_is_what_was_asked_about():
    """Candidates of a table in another order of columns have the same scores."""
    from tasks.nl2sql.two_stage.inference import predict_scores

    made = network()
    question = two_stage(made)[5]
    order = np.array([5, 3, 0, 1, 4, 2])
    moved = reorder_columns(question, order)
    assert [order[each.column] for each in moved.candidates] == [each.column for each in question.candidates]
    ((one, scores),) = predict_scores([made.network], [question], made.tokenizer)
    ((other, moved_scores),) = predict_scores([made.network], [moved], made.tokenizer)
    np.testing.assert_allclose(scores, moved_scores, atol=1e-5)
    np.testing.assert_allclose(one.select[order], other.select, atol=1e-5)
    assert np.ptp(scores, axis=0).max() > 1e-4


def test_several_networks_are_averaged():
    from tasks.nl2sql.two_stage.inference import predict_scores

    made, other = network(), network(seed=2)
    questions = two_stage(made)[:2]
    both, *each = (
        predict_scores(networks, questions, made.tokenizer)
        for networks in ([made.network, other.network], [made.network], [other.network])
    )
    np.testing.assert_allclose(both[1][1], (each[0][1][1] + each[1][1][1]) / 2, atol=1e-6)
    np.testing.assert_allclose(
        both[1][0].select, (each[0][1][0].select + each[1][1][0].select) / 2, atol=1e-6
    )


def test_a_seed_decides_all_weights():
    first = network().model.get_weights()
    again = network.__wrapped__().model.get_weights()
    other = network(seed=2).model.get_weights()
    assert all((a == b).all() for a, b in zip(first, again, strict=True))
    drawn = [place for place, value in enumerate(first) if np.unique(value).size > 2]
    assert len(drawn) > 20
    assert all((first[place] != other[place]).any() for place in drawn)


def test_inputs_are_those_of_the_network():
    made = network()
    assert set(inputs(two_stage(made)[:2], made.tokenizer)) == set(made.model.input)


def test_queries_are_valid_and_their_probabilities_are_no_more_than_one():
    for record in found("dgcnn", [0, 1, 5]):
        assert 0 < len(record) <= 8
        assert sum(record.values()) <= 1 + 1e-6
        for text in record:
            made = from_json(json.loads(text))
            assert text == key(to_json(canonical(made)))
            assert (len(made.conditions) < 2) == (made.connector == 0)


@pytest.mark.parametrize(
    ("column", "expected"), [(0.5, 0.8), (0.9, 12 / 13), (0.1, 4 / 7), (1.0, 0.99), (0.0, 0.11)]
)
def test_the_sketch_has_a_say_in_which_columns_have_conditions(column, expected):
    from tasks.nl2sql.two_stage.inference import agree

    scores = np.array([[0.0, 0.0, 0.8, 0.0]])
    both = agree(scores, np.array([[0.0, 0.0, column, 0.0, 1 - column]]), agreement=0.5)
    assert both[0, 2] == pytest.approx(expected, abs=0.01)
    assert not both[0, [0, 1, 3]].any()
    alone = agree(scores, np.array([[0.0, 0.0, column, 0.0, 1 - column]]), agreement=0.0)
    np.testing.assert_allclose(alone, scores)


def slot(probability: float, column: int, operator: int, value: str) -> Slot:
    return [(probability, Condition(column, operator, value)), (1 - probability, None)]


@pytest.mark.parametrize(
    "wanted",
    ["2 | ", "2 | 0==临江", "2 | 0==临江 and 1==1", "COUNT0 | 2>10 and 2<40", "2 | 0==临江 or 0==海州"],
)
def test_what_both_stages_are_sure_of_comes_first(wanted):
    from tasks.nl2sql.two_stage.inference import combine

    label = query(wanted)
    text = " ".join(condition.value for condition in label.conditions) or "?"
    choices = [slot(0.9, *condition) for condition in label.conditions]
    (best, *_) = combine(sketch(text, label, TABLE), choices, text, TABLE, beam=8, factors=USUAL)
    assert best[1] == canonical(label)


def test_a_condition_said_twice_is_asked_once():
    from tasks.nl2sql.two_stage.inference import combine

    label = query("2 | 0==临江")
    queries = combine(
        sketch("临江", label, TABLE), [slot(0.9, 0, 2, "临江")] * 2, "临江", TABLE, beam=8, factors=USUAL
    )
    assert queries[0][1] == label
    assert all(len(set(made.conditions)) == len(made.conditions) for _, made in queries)


def test_a_question_that_states_nothing_has_queries_too():
    from tasks.nl2sql.two_stage.inference import decode

    made = network()
    tables = files.tables(shared(), "train")
    (asking, *_) = files.questions(shared(), "train")
    read = features.examples([asking._replace(text="嗯", query=None)], tables, longest=32)
    assert not two_stage_examples(read, tables, made.recipe.matcher)[0].candidates[1:]
    assert decode([made.network], made.recipe, made.tokenizer, read, tables, None, factors=USUAL).record(0)


def test_networks_that_have_diverged_have_queries_too():
    from types import SimpleNamespace

    from tasks.nl2sql.two_stage.inference import decode

    made = network()
    read, tables = examples(made)

    def predict_on_batch(batch):
        return {name: value * np.nan for name, value in made.model.predict_on_batch(batch).items()}

    diverged = SimpleNamespace(model=SimpleNamespace(predict_on_batch=predict_on_batch))
    for record in decode(
        [diverged], made.recipe, made.tokenizer, read[:2], tables, None, factors=USUAL
    ).records():
        assert record
        assert np.isfinite(list(record.values())).all()


def test_no_questions_have_no_queries():
    from tasks.nl2sql.two_stage.inference import decode

    made = network()
    assert len(decode([made.network], made.recipe, made.tokenizer, [], {}, None, factors=USUAL)) == 0
