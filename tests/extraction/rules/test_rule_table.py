import json
import random
from pathlib import Path

import pytest

from tasks.core.errors import InvalidSettings
from tasks.extraction.records import Triple
from tasks.extraction.rules.rule_table import RULES, apply

REAL = Path(__file__).resolve().parents[4] / "shared" / "data" / "ske"

# Short names with everything in them that some rule looks for, so that random triples meet the rules.
NAMES = (
    *(
        "甲",
        "甲乙",
        "乙",
        "丙",
        "丙属",
        "丙科",
        "中国",
        "中国共产党",
        "丁公司",
        "戊出版社",
        "甲、乙",
        "乙，丙",
    ),
    *(
        "热带",
        "亚热带",
        "北亚热带",
        "山东人",
        "人人",
        "人",
        "戊",
        "丁",
        "丁集团",
        "A",
        "Bo",
        "A Bo",
        "é",
        "",
        "、",
    ),
)
PREDICATES = (
    *("目", "国籍", "作者", "父亲", "母亲", "丈夫", "妻子", "气候", "祖籍", "出版社", "成立日期", "出品公司"),
    *("歌手", "所属专辑", "主演"),
)
FILLERS = ("，", "的", "和", "A Bo", "出版社", "公司", "集团", "有限公司", "北", "亚", "《", "》")


def sentence(seed: int) -> tuple[str, list[Triple]]:
    """A random text and distinct random triples; half of the seeds use few names, so that families close."""
    chance = random.Random(seed)
    names = chance.sample(NAMES, 4) if seed % 2 else NAMES
    pieces = chance.choices([*names, *FILLERS], k=chance.randint(0, 25))
    predicates = chance.sample(PREDICATES, chance.randint(1, len(PREDICATES)))
    drawn = (
        (chance.choice(names), chance.choice(predicates), chance.choice(names))
        for _ in range(chance.randint(0, 8))
    )
    return "".join(pieces), list(dict.fromkeys(drawn))


@pytest.mark.parametrize("name", RULES)
def test_twice_is_once(name):
    changed = 0
    for seed in range(3000):
        text, triples = sentence(seed)
        once = RULES[name](text, triples)
        assert RULES[name](text, once) == once, (text, triples)
        changed += once != triples
    assert changed, "no random sentence met the rule"


@pytest.mark.parametrize("name", RULES)
def test_input_is_left_alone_and_no_duplicate_comes_of_it(name):
    for seed in range(1000):
        text, triples = sentence(seed)
        before = list(triples)
        after = RULES[name](text, triples)
        assert after is not triples
        assert triples == before
        assert len(set(after)) == len(after)


@pytest.mark.parametrize("name", ["taxonomy", "nationality", "self_relatives", "spouses", "family", "album"])
def test_what_is_kept_keeps_its_order(name):
    for seed in range(1000):
        text, triples = sentence(seed)
        after = RULES[name](text, triples)
        kept = [triple for triple in triples if triple in after]
        assert after[: len(kept)] == kept


@pytest.mark.parametrize("name", RULES)
def test_nothing_is_made_of_nothing(name):
    assert RULES[name]("", []) == []
    assert RULES[name]("丙属是中国共产党的公司、出版社", []) == []


@pytest.mark.parametrize("name", sorted(set(RULES) - {"spouses", "family"}))
def test_no_entity_is_emptied_or_filled(name):
    for seed in range(2000):
        text, triples = sentence(seed)
        blank = {entity == "" for s, _, o in triples for entity in (s, o)}
        after = {entity == "" for s, _, o in RULES[name](text, triples) for entity in (s, o)}
        assert after <= blank


@pytest.mark.parametrize("name", ["climate", "publisher", "company_suffix", "latin_names", "nationality"])
def test_entities_absent_from_the_text_stay_as_they_are(name):
    triples = [
        *[("甲", "气候", "热带"), ("书", "出版社", "人民"), ("丁", "董事长", "乙"), ("甲", "国籍", "中国")],
        *[("曲", "作曲", "Kenn"), ("曲", "作曲", "Wu"), ("片", "出品公司", "丁")],
    ]
    assert RULES[name]("别的话", triples) == triples
    assert RULES[name]("", triples) == triples


def test_rules_apply_in_the_tables_order_whatever_the_order_of_their_names():
    """The enumeration is split before its names are found to be nested; the reverse would keep 鲁豫."""
    text, triples = "陈鲁豫、李咏主持", [("甲", "主持人", "鲁豫"), ("甲", "主持人", "陈鲁豫、李咏")]
    both = [("甲", "主持人", "陈鲁豫"), ("甲", "主持人", "李咏")]
    assert apply(text, triples, ("nested_names", "enumeration")) == both
    assert apply(text, triples, ("enumeration", "nested_names", "enumeration")) == both
    assert RULES["enumeration"](text, RULES["nested_names"](text, triples)) != both


def test_only_the_rules_named_apply():
    triples = [("甲", "父亲", "甲"), ("甲", "妻子", "乙")]
    assert apply("甲乙", triples, ()) == triples
    assert apply("甲乙", triples, ("self_relatives",)) == triples[1:]
    assert apply("甲乙", triples) == [("甲", "妻子", "乙"), ("乙", "丈夫", "甲")]
    assert triples == [("甲", "父亲", "甲"), ("甲", "妻子", "乙")]


def test_an_unknown_rule_is_refused_with_the_nearest_one():
    with pytest.raises(
        InvalidSettings, match=r"spouse: no such rule \(did you mean spouses\?\); known: taxon"
    ):
        apply("", [], ("family", "spouse"))


@pytest.mark.parametrize("name", RULES)
def test_every_rule_says_what_it_does(name):
    assert RULES[name].__name__ == name
    assert len(RULES[name].__doc__ or "") > 60


@pytest.mark.skipif(not REAL.is_dir(), reason="the real sentences are not here")
@pytest.mark.parametrize("name", RULES)
def test_real_sentences_survive(name):
    for line in (REAL / "train_data.json").read_text("utf-8").splitlines():
        record = json.loads(line)
        text = record["text"]
        found = [(spo["subject"], spo["predicate"], spo["object"]) for spo in record["spo_list"]]
        triples = list(dict.fromkeys(found))
        after = RULES[name](text, triples)
        assert RULES[name](text, after) == after
        assert len(set(after)) == len(after)
        assert all(
            entity.lower() in text.lower() for s, _, o in after for entity in (s, o)
        )  # labels fold case
        assert after or not triples or name != "taxonomy"
