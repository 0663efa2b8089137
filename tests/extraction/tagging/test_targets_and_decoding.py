import numpy as np
import pytest

from tasks.extraction.models.features import TokenizedSentence, tokens_of
from tasks.extraction.records import Record
from tasks.extraction.tagging.decoding import OBJECT_ROWS, decode, pairs
from tasks.extraction.tagging.targets import targets
from tests.extraction.certain import certain

K = 3
ONE = (0, (0, 2), (4, 6))
SHARED = (1, (0, 2), (5, 7))
NESTED = (1, (0, 4), (1, 3))
OTHER = (2, (8, 9), (0, 2))
TEXT = "甲乙丙丁戊己庚辛壬癸"


def example(*labels, text=TEXT) -> TokenizedSentence:
    numbers = np.array([2, *(7 + ord(each) % 97 for each in text), 3], np.int32)
    return TokenizedSentence(Record("train:0", text, None, ()), {"characters": numbers}, labels)


def drawn(*labels, subjects=1, seed=0, beside=()) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    given = [example(*labels), *beside]
    length, generator = max(each.tokens for each in given) + 6, np.random.default_rng(seed)
    extra, found = targets(given, length, generator, predicates=K, subjects=subjects)
    return extra["span"], found


def marked(target: np.ndarray) -> list[list[int]]:
    return np.argwhere(target == 1).tolist()


def test_subjects_are_marked_at_their_first_and_last_token():
    _, found = drawn(ONE, OTHER)
    assert marked(found["subject"][0]) == [[1, 0], [2, 1], [9, 0], [9, 1]]


def test_objects_of_the_subject_that_is_drawn_are_marked_by_predicate():
    span, found = drawn(ONE, SHARED)
    assert span.tolist() == [[[1, 2]]]
    assert marked(found["object"][0]) == sorted([[5, 0], [6, K], [6, 1], [7, K + 1]])


def test_start_and_end_are_drawn_independently():
    spans = [drawn(NESTED, ONE, OTHER, seed=seed)[0][0, 0] for seed in range(200)]
    counted = {span: sum(span == tuple(each) for each in spans) for span in set(map(tuple, spans))}
    # Of the subjects (1, 2), (1, 4), (9, 9) a start is drawn, then an end that does not lie before it.
    expected = {(1, 2): 2 / 9, (1, 4): 2 / 9, (1, 9): 2 / 9, (9, 9): 1 / 3}
    assert counted.keys() == expected.keys()
    assert all(abs(counted[span] / 200 - share) < 0.12 for span, share in expected.items())


def test_false_subjects_have_no_objects():
    found = [drawn(NESTED, ONE, OTHER, seed=seed) for seed in range(40)]
    false = [target["object"] for span, target in found if tuple(span[0, 0]) == (1, 9)]
    true = [target["object"] for span, target in found if tuple(span[0, 0]) != (1, 9)]
    assert len(false) > 3
    assert not any((each == 1).any() for each in false)
    assert all((each == 1).any() for each in true)


def test_a_sentence_without_triples_has_the_first_token_for_a_subject_and_no_objects():
    span, found = drawn()
    assert span.tolist() == [[[0, 0]]]
    assert marked(found["subject"]) == marked(found["object"]) == []


def test_padding_is_marked_in_all_targets_and_nothing_else_is():
    _, found = drawn(ONE, subjects=2, beside=[example(text="甲" * 40)])
    for target, tokens in ((found["subject"][0], 12), (found["object"][1], 12), (found["object"][2], 42)):
        assert target.shape[0] == 48
        assert (target[tokens:] == -1).all()
        assert (target[:tokens] >= 0).all()


def test_predicates_that_are_unlabelled_in_a_sentence_have_no_targets_there():
    unknown = example(ONE, SHARED)._replace(unlabelled=(2,))
    _, found = drawn(ONE, SHARED, beside=[unknown])
    known, partly = found["object"]
    assert (partly[:, [2, K + 2]] == -1).all()
    rest = [0, 1, K, K + 1]
    np.testing.assert_array_equal(partly[:, rest], known[:, rest])
    np.testing.assert_array_equal(*found["subject"])


def test_a_sentence_that_fills_up_has_no_targets():
    _, found = drawn(ONE, subjects=2, beside=[example(ONE)._replace(is_filler=True)])
    assert (found["subject"][1] == -1).all()
    assert (found["object"][2:] == -1).all()
    assert marked(found["object"][:2])


def test_several_subjects_of_a_sentence_lie_side_by_side():
    given = [example(ONE, OTHER), example(SHARED)]
    extra, found = targets(given, 16, np.random.default_rng(0), predicates=K, subjects=8)
    assert extra["span"].shape == (2, 8, 2)
    assert found["object"].shape == (16, 16, 2 * K)
    assert {tuple(span) for span in extra["span"][1]} == {(1, 2)}
    assert all(marked(each) == [[6, 1], [7, K + 1]] for each in found["object"][8:])
    assert len({tuple(span) for span in extra["span"][0]}) > 1


def test_targets_are_a_function_of_the_generator():
    assert drawn(NESTED, ONE, OTHER, subjects=4, seed=3)[0].tolist() == (
        drawn(NESTED, ONE, OTHER, subjects=4, seed=3)[0].tolist()
    )


@pytest.mark.parametrize(
    ("starts", "ends", "found"),
    [
        ({0: 0.9}, {1: 0.9}, [(0, 1)]),
        ({0: 0.9}, {0: 0.9}, [(0, 0)]),
        ({2: 0.9}, {1: 0.9}, []),
        ({0: 0.9}, {1: 0.9, 2: 0.9}, [(0, 1)]),
        ({0: 0.9, 1: 0.9}, {2: 0.9}, [(0, 2), (1, 2)]),
        ({0: 0.9}, {1: 0.2, 2: 0.9}, [(0, 1), (0, 2)]),
        ({0: 0.9}, {1: 0.2, 2: 0.2, 3: 0.2, 4: 0.9}, [(0, 1), (0, 2), (0, 4)]),
        ({0: 0.9}, {1: 0.2, 2: 0.2, 3: 0.2}, [(0, 1), (0, 2)]),
        ({0: 0.05}, {1: 0.9}, []),
        ({0: 0.9}, {1: 0.05}, []),
        ({}, {}, []),
    ],
)
def test_a_start_takes_the_nearest_sure_end_and_few_weaker_ones_before_it(starts, ends, found):
    given = np.zeros((2, 5))
    for row, tags in enumerate((starts, ends)):
        for place, probability in tags.items():
            given[row, place] = probability
    spans = pairs(*given, floor=0.1)
    assert [(start, end) for start, end, _ in spans] == found
    assert [score for *_, score in spans] == pytest.approx([starts[s] * ends[e] for s, e in found])


def decoded(*examples: TokenizedSentence, known=None, sure=8.0, floor=0.1):
    length = max(each.tokens for each in examples)
    inputs = {"characters": np.zeros((len(examples), length), np.int32)}
    for row, each in enumerate(examples):
        inputs["characters"][row, : each.tokens] = each.inputs["characters"]
    networks = [certain(own, method="pointer", predicates=K, sure=sure) for own in known or [examples]]
    return decode(networks, examples, inputs, predicates=K, floor=floor)


def labels(found) -> list:
    return sorted((each.predicate, each.subject, each.object) for each in found)


@pytest.mark.parametrize(
    "own",
    [
        (ONE,),
        (ONE, SHARED, OTHER),
        (ONE, (2, (0, 2), (4, 6))),  # two predicates on one pair
        ((0, (0, 2), (4, 6)), (0, (0, 2), (8, 9)), (0, (3, 4), (4, 6))),  # several objects, a shared one
        ((0, (3, 10), (8, 9)), (1, (0, 1), (3, 10))),  # an object inside its subject; both ends of the text
        ((1, (0, 2), (0, 2)),),
        (),
    ],
)
def test_certain_tags_are_decoded_to_exactly_the_labels(own):
    assert labels(decoded(example(*own))[0]) == sorted(own)


def test_a_score_is_the_geometric_mean_of_its_four_tags():
    (found,) = decoded(example(ONE), sure=1.0, floor=0.5)[0]
    assert found.score == pytest.approx(1 / (1 + np.exp(-1)))


def test_more_subjects_than_are_looked_at_together_are_all_found():
    many = tuple((place % K, (place, place + 1), (place, place + 1)) for place in range(OBJECT_ROWS + 6))
    text = "".join(chr(0x4E00 + place) for place in range(OBJECT_ROWS + 10))
    found = decoded(example(*many, text=text), example(ONE))
    assert labels(found[0]) == sorted(many)
    assert labels(found[1]) == [ONE]


@pytest.mark.parametrize(("subjects", "batches"), [(1, 1), (2, 1), (32, 1), (33, 2), (67, 3)])
def test_batches_of_subjects_have_one_size(subjects, batches):
    many = tuple((place % K, (place, place + 1), (place, place + 1)) for place in range(subjects))
    given = example(*many, text="".join(chr(0x4E00 + place) for place in range(subjects + 4)))
    network, sizes = certain([given], method="pointer", predicates=K), []
    of_objects = network.objects.predict_on_batch
    network.objects.predict_on_batch = lambda taken: sizes.append(len(taken["span"])) or of_objects(taken)
    found = decode(
        [network], [given], {"characters": given.inputs["characters"][None]}, predicates=K, floor=0.1
    )
    assert labels(found[0]) == sorted(many)
    assert sizes == [OBJECT_ROWS] * batches


def test_probabilities_of_networks_are_averaged():
    agreed, denied = example(ONE), example()
    found = decoded(example(), known=[[agreed], [denied]], floor=0.4)[0]
    assert labels(found) == [ONE]
    assert found[0].score == pytest.approx(0.5, abs=1e-3)
    assert decoded(example(), known=[[agreed], [denied], [denied]], floor=0.4) == [[]]


def test_nothing_reaches_a_floor_above_all_tags():
    assert decoded(example(ONE, OTHER), floor=0.99999) == [[]]


def test_a_span_is_read_between_the_first_and_the_last_token():
    assert tokens_of((0, 1)) == (1, 1)
    assert tokens_of((3, 6)) == (4, 6)
