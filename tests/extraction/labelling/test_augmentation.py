import numpy as np
import pytest

from tasks.extraction.labelling.augmentation import NamePool, crop, swap
from tasks.extraction.labelling.mentions import locate
from tasks.extraction.records import Record

BY, PRESS = "作者", "出版社"


def record(text: str, *triples: tuple[str, str, str]) -> Record:
    return Record("train_data:1", text, None, triples)


def pool_of(*triples: tuple[str, str, str]) -> NamePool:
    return NamePool.of([record("", *triples)])


def swapped(text: str, triples, pool: NamePool, *, seed: int = 0, **options):
    return swap(text, triples, pool, np.random.default_rng(seed), **options)


ONE = [("长城谣", BY, "王雨")]
OTHER = pool_of(("归途", BY, "李山"))


@pytest.mark.parametrize(
    ("role", "text", "triple"),
    [
        ("both", "《归途》：李山写归途", ("归途", BY, "李山")),
        ("subject", "《归途》：王雨写归途", ("归途", BY, "王雨")),
        ("object", "《长城谣》：李山写长城谣", ("长城谣", BY, "李山")),
    ],
)
def test_names_are_exchanged_everywhere_by_role(role, text, triple):
    assert swapped("《长城谣》：王雨写长城谣", ONE, OTHER, role=role) == (text, [triple])


def test_all_triples_of_the_sentence_follow():
    text = "王雨的《长城谣》和《星空》，江南社"
    triples = [("长城谣", BY, "王雨"), ("长城谣", PRESS, "江南社"), ("星空", BY, "王雨")]
    pool = pool_of(("归途", PRESS, "北方社"))  # so that nothing happens when one of the other two is drawn
    made = [swapped(text, triples, pool, seed=seed) for seed in range(20)]
    exchanged = [("归途", BY, "王雨"), ("归途", PRESS, "北方社"), ("星空", BY, "王雨")]
    for expected in [("王雨的《归途》和《星空》，北方社", exchanged), (text, triples)]:
        assert expected in made
        made = [one for one in made if one != expected]
    assert not made


def test_case_and_width_do_not_hide_a_name():
    text, triples = swapped("ＡＢ即ab，王雨写", [("ab", BY, "王雨")], OTHER)
    assert (text, triples) == ("归途即归途，李山写", [("归途", BY, "李山")])


def test_a_longer_name_around_an_exchanged_one_stays():
    triples = [("长城", BY, "王雨"), ("长城谣", PRESS, "江南社")]
    for seed in range(9):
        text, _ = swapped("王雨写长城、长城谣，江南社", triples, OTHER, seed=seed)
        assert text in ("李山写归途、长城谣，江南社", "王雨写长城、长城谣，江南社")


@pytest.mark.parametrize(
    ("text", "triples", "pool"),
    [
        ("没有三元组", [], OTHER),
        ("王雨写长城谣", ONE, pool_of()),
        ("王雨写长城谣", ONE, pool_of(("归途", PRESS, "江南社"))),
        ("王雨写长城谣，不写归途", ONE, OTHER),
        ("同名", [("同名", BY, "同名")], OTHER),
        ("王雨全集", [("王雨全集", BY, "王雨")], OTHER),
        ("王雨写", [("长城谣", BY, "王雨"), ("星空", BY, "王雨")], OTHER),
        ("王雨写", [("", BY, "王雨")], OTHER),
    ],
    ids=[
        *("no triple", "empty pool", "no such predicate", "new name there already", "one name for two"),
        *("one name only inside the other", "names missing before", "empty name"),
    ],
)
def test_a_sentence_comes_back_unchanged_rather_than_wrong(text, triples, pool):
    for seed in range(5):
        assert swapped(text, triples, pool, seed=seed) == (text, triples)


def test_the_same_state_gives_the_same_sentence_and_others_vary():
    pool = pool_of(*[(f"书{number}", BY, f"人{number}") for number in range(50)])
    first = [swapped("王雨写长城谣", ONE, pool, seed=seed) for seed in range(20)]
    assert first == [swapped("王雨写长城谣", ONE, pool, seed=seed) for seed in range(20)]
    assert len({text for text, _ in first}) > 5


def test_a_pool_keeps_the_order_and_the_frequency_of_its_records():
    triples = ("甲", BY, "乙"), ("丙", BY, "丁")
    pool = NamePool.of([record("", triples[1]), record(""), record("", *triples)])
    assert pool.triples == {BY: [triples[1], triples[0], triples[1]]}


LONG = "《春，夏》由王雨所写，由江南社出版；李山写归途，天气好。"
BOTH = [("春，夏", BY, "王雨"), ("春，夏", PRESS, "江南社"), ("归途", BY, "李山")]


def test_a_crop_holds_the_clauses_of_a_triple_and_all_triples_in_them():
    crops = {crop(LONG, BOTH, np.random.default_rng(seed))[0] for seed in range(30)}
    assert crops == {"《春，夏》由王雨所写", "《春，夏》由王雨所写，由江南社出版", "李山写归途"}
    for seed in range(30):
        text, kept = crop(LONG, BOTH, np.random.default_rng(seed))
        assert kept == [triple for triple in BOTH if locate(text, triple[0]) and locate(text, triple[2])]


def test_a_name_cut_out_of_a_longer_one_does_not_keep_its_triple():
    triples = [("王雨文集", PRESS, "江南社"), ("王雨文集", BY, "王雨")]
    text = "《王雨文集》由江南社出版，作者是王雨"
    crops = [crop(text, triples, np.random.default_rng(seed)) for seed in range(20)]
    assert ("《王雨文集》由江南社出版", triples[:1]) in crops
    assert all(kept == triples for cropped, kept in crops if cropped == text)


def test_without_a_triple_to_hold_nothing_is_cropped():
    generator = np.random.default_rng(0)
    assert crop(LONG, [], generator) == (LONG, [])
    assert crop(LONG, [("甲", BY, "乙")], generator) == (LONG, [("甲", BY, "乙")])
