import json
from pathlib import Path

import pytest

from tasks.extraction.labelling.mentions import label, locate, occurrences, surface

SKE = Path(__file__).parents[4] / "shared" / "data" / "ske"
FOUND, WROTE = "创始人", "作者"
PREDICATES = {FOUND: 0, WROTE: 1}


@pytest.mark.parametrize(
    ("text", "entity", "found"),
    [
        ("王雨写了长城", "长城", "长城"),
        ("王雨写了《长城》", "《长城》", "《长城》"),
        ("王雨写了长城", "《长城》", "长城"),
        ("王雨唱My Love", "my love", "My Love"),
        ("王雨唱ＭＹ　ＬＯＶＥ", "my love", "ＭＹ　ＬＯＶＥ"),
        ("王雨唱MyLove", "my love", "MyLove"),
        ("王 雨写了长城", "王雨", "王 雨"),
        ("王雨 写了长城", "王雨 ", "王雨"),
        ("王雨写了《 长 城 》", "《长城》", "《 长 城 》"),
        ("1+1(二)", "1+1(二)", "1+1(二)"),
        ("王雨写了长城", "黄河", None),
        ("王雨写了长城", "", None),
        ("王雨写了长城", "《》", None),
        ("", "长城", None),
    ],
)
def test_an_entity_is_found_as_written_then_without_brackets_then_without_spaces(text, entity, found):
    span = locate(text, entity)
    assert (surface(text, span) if span else None) == found


def test_the_literal_form_wins_over_an_earlier_looser_one():
    assert locate("王 雨和王雨", "王雨") == (4, 6)
    assert locate("长城与《长城》", "《长城》") == (3, 7)


def test_all_occurrences_are_found_also_those_that_overlap():
    assert occurrences("哈哈哈", "哈哈") == [(0, 2), (1, 3)]
    assert occurrences("甲乙甲", "甲") == [(0, 1), (2, 3)]
    assert occurrences("甲乙甲", "丙") == []


def test_a_surface_has_the_original_characters_without_outer_space():
    assert surface("唱ＡＢ Ｃ　了", (1, 6)) == "ＡＢ Ｃ"


def test_triples_become_spans_once_and_missing_ones_are_told():
    text = "《长城》由王雨所写"
    triples = [("长城", WROTE, "王雨"), ("黄河", WROTE, "王雨"), (" 长城", WROTE, "王雨")]
    labelled = label(text, triples, PREDICATES)
    assert labelled.triples == ((1, (1, 3), (5, 7)),)
    assert labelled.missing == (("黄河", WROTE, "王雨"),)


def test_a_subject_keeps_one_mention_while_each_object_stands_beside_it():
    text = "李山说，星海由李山创办，王雨写星海"
    labelled = label(text, [("星海", FOUND, "李山"), ("星海", WROTE, "王雨")], PREDICATES)
    assert labelled.triples == ((0, (4, 6), (7, 9)), (1, (4, 6), (12, 14)))


def test_an_occurrence_inside_a_longer_mention_is_the_last_choice():
    text = "南京大学在南京"
    labelled = label(text, [("南京大学", WROTE, "南京"), ("南京", FOUND, "南京大学")], PREDICATES)
    assert labelled.triples == ((1, (0, 4), (5, 7)), (0, (5, 7), (0, 4)))
    assert label("南京大学", [("南京大学", WROTE, "南京")], PREDICATES).triples == ((1, (0, 4), (0, 2)),)


def test_an_object_overlaps_its_subject_only_where_it_must():
    text = "王雨文集，由江南的雨文整理"
    assert label(text, [("王雨", WROTE, "雨文")], PREDICATES).triples == ((1, (0, 2), (9, 11)),)
    assert label("同名", [("同名", WROTE, "同名")], PREDICATES).triples == ((1, (0, 2), (0, 2)),)


def test_a_predicate_without_an_index_is_an_error():
    with pytest.raises(KeyError, match="导演"):
        label("甲乙", [("甲", "导演", "乙")], PREDICATES)


@pytest.mark.skipif(not SKE.exists(), reason="needs the real sentences")
def test_labels_of_real_sentences_read_back_as_their_triples():
    with (SKE / "dev_data.json").open(encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            text = record["text"]
            triples = {(row["subject"], row["predicate"], row["object"]) for row in record["spo_list"]}
            predicates = sorted({triple[1] for triple in triples})
            labelled = label(text, sorted(triples), {name: i for i, name in enumerate(predicates)})
            read = {(surface(text, s), predicates[p], surface(text, o)) for p, s, o in labelled.triples}
            assert (read, labelled.missing) == (triples, ())
