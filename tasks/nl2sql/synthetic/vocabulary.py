"""Random names, dates and codes for the demo's cells, composed from syllables and short lists."""

from collections.abc import Callable
from random import Random

PLACE_FIRST, PLACE_SECOND = "云临安北南东西青白长石金玉清永新", "河州山江陵川宁阳城溪浦港原湖"
SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡"
GIVEN = "明华建国文志伟军平海波涛俊杰浩宇晨阳轩博雅思远佑承泽丽娟秀英芬玉兰晓燕雪梅静怡诗涵梦瑶可欣慧"


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


STEMS = _words(
    "迷雾 星空 长夜 归途 故乡 海岸 少年 灯塔 风筝 远山 雨季 麦田 候鸟 旧梦 荒原 迷宫 时光 烟火 木棉 琥珀 "
    "钟声 孤岛 青石 银河 落叶 黎明 渡口 蔷薇 雪国 书店 车站 月台 大漠 江湖 棋局 影子 回声 边城 飞鸟 沉香"
)
BRANDS = _words(
    "星海 华彩 天禾 远景 凌云 金石 蓝图 晨光 鼎盛 聚力 银帆 恒信 百味 悦来 禾木 云栖 知味 锦绣 瑞丰 同乐 "
    "O'Neil Tom&Jerry 7号 🌊浪花"
)
"""Some have characters that are hard for SQL and tokenisers."""
ENDINGS = _words("传奇 往事 日记 密码 风云 物语 之歌 与海 三部曲")


def place_stem(random: Random) -> str:
    """The first two characters of the name of a place."""
    return random.choice(PLACE_FIRST) + random.choice(PLACE_SECOND)


def city(random: Random) -> str:
    """A town, sometimes with 市."""
    return place_stem(random) + random.choice(("市", "市", "县", ""))


def district(random: Random) -> str:
    """A part of a town."""
    return place_stem(random) + "区"


def person(random: Random) -> str:
    """Surname and given name."""
    return random.choice(SURNAMES) + "".join(random.choices(GIVEN, k=random.choice((1, 2, 2))))


def title(random: Random) -> str:
    """Title of a film or a book."""
    one, other = random.sample(STEMS, 2)
    return random.choice((one + other, f"{one}的{other}", one + random.choice(ENDINGS), f"《{one}》"))


def branded(endings: str) -> Callable[[Random], str]:
    """A function that draws names such as 云河晨光酒店: a place or none, a brand, and one of the endings."""
    choices = endings.split()

    def draw(random: Random) -> str:
        place = place_stem(random) if random.random() < 0.5 else ""
        return place + random.choice(BRANDS) + random.choice(choices)

    return draw


def placed(endings: str) -> Callable[[Random], str]:
    """A function that draws names such as 青州站: a place and one of the endings."""
    choices = endings.split()
    return lambda random: place_stem(random) + random.choice(choices)


def train(random: Random) -> str:
    """Number of a train."""
    return random.choice("GDKZT") + str(random.randint(1, 2999))


def product(random: Random) -> str:
    """Brand and model of a device."""
    model = random.choice(("X", "Pro ", "Mate", "S", "mini")) + str(random.randint(2, 99))
    return random.choice(BRANDS) + model


def date(random: Random) -> str:
    """`2018-05-06`."""
    return f"{random.randint(2010, 2021)}-{random.randint(1, 12):02}-{random.randint(1, 28):02}"


def year(random: Random) -> str:
    """`2018`."""
    return str(random.randint(2005, 2021))


def listed(words: str) -> Callable[[Random], str]:
    """A function that draws one of the words."""
    choices = words.split()
    return lambda random: random.choice(choices)
