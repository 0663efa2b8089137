import pytest

from tasks.extraction.rules.boundaries import (
    ancestral_home,
    climate,
    company_suffix,
    enumeration,
    publisher,
)


@pytest.mark.parametrize(
    ("text", "found", "whole"),
    [
        ("某县属亚热带季风气候", "热带季风气候", "亚热带季风气候"),
        ("某县属北亚热带季风气候", "热带季风气候", "北亚热带季风气候"),
        ("某县属中温带季风气候", "温带季风气候", "中温带季风气候"),
        ("某县属热带季风气候", "热带季风气候", "热带季风气候"),
        ("某县属暖温带季风气候", "温带季风气候", "温带季风气候"),
        ("某县属热带气候，某镇属南亚热带气候", "热带气候", "南亚热带气候"),
    ],
    ids=["one character", "two", "another", "nothing before it", "another word before it", "somewhere else"],
)
def test_a_climate_begins_where_the_text_lets_it_begin(text, found, whole):
    assert climate(text, [("某县", "气候", found)]) == [("某县", "气候", whole)]


def test_two_climates_that_become_one_stand_in_the_first_ones_place():
    triples = [("某县", "气候", "热带"), ("某县", "面积", "1亩"), ("某县", "气候", "亚热带")]
    assert climate("某县属亚热带", triples) == [("某县", "气候", "亚热带"), ("某县", "面积", "1亩")]


def test_only_climates_are_extended_to_the_left():
    triples = [("甲", "出生地", "京"), ("热带", "气候", "寒带")]
    assert climate("甲生于北京，亚热带", triples) == triples


@pytest.mark.parametrize(
    ("found", "place"), [("山东牟平人", "山东牟平"), ("山东", "山东"), ("人和", "人和"), ("人", "人")]
)
def test_an_ancestral_home_is_a_place_and_no_people(found, place):
    assert ancestral_home(found, [("甲", "祖籍", found)]) == [("甲", "祖籍", place)]


def test_people_of_other_predicates_stay():
    triples = [("甲", "出生地", "山东人"), ("山东人", "祖籍", "山东"), ("甲", "主演", "好人")]
    assert ancestral_home("山东人", triples) == triples


@pytest.mark.parametrize(
    ("text", "found", "whole"),
    [
        ("人民邮电出版社出版", "人民邮电", "人民邮电出版社"),
        ("人民邮电出版社出版", "人民邮电出版社", "人民邮电出版社"),
        ("人民邮电出版社出版社址", "人民邮电出版社", "人民邮电出版社"),
        ("商务印书馆出版，另有出版社", "商务印书馆", "商务印书馆"),
        ("出版社", "", ""),
    ],
)
def test_a_publisher_ends_with_its_word_where_the_text_has_it(text, found, whole):
    assert publisher(text, [("书", "出版社", found)]) == [("书", "出版社", whole)]


def test_only_publishers_get_their_word():
    triples = [("人民", "出版社", "他社"), ("书", "作者", "人民")]
    assert publisher("人民出版社", triples) == triples


COMPANY = "甲集团、甲集团股份有限公司成立于1990年"


@pytest.mark.parametrize(
    ("text", "found", "whole"),
    [
        (COMPANY, "甲", "甲集团股份有限公司"),
        (COMPANY, "甲集团", "甲集团股份有限公司"),
        (COMPANY, "甲集团股份有限公司", "甲集团股份有限公司"),
        ("乙公司，乙有限公司，乙股份有限公司", "乙", "乙股份有限公司"),
        ("乙股份有限公司，乙有限公司，乙公司", "乙", "乙股份有限公司"),
        ("新丽传媒股份有限公司", "新丽", "新丽传媒股份有限公司"),
        ("任天堂株式会社", "任天堂", "任天堂株式会社"),
        ("乙的公司", "乙", "乙"),
        ("公司", "", ""),
    ],
)
def test_a_company_takes_all_the_endings_that_follow_it(text, found, whole):
    assert company_suffix(text, [(found, "成立日期", "1990年")]) == [(whole, "成立日期", "1990年")]
    assert company_suffix(text, [("片", "出品公司", found)]) == [("片", "出品公司", whole)]


def test_companies_are_where_the_predicate_has_them():
    triples = [("甲", "主演", "甲"), ("甲", "出品公司", "乙"), ("丙", "董事长", "甲"), ("丙", "简称", "甲")]
    assert company_suffix(COMPANY, triples) == triples


@pytest.mark.parametrize(
    ("text", "found", "parts"),
    [
        ("新丽传媒、东方联盟出品", "新丽传媒、东方联盟", ["新丽传媒", "东方联盟"]),
        ("甲，乙、 丙", "甲，乙、 丙", ["甲", "乙", "丙"]),
        ("汉族， 柳宝祥", "汉族，", ["汉族"]),
        ("甲,乙", "甲,乙", ["甲,乙"]),
        ("《你好，郑州》", "你好，郑州", ["你好，郑州"]),
        ("海拔2，270米", "2，270米", ["2，270米"]),
        ("1990年，2000年", "1990年，2000年", ["1990年", "2000年"]),
        ("、", "、", ["、"]),
    ],
    ids=["two", "three and a space", "an end", "half width", "a title", "thousands", "digits", "no part"],
)
def test_an_enumeration_is_split_into_its_parts(text, found, parts):
    assert enumeration(text, [("甲", "出品公司", found)]) == [("甲", "出品公司", part) for part in parts]


def test_parts_stand_where_the_whole_stood_and_come_once():
    triples = [("甲", "主演", "乙、丙"), ("甲", "导演", "丁"), ("甲", "主演", "丙、戊")]
    split = [("甲", "主演", "乙"), ("甲", "主演", "丙"), ("甲", "导演", "丁"), ("甲", "主演", "戊")]
    assert enumeration("乙、丙、戊", triples) == split


def test_subjects_are_not_split():
    assert enumeration("甲、乙", [("甲、乙", "导演", "丁")]) == [("甲、乙", "导演", "丁")]
