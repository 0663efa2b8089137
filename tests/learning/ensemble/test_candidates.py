import numpy as np
import pytest

from tasks.learning.ensemble.candidates import (
    Candidates,
    aligned,
    concatenated,
    key,
    read,
    write,
)
from tasks.learning.ensemble.thresholds import best_threshold

AWKWARD = (
    ["《紅樓夢》", "作者", '曹雪芹"又名"夢阮'],
    ["back\\slash", "new\nline", "line separators \u2028 \u0085 \x1c \r"],
    {"emoji": "🐉", "number": 1, "list": [None, True, 0.5]},
    "a plain text, [with] brackets",
    [],
)
RECORDS = [{"1": 0.5, "2": 0.25}, {}, {"1": 1.0}, {"3": 0.125, "1": 0.75, "2": 0.0}]


def test_records_come_back_in_their_order_with_their_candidates_in_theirs():
    made = Candidates.of(RECORDS)
    assert len(made) == len(RECORDS)
    assert [list(record.items()) for record in made.records()] == [list(each.items()) for each in RECORDS]
    assert made.frame.rows.tolist() == [0, 0, 2, 3, 3, 3]
    assert made.scores.dtype == np.float32


def test_no_records_are_candidates_too():
    made = Candidates.of([])
    assert (len(made), made.records(), made.frame.rows.tolist()) == (0, [], [])


@pytest.mark.parametrize(
    ("rows", "chosen"),
    [
        (np.array([3, 0]), [3, 0]),
        (np.array([1, 1]), [1, 1]),
        (np.array([], np.int64), []),
        (np.array([True, False, False, True]), [0, 3]),
        (np.arange(4)[::-1], [3, 2, 1, 0]),
        (slice(1, 3), [1, 2]),
        (np.array([-1]), [3]),
    ],
)
def test_rows_choose_whole_records(rows, chosen):
    assert Candidates.of(RECORDS)[rows].records() == [RECORDS[row] for row in chosen]


def test_a_row_that_is_not_there_is_an_error():
    with pytest.raises(IndexError):
        Candidates.of(RECORDS)[np.array([4])]


def test_parts_are_put_one_after_the_other():
    parts = [Candidates.of(RECORDS[:1]), Candidates.of([]), Candidates.of(RECORDS[1:])]
    assert concatenated(parts).records() == RECORDS


def test_keys_are_equal_for_equal_values_and_keep_characters_as_they_are():
    assert key({"b": [1], "a": "曹"}) == key({"a": "曹", "b": [1]}) == '{"a":"曹","b":[1]}'
    assert len({key(value) for value in (["a", "b"], ["b", "a"], "a", "1", 1, 1.5, None, True)}) == 8


def test_what_is_written_reads_back(tmp_path):
    ids = ['train:1"', "训练\\:2", "line\nbreak", "\u2028", ""]
    made = Candidates.of([{key(value): (row + 1) / 7 for row, value in enumerate(AWKWARD)}, {}, *RECORDS[1:]])
    write(tmp_path / "part.jsonl", [(ids, made)])
    found_ids, found = read(tmp_path / "part.jsonl")
    assert found_ids == ids
    assert found.frame.keys == made.frame.keys
    assert found.frame.starts.tolist() == made.frame.starts.tolist()
    np.testing.assert_allclose(found.scores, made.scores, rtol=5e-6)


def test_what_was_read_is_written_in_the_same_bytes(tmp_path):
    drawn = np.random.default_rng(0).random(200).astype(np.float32) ** 9
    first, again = tmp_path / "first", tmp_path / "again"
    values = Candidates.of([{key(number): float(each) for number, each in enumerate(drawn)}])
    write(first, [(["only"], values)])
    write(again, [read(first)])
    assert again.read_bytes() == first.read_bytes()


def test_a_file_has_a_line_for_each_record_that_a_person_can_read(tmp_path):
    values = Candidates.of([{key(["甲", "作者", "乙"]): 2 / 3}, {}])
    write(tmp_path / "part", [(["句:1", "句:2"], values)])
    assert (tmp_path / "part").read_text("utf-8").splitlines() == [
        '{"id":"句:1","candidates":[[["甲","作者","乙"],0.666667]]}',
        '{"id":"句:2","candidates":[]}',
    ]


def test_ids_and_records_of_different_numbers_are_refused(tmp_path):
    with pytest.raises(ValueError, match="zip"):
        write(tmp_path / "part", [(["one"], Candidates.of(RECORDS))])


def test_a_missing_number_survives_to_be_found_where_parts_are_joined(tmp_path):
    write(tmp_path / "part", [(["one"], Candidates.of([{"1": float("nan"), "2": 0.5}]))])
    assert np.isnan(read(tmp_path / "part")[1].scores).tolist() == [True, False]


def test_members_share_one_frame_in_which_the_unconsidered_scores_nothing():
    one = Candidates.of([{"a": 0.5, "b": 0.25}, {}, {"c": 1.0}])
    other = Candidates.of([{"b": 0.75, "d": 0.5}, {"a": 0.125}, {"c": 0.5}])
    vectors, back = aligned([one, other])
    expected = [[0.5, 0.25, 0, 0, 1], [0, 0.75, 0.5, 0.125, 0.5]]
    np.testing.assert_array_equal(vectors, np.array(expected, np.float32))
    assert back(vectors[1]).records() == [{"a": 0, "b": 0.75, "d": 0.5}, {"a": 0.125}, {"c": 0.5}]


def test_one_key_in_two_records_is_two_candidates():
    vectors, back = aligned([Candidates.of([{"a": 0.5}, {"a": 0.25}]), Candidates.of([{}, {"a": 1.0}])])
    assert [vector.tolist() for vector in vectors] == [[0.5, 0.25], [0, 1]]
    assert back(vectors[0]).records() == [{"a": 0.5}, {"a": 0.25}]


def test_what_comes_back_from_one_alignment_shares_its_frame():
    _, back = aligned([Candidates.of(RECORDS), Candidates.of(RECORDS[::-1])])
    assert back(np.zeros(9)).frame is back(np.ones(9)).frame


def best_by_trying(scores: np.ndarray, right: np.ndarray, wanted: int) -> float:
    """The best F1 of all thresholds that tell scores apart."""
    cuts = [scores >= cut for cut in np.unique(scores)]
    return max(2 * right[cut].sum() / (cut.sum() + wanted) for cut in cuts)


@pytest.mark.parametrize("seed", range(40))
def test_the_best_threshold_is_the_best_of_all(seed):
    random = np.random.default_rng(seed)
    count = int(random.integers(1, 30))
    digits = int(random.integers(1, 4))  # one digit makes ties
    scores = random.random(count).round(digits).astype(np.float32)
    right = random.random(count) < scores
    wanted = int(right.sum() + random.integers(1, 5))
    cut, f1 = best_threshold(scores, right, wanted)
    answered = scores >= cut
    assert f1 == pytest.approx(best_by_trying(scores, right, wanted))
    assert f1 == pytest.approx(2 * right[answered].sum() / (answered.sum() + wanted))


@pytest.mark.parametrize(
    ("scores", "right", "wanted", "expected"),
    [
        ([0.9, 0.8, 0.1], [1, 1, 0], 2, (0.45, 1.0)),
        ([0.1, 0.9, 0.8], [0, 1, 1], 2, (0.45, 1.0)),
        ([0.9, 0.8], [1, 1], 2, (0.4, 1.0)),  # halfway to nothing, where all are right
        ([0.5, 0.5], [1, 0], 1, (0.25, 2 / 3)),  # equal scores are answered together
        ([0.9, 0.5], [1, 0], 4, (0.7, 0.4)),  # four wanted, most of them never considered
        ([0.9, 0.5, 0.3], [1, 0, 1], 3, (0.15, 2 / 3)),
        ([], [], 3, (0.5, 0.0)),
        ([0.9], [0], 0, (0.5, 0.0)),
    ],
)
def test_cuts_of_a_few_candidates(scores, right, wanted, expected):
    found = best_threshold(np.array(scores, np.float32), np.array(right, bool), wanted)
    assert found == pytest.approx(expected)


def test_where_nothing_is_right_as_little_as_possible_is_answered():
    scores = np.array([0.2, 0.9, 0.6], np.float32)
    cut, f1 = best_threshold(scores, np.zeros(3, bool), 5)
    assert (f1, (scores >= cut).tolist()) == (0.0, [False, True, False])


def test_of_equally_good_cuts_the_one_with_fewer_answers_is_taken():
    scores = np.array([0.9, 0.8, 0.7, 0.6], np.float32)
    right = np.array([True, False, False, True])  # 2/4 with one answer, 4/7 with all; 2/4 is not best
    assert best_threshold(scores, right, 3)[0] == pytest.approx(0.3)
    assert best_threshold(scores[:3], right[:3], 1) == pytest.approx((0.85, 1.0))


def test_neighbouring_numbers_are_told_apart():
    low = np.float32(0.5)
    high = np.nextafter(low, np.float32(1))
    for above, below in ((high, low), (np.nextafter(high, np.float32(1)), high)):
        scores = np.array([below, above])
        cut, _ = best_threshold(scores, np.array([False, True]), 1)
        assert (scores >= cut).tolist() == [False, True]
