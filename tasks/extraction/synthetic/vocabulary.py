"""Invented names for the demo: people, places, dates, organisations and titles.

A name is composed from stems, so there are millions of them. Half of the names in sentences come from short
lists of known names, which all parts of a corpus share; the other half are new to nearly every part.
"""

from collections.abc import Callable
from random import Random

Word = tuple[str, str]
"""A word and its part of speech, in the tags of the competition's `postag`."""
Name = tuple[Word, ...]


def _listed(words: str) -> tuple[str, ...]:
    return tuple(words.split())


KNOWN_SHARE = 0.5
"""Probability of a known name: low enough that a list of training names finds few triples elsewhere."""
KNOWN = {"person": 90, "place": 30, "book": 40, "film": 40, "song": 40, "press": 20}
KNOWN |= {"school": 25, "company": 20, "group": 20}
"""Number of known names of each kind; dates and years have none."""

SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎"
)
COMPOUND_SURNAMES = ("欧阳", "上官", "司马", "诸葛", "慕容")
GIVEN = (
    "明华建国文志伟军平东海波涛俊杰浩宇晨阳子轩博雅思远天佑承泽景行一鸣立新云飞少峰嘉树怀瑾若水清和"
    "丽娟秀英淑芬玉兰晓燕雪梅静怡诗涵梦瑶可欣雨桐婉莹佳慧紫薇安然小禾念慈如意采薇月白知夏听澜望舒"
)
FOREIGN = _listed(
    "莱恩 卡特 莫里 艾达 贝克 索菲 汉森 露西 格兰特 费舍 米娅 奥康 罗莎 德文 帕克 伊凡 卡佳 诺拉 温特 霍尔"
)
STAGE = _listed("Echo MISA Leon Vicky K.Lo Nana Zero Yuki Ray TOMO")
LATIN = _listed("Blue Harbor Silent Night Paper Moon Last Summer Golden River Broken Mirror Little Star")
STEMS = _listed(
    "迷雾 星空 长夜 归途 故乡 海岸 少年 灯塔 风筝 远山 雨季 麦田 候鸟 旧梦 荒原 迷宫 时光 烟火 木棉 琥珀 "
    "钟声 孤岛 青石 银河 落叶 黎明 渡口 蔷薇 雪国 书店 车站 月台 大漠 江湖 棋局 影子 回声 边城 飞鸟 沉香"
)
ENDINGS = _listed("之歌 传奇 往事 情缘 日记 密码 风云 物语 谣 记 行 劫")
PLACE_FIRST, PLACE_SECOND = "云临安北南东西青白长石金玉清永新", "河州山江陵川宁阳城溪浦港原湖"
BRANDS = _listed("星海 华彩 天禾 远景 凌云 金石 蓝图 晨光 鼎盛 聚力 银帆 恒信")
TRADES = _listed("影业 文化 传媒 科技 实业 电子 药业 置业")


def compose(kind: str, random: Random) -> Name:
    """A new name of a kind in `KNOWN`, or a date or a year."""
    return _MAKERS[kind](random)


def text(name: Name) -> str:
    return "".join([word for word, _ in name])


def known_names(seed: int) -> dict[str, list[Name]]:
    """The short lists that all parts of a corpus share."""
    random = Random(f"{seed} names")  # a string seeds by its SHA-512: the same in every process
    return {kind: [compose(kind, random) for _ in range(count)] for kind, count in KNOWN.items()}


def draw(kind: str, known: dict[str, list[Name]], random: Random) -> Name:
    """A known name or a new one."""
    if kind in known and random.random() < KNOWN_SHARE:
        return random.choice(known[kind])
    return compose(kind, random)


def _person(random: Random) -> Name:
    style = random.random()
    if style < 0.08:
        first, last = random.sample(FOREIGN, 2)
        return ((first, "nr"), ("·", "w"), (last, "nr"))
    if style < 0.13:
        return ((random.choice(STAGE), "nr"),)
    surname = random.choice(COMPOUND_SURNAMES if style < 0.16 else SURNAMES)
    given = "".join(random.choices(GIVEN, k=1 if style < 0.4 else 2))
    if style > 0.94:  # segmenters break some names in two
        return ((surname, "nr"), (given, "nr"))
    return ((surname + given, "nr"),)


def _place_stem(random: Random) -> str:
    return random.choice(PLACE_FIRST) + random.choice(PLACE_SECOND)


def _place(random: Random) -> Name:
    city = (_place_stem(random) + random.choice("市市县"), "ns")
    return ((_place_stem(random) + "省", "ns"), city) if random.random() < 0.4 else (city,)


def _date(random: Random) -> Name:
    year, month, day = random.randint(1930, 2018), random.randint(1, 12), random.randint(1, 28)
    style = random.random()
    if style < 0.15:
        return ((f"{year}-{month:02}-{day:02}", "t"),)
    words = [(f"{year}年", "t"), (f"{month}月", "t"), (f"{day}日", "t")]
    return tuple(words[: 1 if style < 0.3 else 2 if style < 0.45 else 3])


def _year(random: Random) -> Name:
    return ((f"{random.randint(1930, 2018)}年", "t"),)


def _school(random: Random) -> Name:
    place, kind = (
        _place_stem(random),
        random.choice(("大学", "师范大学", "理工大学", "艺术学院", "电影学院", "第一中学")),
    )
    return ((place, "ns"), (kind, "n")) if random.random() < 0.2 else ((place + kind, "nt"),)


def _press(random: Random) -> Name:
    if random.random() < 0.25:  # a school's press: one organisation within another's name
        school = text(_school(random))
        return ((school, "nt"), ("出版社", "n"))
    stem = random.choice(BRANDS) if random.random() < 0.5 else _place_stem(random)
    return ((stem + random.choice(("文艺", "教育", "人民", "少儿")) + "出版社", "nt"),)


def _company(random: Random) -> Name:
    place, brand, trade = _place_stem(random), random.choice(BRANDS), random.choice(TRADES)
    ending = random.choice(("有限公司", "集团", "股份有限公司"))
    if random.random() < 0.6:
        return ((place, "ns"), (brand, "nz"), (trade, "n"), (ending, "n"))
    return ((brand + trade + ending, "nt"),)


def _group(random: Random) -> Name:
    body = random.choice(("作家协会", "交响乐团", "慈善基金会", "博物馆", "青年剧社", "天文台"))
    place = _place_stem(random) + random.choice(("市", "省", ""))
    return ((place, "ns"), (body, "n")) if random.random() < 0.4 else ((place + body, "nt"),)


def _title(random: Random) -> Name:
    """Books, films and songs are named alike, so the title does not decide the kind."""
    style, (stem, other) = random.random(), random.sample(STEMS, 2)
    if style < 0.25:
        return ((stem, "n"), ("的", "u"), (other, "n")) if style < 0.05 else ((f"{stem}的{other}", "nw"),)
    if style < 0.5:
        return ((stem + random.choice(ENDINGS), "nw"),)
    if style < 0.7:
        return ((random.choice(("我的", "最后的", "再见", "你好，", "致", "穿越")) + stem, "nw"),)
    if style < 0.78:
        return ((f"第{random.randint(2, 99)}个{stem}", "nw"),)
    if style < 0.86:
        first, second = random.sample(LATIN, 2)
        return ((f"{first} {second}", "nw"),)
    return ((stem + other, "nw"),) if style < 0.97 else ((stem, "nw"),)


_MAKERS: dict[str, Callable[[Random], Name]] = {
    "person": _person,
    "place": _place,
    "date": _date,
    "year": _year,
    "school": _school,
    "press": _press,
    "company": _company,
    "group": _group,
    "book": _title,
    "film": _title,
    "song": _title,
}
