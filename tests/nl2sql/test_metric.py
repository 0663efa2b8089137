import json

import numpy as np
import pytest

from tasks.learning.ensemble.candidates import Candidates, aligned, key
from tasks.learning.ensemble.greedy import greedy_weights
from tasks.nl2sql import dataset as dataset_files
from tasks.nl2sql.metric import scorer
from tasks.nl2sql.query.schema import Query, canonical, to_json
from tests.nl2sql import written
from tests.nl2sql.written import PARTS, Part, question

NAME = "mean of logic form and execution"
REVERSED = question(
    "houses", "临江小区和青石花园呢？", [(2, 0)], [(0, 2, "青石花园"), (0, 2, "临江小区")], 2
)  # fmt: skip
OF_MIXED_TYPES = question("houses", "2022年05月的均价？", [(0, 0), (1, 0)], [(3, 2, "2022年05月")])


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return written.dataset(tmp_path_factory.mktemp("nl2sql"))


def labels(data, part="train") -> list[Query]:
    return [each.query for each in dataset_files.questions(data, part)]


def values(records) -> Candidates:
    return Candidates.of(
        {key(to_json(canonical(query))): score for query, score in own.items()} for own in records
    )


def certain(queries) -> Candidates:
    return values({query: 1.0} for query in queries)


def other(query: Query) -> Query:
    """Another column and another value."""
    condition = query.conditions[0]._replace(value="没有")
    return Query(((0, 4),), 0, (condition,))


@pytest.mark.parametrize("mode", ["official", "strict"])
@pytest.mark.parametrize("vote", ["query", "parts", None])
@pytest.mark.parametrize("part", ["train", "validation"])
def test_the_labels_themselves_score_one_without_error(data, part, vote, mode):
    decision = {"vote": vote} if vote else None
    found = scorer(data, part, {"mode": mode})(certain(labels(data, part)), decision=decision)
    assert tuple(found) == (NAME, 1.0, 0.0, True)


def test_a_score_is_the_mean_of_logic_form_and_execution(data):
    score, given = scorer(data), labels(data)
    assert score(certain(map(other, given))).value == 0.0
    given[1] = other(given[1])
    given[0] = Query(((1, 1),), 0, given[0].conditions)  # the average of one row is that row
    found = score(certain(given))
    assert found.value == pytest.approx((5 + 0.5) / 7)
    points = np.array([0.5, 0, 1, 1, 1, 1, 1])
    assert found.standard_error == pytest.approx(points.std(ddof=1) / 7**0.5)


def test_the_most_probable_query_answers(data):
    given = labels(data)
    assert scorer(data)(values({each: 0.6, other(each): 0.4} for each in given)).value == 1.0
    assert scorer(data)(values({each: 0.4, other(each): 0.6} for each in given)).value == 0.0


def test_questions_without_candidates_get_the_fallback(data):
    nothing = values([{}] * 7)
    for decision in (None, {"vote": "parts"}):
        assert scorer(data)(nothing, decision=decision).value == 0.0


def split(query: Query) -> dict[Query, float]:
    """The label's parts win, the label does not."""
    wrong = other(query)
    return {
        Query(wrong.select, query.connector, query.conditions): 0.3,
        Query(query.select, wrong.connector, wrong.conditions): 0.25,
        query: 0.25,
        Query(query.select, 0, ()): 0.2,
    }


def test_the_vote_is_chosen_by_what_scores_better(data):
    score = scorer(data)
    by_parts = values(split(each) for each in labels(data))
    assert score(by_parts).value < 1.0
    assert score.decide(by_parts) == {"vote": "parts", "mode": "strict"}
    assert score(by_parts, decision=score.decide(by_parts)).value == 1.0
    alike = certain(labels(data))
    assert score.decide(alike) == {"vote": "query", "mode": "strict"}
    for vote in ("query", "parts"):
        decision = scorer(data, settings={"vote": vote, "mode": "official"}).decide(alike)
        assert decision == {"vote": vote, "mode": "official"} == json.loads(json.dumps(decision))


def train(tmp_path, *questions):
    return written.dataset(tmp_path, PARTS | {"train": Part(PARTS["train"].tables, questions)})


def test_the_mode_decides_what_is_right(tmp_path):
    data = train(tmp_path, REVERSED)
    found = certain(labels(data))  # as the question has the values, which the label has not
    assert scorer(data, settings={"mode": "strict"})(found).value == 1.0
    assert scorer(data, settings={"mode": "official"})(found).value == 0.5


def test_rows_of_mixed_types_count_for_the_published_scorer(tmp_path):
    data = train(tmp_path, *[written.TRAIN.questions[0]] * 3, OF_MIXED_TYPES)
    for mode in ("official", "strict"):
        assert scorer(data, settings={"mode": mode})(certain(labels(data))).value == 1.0


@pytest.mark.parametrize(("connector", "value"), [(1, "青石花园"), (0, 5)], ids=["a connector", "a number"])
def test_the_published_scorer_gets_the_label_of_the_file(tmp_path, connector, value):
    asked = question("houses", "青石花园的均价？", [(2, 0)], [(0, 2, value)], connector)
    data = train(tmp_path, written.TRAIN.questions[0], asked)
    found = certain(labels(data))
    assert scorer(data)(found).value == 1.0
    assert scorer(data, settings={"mode": "official"})(found).value == 0.75  # the result is right


def test_rows_choose_questions(data):
    score, rows = scorer(data), np.array([5, 0, 3])
    perfect = certain(labels(data))
    assert score(perfect[rows], rows).value == 1.0
    assert score(perfect[rows], rows, decision={"vote": "parts"}).value == 1.0
    assert score(perfect[rows], rows[::-1]).value == pytest.approx(1 / 3)


@pytest.mark.parametrize("rows", [None, np.arange(5)])
def test_candidates_of_another_number_of_questions_are_refused(data, rows):
    expected = 7 if rows is None else 5
    with pytest.raises(ValueError, match=f"expected candidates of {expected} questions, received 4"):
        scorer(data)(certain(labels(data))[np.arange(4)], rows)


def test_the_test_part_has_no_scorer(data):
    with pytest.raises(ValueError, match="expected a labelled part, received 'test'"):
        scorer(data, "test")


def test_queries_that_won_before_are_not_compared_again(data, monkeypatch):
    score, given = scorer(data), values({each: 0.6, other(each): 0.4} for each in labels(data))
    ran = []
    run = score._executor.run
    monkeypatch.setattr(score._executor, "run", lambda *asked: ran.append(asked) or run(*asked))
    for scores in (given.scores, 1 - given.scores, given.scores, 0.5 * given.scores):
        score(Candidates(given.frame, scores))
    assert len(ran) == 2 * 2 * 7  # label and query of two winners of each question


def test_greedy_weights_prefer_the_member_that_is_right(data):
    members = [certain(map(other, labels(data))), certain(labels(data))]
    vectors, back = aligned(members)
    score = scorer(data)
    weights = greedy_weights(vectors, lambda each: score(back(each)).value, rounds=5, bags=1, seed=0)
    assert weights[1] > 0.5
