import numpy as np
import pytest

from tasks.learning.ensemble.candidates import Candidates, key
from tasks.nl2sql.query.schema import Question, canonical, to_json
from tasks.nl2sql.query.sql import sql
from tasks.nl2sql.voting import NO_WINNER, Ballot, answer_queries, fallback_query, in_question_order
from tests.nl2sql.tiny import TABLE, query

TABLES = {"t": TABLE}


def values(*questions: dict[str, float]) -> Candidates:
    return Candidates.of(
        {key(to_json(canonical(query(written)))): score for written, score in each.items()}
        for each in questions
    )


def answers(vote: str, *questions: dict[str, float], text: str = "") -> list:
    asked = [Question(f"test:{number}", text, "t", None) for number in range(len(questions))]
    return answer_queries(values(*questions), asked, TABLES, {"vote": vote})


SPLIT = {"0 | 1==1": 0.3, "2 | 1==1": 0.25, "2 | 1==2": 0.2, "3 | 1==3": 0.25}


def test_members_vote_on_whole_queries():
    assert answers("query", SPLIT) == [query("0 | 1==1")]


def test_members_vote_on_selection_and_conditions_apart():
    assert answers("parts", SPLIT) == [query("2 | 1==1")]
    joined = {"0 | 1==1": 0.45, "2 | 1==2 and 0==a": 0.3, "2 | 1==3": 0.1, "3 | 1==2 and 0==a": 0.25}
    assert answers("parts", joined) == [query("0 | 0==a and 1==2")]


def test_a_connector_is_part_of_the_conditions():
    given = {"0 | 1==1 or 1==2": 0.4, "0 | 1==1 and 1==2": 0.3, "2 | 1==1 and 1==2": 0.2}
    assert answers("parts", given) == [query("0 | 1==1 and 1==2")]


@pytest.mark.parametrize("vote", ["query", "parts"])
def test_of_equals_the_first_wins(vote):
    assert answers(vote, {"2 | 1==2": 0.5, "0 | 1==1": 0.5}) == [query("2 | 1==2")]


@pytest.mark.parametrize("vote", ["query", "parts"])
def test_each_question_has_its_own_candidates(vote):
    given = [{"0 | 1==1": 0.1}, {}, SPLIT | {"0 | 1==1": 0.9}, {"3 | 1==3": 0.4, "2 | 1==1": 0.6}, {}]
    expected = [
        query("0 | 1==1"),
        fallback_query(TABLE),
        query("0 | 1==1"),
        query("2 | 1==1"),
        fallback_query(TABLE),
    ]
    assert answers(vote, *given) == expected


@pytest.mark.parametrize("vote", ["query", "parts"])
def test_without_any_candidate_there_are_no_winners(vote):
    none = values({}, {})
    assert Ballot(none.frame).winners(none.scores, vote).tolist() == [[NO_WINNER] * 2] * 2


def test_winners_are_those_of_a_plain_count():
    drawn = np.random.default_rng(0)
    selections, conditions = ["0", "1", "SUM2"], ["0==a", "0==b", "1==c and 0==a"]
    given = [
        {
            f"{selections[drawn.integers(3)]} | {conditions[drawn.integers(3)]}": float(drawn.random())
            for _ in range(drawn.integers(0, 7))
        }
        for _ in range(200)
    ]
    for own, found in zip(given, answers("parts", *given), strict=True):
        select, where = dict[str, float](), dict[str, float]()
        for written, score in own.items():
            first, _, second = written.partition(" | ")
            select[first] = select.get(first, 0) + score
            where[second] = where.get(second, 0) + score
        if own:
            best = f"{max(select, key=select.__getitem__)} | {max(where, key=where.__getitem__)}"
            assert canonical(found) == canonical(query(best))


def test_conditions_on_one_column_come_as_the_question_has_them():
    given = query("2 | 1==1 or 0==海州 or 0==临江")
    assert in_question_order(given, "临江和海州1月") == query("2 | 0==临江 or 0==海州 or 1==1")
    assert in_question_order(given, "海州和临江1月") == query("2 | 0==海州 or 0==临江 or 1==1")
    assert in_question_order(given, "临江怎样") == query("2 | 0==临江 or 0==海州 or 1==1")
    assert answers("query", {"2 | 0==临江 or 0==海州": 1.0}, text="海州和临江") == [
        query("2 | 0==海州 or 0==临江")
    ]


@pytest.mark.parametrize(
    "table",
    [
        TABLE,
        TABLE._replace(rows=()),
        TABLE._replace(header=("a",), types=("real",), rows=((1.5,),)),
        TABLE._replace(header=("a",), types=("text",), rows=((None,),)),
    ],
)
def test_the_fallback_is_a_query_of_the_table(table):
    guessed = fallback_query(table)
    assert sql(guessed, table)
    assert guessed == canonical(guessed)
    assert all(isinstance(condition.value, str) for condition in guessed.conditions)
