import numpy as np
import pytest

from tasks.extraction.gplinker.inference import MOST_SPANS, decode
from tasks.extraction.gplinker.training import label_count, marks, targets
from tests.extraction.certain import certain
from tests.extraction.tagging.test_targets_and_decoding import NESTED, ONE, OTHER, SHARED, K, example, labels

LENGTH = 32
CASES = [
    (ONE,),
    (ONE, SHARED, OTHER),
    (ONE, (2, (0, 2), (4, 6))),  # two predicates on one pair
    (ONE, (0, (0, 2), (8, 9)), (0, (3, 4), (4, 6))),  # several objects, a shared one
    (NESTED, ONE, (2, (0, 4), (0, 2))),  # names in names, subjects that overlap
    (ONE, (0, (4, 6), (0, 2))),  # a relation and its reverse
    ((1, (0, 10), (9, 10)), (0, (0, 1), (1, 10))),  # at both ends of the sentence
    (),
]


def links(*labels) -> list[tuple[str, int, int, int]]:
    """(output, predicate, first, second) of every pair that is linked, read from the targets."""
    found = targets([example(*labels)], predicates=K, length=LENGTH)
    read = []
    for name in ("head", "tail"):
        pairs = found[name][0, 0].tolist()
        for predicate, place in np.argwhere(found[name][0, 1:] == 1).tolist():
            read.append((name, predicate, *divmod(pairs[place], LENGTH)))
    return sorted(read)


def test_entities_are_spans_of_subjects_and_of_objects():
    found = targets([example(ONE, SHARED, OTHER)], predicates=K, length=LENGTH)["entity"][0, :, 1:]
    spans = [sorted(divmod(each, LENGTH) for each in row.tolist() if each) for row in found]
    assert spans == [[(1, 2), (9, 9)], [(1, 2), (5, 6), (6, 7)]]


def test_links_join_first_tokens_and_last_tokens_by_predicate():
    assert links(ONE, OTHER) == [("head", 0, 1, 5), ("head", 2, 9, 1), ("tail", 0, 2, 6), ("tail", 2, 9, 2)]


def test_a_pair_that_several_predicates_link_stands_once():
    found = targets([example(ONE, (2, (0, 2), (4, 6)))], predicates=K, length=LENGTH)["head"][0]
    assert found[:, 0].tolist() == [LENGTH + 5, 1, 0, 1]
    assert not found[:, 1:].any()


@pytest.mark.parametrize(("numbers", "width"), [(0, 8), (8, 8), (9, 16)])
def test_tables_have_few_widths(numbers, width):
    many = [(0, (place, place + 1), (0, 1)) for place in range(numbers)]
    found = targets([example(*many)], predicates=K, length=LENGTH)
    assert {name: width_of(name, value) for name, value in found.items()} == dict.fromkeys(found, width)


def width_of(name: str, table: np.ndarray) -> int:
    """Labels that the table has room for."""
    return table.shape[-1] - (name == "entity")


@pytest.mark.parametrize("own", CASES)
def test_tables_are_as_wide_as_the_labels_counted_and_wider_if_asked_for(own):
    found = targets([example(*own)], predicates=K, length=LENGTH, width=24)
    assert {width_of(name, value) for name, value in found.items()} == {24}
    narrow = targets([example(*own)], predicates=K, length=LENGTH)
    for name, value in narrow.items():
        width = value.shape[-1]
        np.testing.assert_array_equal(found[name][..., :width], value)
        assert not found[name][..., width:].any()
    counts = [np.count_nonzero(narrow["entity"][0, kind]) for kind in (0, 1)]
    counts += [np.count_nonzero(narrow[name][0, 0]) for name in ("head", "tail")]
    assert label_count(example(*own)) == max(counts)


def test_predicates_that_are_unlabelled_in_a_sentence_have_no_targets_there():
    given = [example(ONE)._replace(unlabelled=(1, 2)), example(ONE)]
    found = targets(given, predicates=K, length=LENGTH)
    for name in ("head", "tail"):
        assert (found[name][0, [2, 3]] == -1).all()
        np.testing.assert_array_equal(found[name][0, :2], found[name][1, :2])
        assert (found[name][1] >= 0).all()
    assert found["entity"][..., 0].tolist() == [[0, 1], [0, 0]]  # its objects may have no label
    np.testing.assert_array_equal(found["entity"][0, :, 1:], found["entity"][1, :, 1:])


@pytest.mark.parametrize("wrong", [(1, (8, 9), (0, 2)), (2, (0, 2), (8, 9))])
def test_marks_of_unlabelled_predicates_are_neither_right_nor_wrong(wrong):
    output = from_targets(example(ONE, wrong))
    known, unknown = example(ONE), example(ONE)._replace(unlabelled=(wrong[0],))
    marked, counted = [
        [mine.copy() for mine, _ in marks(output, targets([given], predicates=K, length=LENGTH))]
        for given in (known, unknown)
    ]
    labelled = [its for _, its in marks(output, targets([known], predicates=K, length=LENGTH))]
    for table, own in zip(counted[1:], labelled[1:], strict=True):
        np.testing.assert_array_equal(table, own)
    assert any((table != own).any() for table, own in zip(marked[1:], labelled[1:], strict=True))
    np.testing.assert_array_equal(counted[0][0, 1], labelled[0][0, 1])  # objects
    np.testing.assert_array_equal(counted[0][0, 0], marked[0][0, 0])  # subjects


def test_sentences_of_a_batch_do_not_mix():
    both = targets([example(ONE), example(OTHER, NESTED)], predicates=K, length=LENGTH)
    for row, own in enumerate(([ONE], [OTHER, NESTED])):
        alone = targets([example(*own)], predicates=K, length=LENGTH)
        for name, value in alone.items():
            np.testing.assert_array_equal(both[name][row], value[0])


def inputs(*examples) -> dict[str, np.ndarray]:
    found = np.zeros((len(examples), LENGTH), np.int32)
    for row, each in enumerate(examples):
        found[row, : each.tokens] = each.inputs["characters"]
    return {"characters": found}


def decoded(*examples, known=None, sure=8.0, floor=0.1):
    networks = [certain(own, method="gplinker", predicates=K, sure=sure) for own in known or [examples]]
    return decode(networks, examples, inputs(*examples), floor=floor)


@pytest.mark.parametrize("own", CASES)
def test_certain_scores_are_decoded_to_exactly_the_labels(own):
    assert labels(decoded(example(*own))[0]) == sorted(own)


def from_targets(*examples, sure=8.0):
    """A network whose scores are laid out from the targets themselves, by the pairs they name."""
    found = targets(list(examples), predicates=K, length=LENGTH)
    entity = np.full((len(examples), 2, LENGTH * LENGTH), -sure)
    output = {"entity": entity}
    for row, kind, place in np.argwhere(found["entity"][..., 1:] > 0):
        entity[row, kind, found["entity"][row, kind, 1 + place]] = sure
    for name in ("head", "tail"):
        factors = output[name] = np.full((len(examples), LENGTH + 2 * K, LENGTH), -4 * sure)
        for row, predicate, place in np.argwhere(found[name][:, 1:] == 1):
            first, second = divmod(int(found[name][row, 0, place]), LENGTH)
            factors[row, first, second] = sure
            factors[row, LENGTH + predicate, first] = factors[row, LENGTH + K + predicate, second] = 0
    output["entity"] = entity.reshape(len(examples), 2, LENGTH, LENGTH)
    return output


@pytest.mark.parametrize("own", CASES)
def test_targets_are_read_back_as_the_labels_they_were_made_of(own):
    class Network:
        sentence = None

    Network.sentence = Network()
    Network.predict_on_batch = lambda self, given: from_targets(example(*own), example(OTHER))
    found = decode([Network], both := (example(*own), example(OTHER)), inputs(*both), floor=0.1)
    assert [labels(each) for each in found] == [sorted(own), [OTHER]]


def test_a_score_is_the_sigmoid_of_the_least_of_four():
    (found,) = decoded(example(ONE), sure=1.5)[0]
    assert found.score == pytest.approx(1 / (1 + np.exp(-1.5)))


def test_logits_of_networks_are_averaged():
    sure, denied = example(ONE), example()
    networks = [
        certain([sure], method="gplinker", predicates=K, sure=3.0),
        certain([sure], method="gplinker", predicates=K, sure=-1.0),
    ]
    (found,) = decode(networks, [sure], inputs(sure), floor=0.5)[0]
    assert found.score == pytest.approx(1 / (1 + np.exp(-1.0)))
    assert decoded(denied, known=[[sure], [denied]], floor=0.5) == [[]]


def test_padding_and_the_tokens_around_a_sentence_are_no_entities():
    class Network:
        sentence = None

    def everything(self, given):
        found = certain([example()], method="gplinker", predicates=K).sentence.predict_on_batch(given)
        return {name: np.full_like(value, 5.0) for name, value in found.items()}

    Network.sentence = Network()
    Network.predict_on_batch = everything
    (found,) = decode([Network], [example()], inputs(example()), floor=0.5)
    places = np.array([[each.subject, each.object] for each in found])
    assert places.min() == 0
    assert places.max() == 10
    assert len({each.subject for each in found}) == MOST_SPANS


def test_of_too_many_spans_the_best_are_kept():
    text = "".join(chr(0x4E00 + place) for place in range(MOST_SPANS + 30))[: LENGTH - 2]
    given = example(*[(0, (place, place + 1), (0, 1)) for place in range(len(text))], text=text)
    network = certain([given], method="gplinker", predicates=K)
    predict = network.sentence.predict_on_batch

    def more(inputs):
        found = predict(inputs)
        found["entity"][0, 0, 1:-1, 1:-1] = np.maximum(found["entity"][0, 0, 1:-1, 1:-1], 1.0)
        return found

    network.sentence.predict_on_batch = more
    found = decode([network], [given], inputs(given), floor=0.5)[0]
    sure = {each.subject for each in found if each.subject[1] - each.subject[0] == 1}
    assert sure == {(place, place + 1) for place in range(len(text))}
