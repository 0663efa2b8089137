"""Rules that move the boundaries of an entity: by characters, missing endings, or splitting lists of names.

Source of each: bojone/kg-2019 (LIC2019, seventh place), post_repair.py.
"""

import re
from collections.abc import Iterable, Sequence

from tasks.extraction.records import Triple

CLIMATE_PREFIXES = ("南", "北", "亚", "中")
PUBLISHER = "出版社"
COMPANY_SUFFIXES = (
    *("公司", "有限公司", "有限责任公司", "股份有限公司", "集团", "集团公司", "控股", "株式会社"),
    *("工作室", "影业", "影视", "传媒", "电视台", "电影制片厂", "基金会"),
)
COMPANIES_AS_SUBJECT = ("成立日期", "注册资本", "董事长", "创始人", "总部地点", "占地面积", "简称")
COMPANIES_AS_OBJECT = ("出品公司",)

_SEPARATOR = re.compile(r"、|(?<!\d)，|，(?!\d)")  # a comma between two digits groups thousands


def climate(text: str, triples: Sequence[Triple]) -> list[Triple]:
    """Extend a 气候 to the left over 南, 北, 亚, 中 where the text has them before it: 热带… is 亚热带….

    The source extends by one character, this rule as far as possible (北亚热带…), as repeated passes would.
    It cannot distinguish the 南 of 湖南 or the 中 of 盆地中 from one of the climate.
    """

    def extended(name: str) -> str:
        while before := next((sign for sign in CLIMATE_PREFIXES if name and sign + name in text), ""):
            name = before + name
        return name

    return _distinct((s, p, extended(o)) if p == "气候" else (s, p, o) for s, p, o in triples)


def ancestral_home(text: str, triples: Sequence[Triple]) -> list[Triple]:
    """Cut the 人 (native of) from the end of a 祖籍, an ancestral home: 山东牟平人 lies in 山东牟平."""

    def place(name: str) -> str:
        return name.rstrip("人") or name

    return _distinct((s, p, place(o)) if p == "祖籍" else (s, p, o) for s, p, o in triples)


def publisher(text: str, triples: Sequence[Triple]) -> list[Triple]:
    """Extend a 出版社 (publisher) by the word 出版社 where the text has it there: 人民邮电 + 出版社."""

    def extended(name: str) -> str:
        whole = name + PUBLISHER
        return whole if name and not name.endswith(PUBLISHER) and whole in text else name

    return _distinct((s, p, extended(o)) if p == PUBLISHER else (s, p, o) for s, p, o in triples)


def company_suffix(text: str, triples: Sequence[Triple]) -> list[Triple]:
    """Extend companies by the endings of companies that follow them in the text: 任天堂 + 株式会社.

    The company is the subject of the predicates of `COMPANIES_AS_SUBJECT` and the object of 出品公司.
    The source rewrites a triple in place for each ending of its list and appends it each time, so the result
    depends on the order of the list. This rule takes the longest ending that occurs, and repeats until none
    follows (新丽 + 传媒 + 股份有限公司).
    """

    def extended(name: str) -> str:
        while endings := [ending for ending in COMPANY_SUFFIXES if name and name + ending in text]:
            name += max(endings, key=len)
        return name

    def repaired(triple: Triple) -> Triple:
        subject, predicate, object_ = triple
        if predicate in COMPANIES_AS_SUBJECT:
            return extended(subject), predicate, object_
        if predicate in COMPANIES_AS_OBJECT:
            return subject, predicate, extended(object_)
        return triple

    return _distinct(map(repaired, triples))


def enumeration(text: str, triples: Sequence[Triple]) -> list[Triple]:
    """Split an object at 、 and ， into one triple for each part; parts of nothing but space are left out.

    Unlike the source, this rule does not split names that the text has within 《》, since titles contain
    commas (《你好，郑州》), or numbers (2，270米). An object without any part is left as it is.
    """

    def parts(name: str) -> list[str]:
        if f"《{name}》" in text or not _SEPARATOR.search(name):
            return [name]
        return [part.strip() for part in _SEPARATOR.split(name) if part.strip()] or [name]

    return _distinct(
        (subject, predicate, part) for subject, predicate, name in triples for part in parts(name)
    )


def _distinct(triples: Iterable[Triple]) -> list[Triple]:
    """Without duplicates; of equal triples the first stays."""
    return list(dict.fromkeys(triples))
