import numpy as np
import pytest

from tasks.extraction.labelling.distant_supervision import KnownTriples
from tasks.extraction.models.features import TokenizedSentence
from tasks.extraction.pointer.distant_features import DistantFeatures
from tasks.extraction.records import Record

K = 2
LENGTH = 32
RECORDS = [
    Record("t:1", "王雨写长城", None, (("长城", "作者", "王雨"),)),
    Record("t:2", "长城是王雨的", None, (("长城", "作者", "王雨"),)),
    Record("t:3", "李山走大路", None, (("大路", "主角", "李山"), ("大路", "作者", "李山"))),
]
KNOWN = DistantFeatures(KnownTriples.of(RECORDS, {"作者": 0, "主角": 1}), K)


def example(text: str, id: str = "new", *, tokens: int | None = None) -> TokenizedSentence:
    return TokenizedSentence(Record(id, text, None, ()), {"characters": np.ones(tokens or len(text) + 2)}, ())


def marked(found: np.ndarray) -> list[list[int]]:
    return np.argwhere(found == 1).tolist()


def test_subjects_of_known_pairs_are_marked_where_they_start_and_end():
    found = KNOWN.subjects([example("看长城的王雨"), example("没有")], length=LENGTH)
    assert found.shape == (2, LENGTH, 2)
    assert marked(found) == [[0, 2, 0], [0, 3, 1]]


def test_objects_are_marked_by_predicate_for_the_given_subject():
    given = example("李山走大路")
    assert marked(KNOWN.objects(given, (4, 5), length=LENGTH)) == [[1, 0], [1, 1], [2, K], [2, K + 1]]
    assert not KNOWN.objects(given, (4, 4), length=LENGTH).any()
    assert not KNOWN.objects(given, (1, 2), length=LENGTH).any()


def test_triples_that_only_the_sentence_states_are_no_candidates():
    assert not KNOWN.subjects([example("李山走大路", "t:3")], length=LENGTH).any()
    assert KNOWN.subjects([example("王雨写长城", "t:1")], length=LENGTH).any()


def test_candidates_that_were_cut_off_are_left_out():
    assert KNOWN.candidates(example("王雨写长城", tokens=7)) == [(0, (3, 5), (0, 2))]
    assert KNOWN.candidates(example("王雨写长城，", tokens=6)) == []


def test_a_view_of_a_sentence_is_looked_up_by_its_own_text():
    assert KNOWN.candidates(example("王雨写长城", "t:3")) != []
    assert KNOWN.candidates(example("没有", "t:3")) == []


def test_inputs_of_a_batch_have_a_row_for_each_subject():
    batch = [example("李山走大路"), example("看长城的王雨")]
    span = np.array([[[4, 5], [1, 2]], [[2, 3], [2, 2]]])
    found = KNOWN.of_batch(batch, span, length=LENGTH)
    assert found["distant"].shape == (2, LENGTH, 2)
    assert found["distant_objects"].shape == (4, LENGTH, 2 * K)
    assert [bool(each.any()) for each in found["distant_objects"]] == [True, False, True, False]
    for row, (place, own) in enumerate([(0, (4, 5)), (0, (1, 2)), (1, (2, 3)), (1, (2, 2))]):
        alone = KNOWN.objects(batch[place], own, length=LENGTH)
        np.testing.assert_array_equal(found["distant_objects"][row], alone)


@pytest.mark.parametrize("value", ["subjects", "objects"])
def test_inputs_are_float32(value):
    given = example("看长城的王雨")
    made = (
        KNOWN.subjects([given], length=8) if value == "subjects" else KNOWN.objects(given, (2, 3), length=8)
    )
    assert made.dtype == np.float32
