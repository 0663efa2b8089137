import pytest

from tasks.extraction.labelling.distant_supervision import KnownTriples
from tasks.extraction.records import Record

BY, OF = "作者", "主角"
PREDICATES = {BY: 0, OF: 1}


def record(id: str, text: str, *triples: tuple[str, str, str]) -> Record:
    return Record(id, text, None, triples)


WALL, ROAD = ("长城", BY, "王雨"), ("Road", OF, "李山")
RECORDS = [
    record("train:1", "王雨写长城", WALL),
    record("train:2", "长城是王雨的书", ("《长城》", BY, "王雨 ")),
    record("train:3", "李山走Road", ROAD),
]
KNOWLEDGE = KnownTriples.of(RECORDS, PREDICATES)


def test_known_pairs_are_candidates_wherever_both_names_stand():
    assert KNOWLEDGE.labels("听说王雨也去过长城") == [(0, (7, 9), (2, 4))]
    assert KNOWLEDGE.labels("ＲＯＡＤ上有李山") == [(1, (0, 4), (6, 8))]
    assert KNOWLEDGE.labels("王雨与Road") == []
    assert KNOWLEDGE.labels("李山与长城") == []
    assert KNOWLEDGE.labels("") == []


def test_support_counts_distinct_sentences():
    assert KNOWLEDGE.candidates("王雨与长城，李山与road") == {WALL: 2, ("road", OF, "李山"): 1}
    again = KnownTriples.of([RECORDS[0], RECORDS[0]._replace(id="extra:1")], PREDICATES)
    assert again.candidates("王雨与长城") == {WALL: 1}


def test_a_sentence_never_teaches_itself():
    assert KNOWLEDGE.candidates(RECORDS[0].text, exclude="train:1") == {WALL: 1}
    assert KNOWLEDGE.labels(RECORDS[2].text, exclude="train:3") == []
    assert KNOWLEDGE.labels(RECORDS[2].text) != []


def test_a_copy_of_a_sentence_does_not_teach_it_either():
    copies = [RECORDS[2], RECORDS[2]._replace(id="extra:1")]
    knowledge = KnownTriples.of(copies, PREDICATES)
    assert [knowledge.labels(copy.text, exclude=copy.id) for copy in copies] == [[], []]


@pytest.mark.parametrize("unknown", [None, "dev:1"])
def test_a_sentence_it_was_not_built_from_sees_all_of_the_knowledge(unknown):
    assert KNOWLEDGE.labels(RECORDS[2].text, exclude=unknown) == [(1, (3, 7), (0, 2))]


def test_one_pair_may_stand_for_several_predicates():
    records = [record("train:1", "", ("甲", BY, "乙")), record("train:2", "甲乙", ("甲", OF, "乙"))]
    assert KnownTriples.of(records, PREDICATES).labels("甲和乙") == [(0, (0, 1), (2, 3)), (1, (0, 1), (2, 3))]
    assert KnownTriples.of(records, PREDICATES).labels("甲乙", exclude="train:2") == [(0, (0, 1), (1, 2))]


def test_no_records_know_nothing():
    assert KnownTriples.of([], PREDICATES).labels("王雨写长城") == []
    assert KnownTriples.of([record("train:1", "王雨", ("", BY, "王雨"))], PREDICATES).labels("王雨") == []


def test_held_out_sentences_teach_nothing():
    held_out = RECORDS[2]
    knowledge = KnownTriples.of(RECORDS[:2], PREDICATES)
    assert knowledge.labels(held_out.text, exclude=held_out.id) == []
