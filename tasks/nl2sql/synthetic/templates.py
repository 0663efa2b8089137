"""What the demo's tables are about, and the patterns of its questions.

In a pattern `a|b` between braces is a choice, and a name between braces is filled in: `h` a column's name,
`v` a value, `u` its unit, `c` the conditions, `n` what the rows are, `m` its measure word,
`o` a second column's name and `q` 是什么 or 是多少.
"""

from collections.abc import Callable
from random import Random
from typing import NamedTuple

from tasks.nl2sql.query.schema import EQUAL, GREATER, LESS, UNEQUAL
from tasks.nl2sql.synthetic import vocabulary

Maker = Callable[[Random], str]


class Field(NamedTuple):
    """A column that tables of a topic may have."""

    headers: str
    """Names for it, separated by `|`: a table draws one, and a question may use another."""
    kind: str
    """`key`, `place`, `word`, `date`, `year`, `number` or `percent`; it decides how one speaks of a value."""
    make: Maker | None = None
    """Draws a cell of text."""
    low: float = 0
    high: float = 0
    decimals: int = 0
    unit: str = ""
    asked: str = ""
    """How one asks for it without its name."""


class Topic(NamedTuple):
    """What a table is about."""

    noun: str
    measure: str
    title: str
    """`{place}` and `{year}` are filled in."""
    key: Field
    fields: tuple[Field, ...]


CITY = Field("城市|所在城市|地区|所在地", "place", vocabulary.city, asked="在哪个城市")
DISTRICT = Field("区域|所在区|行政区", "place", vocabulary.district, asked="在哪个区")
YEAR = Field("年份|年度|年", "year", vocabulary.year, asked="是哪一年的")
PRICE = Field("价格|单价|均价|售价", "number", None, 20, 3000, 1, "元", "要多少钱")
RATING = Field("评分|得分|口碑评分", "number", None, 3, 10, 1, "分")
SALES = Field("销量|销售量|月销量|总销量", "number", None, 100, 90000, 0, "件", "卖了多少件")
INCOME = Field("营业收入|收入|年收入|总营收", "number", None, 50, 99999, 2, "万元")
PROFIT = Field("净利润|利润|利润总额", "number", None, 10, 9000, 2, "万元", "赚了多少")
GROWTH = Field("增长率|同比增长率|年增幅", "percent")
STAFF = Field("员工数|员工人数|职工总数", "number", None, 5, 2000, 0, "人", "有多少员工")
AREA = Field("面积|占地面积|建筑面积", "number", None, 50, 20000, 1, "平方米", "有多大")

TOPICS = (
    Topic(
        "酒店", "家", "{place}{year}年酒店信息表",
        Field("酒店名称|酒店|名称", "key", vocabulary.branded("酒店 宾馆 客栈")),
        (
            CITY, DISTRICT, PRICE, RATING, STAFF,
            Field("星级|酒店星级|档次", "word", vocabulary.listed("三星级 四星级 五星级 经济型 民宿")),
            Field("开业日期|开业时间", "date", vocabulary.date, asked="是什么时候开业的"),
            Field("房间数|客房数量|客房总数", "number", None, 20, 800, 0, "间", "有多少间房"),
            Field("入住率|平均入住率|客房出租率", "percent"),
        ),
    ),
    Topic(
        "电影", "部", "{year}年电影票房一览",
        Field("影片名|电影名称|片名", "key", vocabulary.title),
        (
            YEAR, RATING,
            Field("导演|总导演", "word", vocabulary.person, asked="是谁导演的"),
            Field("主演|领衔主演", "word", vocabulary.person, asked="是谁主演的"),
            Field("类型|影片类型|题材", "word", vocabulary.listed("喜剧 动作 爱情 科幻 悬疑 动画 纪录片")),
            Field("上映日期|首映日期|上映时间", "date", vocabulary.date, asked="是什么时候上映的"),
            Field("票房|累计票房|总票房|周票房", "number", None, 100, 80000, 1, "万元"),
            Field("片长|影片时长|时长", "number", None, 70, 200, 0, "分钟", "有多长"),
            Field("场均人次|平均人次", "number", None, 2, 120, 0, "人"),
            Field("上座率|排片占比", "percent"),
        ),
    ),
    Topic(
        "气象站", "个", "{place}气象观测记录",
        Field("站点|观测站|气象站名称", "key", vocabulary.placed("气象站 观测站 山顶站")),
        (
            CITY, YEAR,
            Field("最高气温|日最高温", "number", None, 5, 42, 1, "度"),
            Field("最低气温|日最低温", "number", None, 1, 25, 1, "度"),
            Field("降水量|年降水量|累计降雨", "number", None, 10, 2500, 1, "毫米", "下了多少雨"),
            Field("海拔|海拔高度", "number", None, 2, 4800, 0, "米", "有多高"),
            Field("相对湿度|平均湿度", "percent"),
            Field("建站日期|启用日期", "date", vocabulary.date, asked="是什么时候建的"),
            Field("天气|主要天气", "word", vocabulary.listed("晴 多云 小雨 大雪 雾 雷阵雨")),
        ),
    ),
    Topic(
        "列车", "趟", "{place}站列车时刻与客流表",
        Field("车次|列车车次", "key", vocabulary.train),
        (
            Field("始发站|出发站|起点站", "place", vocabulary.placed("站 东站 南站"), asked="从哪里出发"),
            Field("终点站|到达站", "word", vocabulary.placed("站 西站 北站"), asked="开到哪里"),
            Field("车型|列车类型", "word", vocabulary.listed("高铁 动车 快速 直达 普快")),
            Field("里程|全程里程|运行里程", "number", None, 60, 4000, 0, "公里", "要走多远"),
            Field("票价|二等座票价|硬座票价", "number", None, 10, 1500, 1, "元", "要多少钱"),
            Field("客流量|日均客流|发送旅客", "number", None, 100, 60000, 0, "人"),
            Field("正点率|准点率", "percent"),
            Field("停站数|停靠站数", "number", None, 1, 30, 0, "站"),
        ),
    ),
    Topic(
        "学校", "所", "{place}{year}年学校概况",
        Field("学校|学校名称|校名", "key", vocabulary.placed("大学 师范学院 第一中学 实验小学 理工大学")),
        (
            CITY, AREA,
            Field("校长|现任校长", "word", vocabulary.person, asked="的校长是谁"),
            Field("类别|学校类别|办学性质", "word", vocabulary.listed("公办 民办 中外合作 职业教育")),
            Field("学生人数|在校生|在校学生数", "number", None, 200, 40000, 0, "人", "有多少学生"),
            Field("教师人数|专任教师数", "number", None, 20, 3000, 0, "人", "有多少老师"),
            Field("升学率|毕业升学率", "percent"),
            Field("创办年份|建校年份", "year", vocabulary.year, asked="是哪一年创办的"),
            Field("学费|年学费", "number", None, 800, 60000, 0, "元", "要交多少钱"),
        ),
    ),
    Topic(
        "公司", "家", "{place}上市公司{year}年财务数据",
        Field("公司|公司名称|企业名称", "key", vocabulary.branded("科技有限公司 集团 实业 药业股份")),
        (
            CITY, YEAR, INCOME, PROFIT, GROWTH, STAFF,
            Field("行业|所属行业|行业类别", "word", vocabulary.listed("医药 电子 汽车 房地产 食品 传媒")),
            Field("法人|法定代表人|负责人", "word", vocabulary.person, asked="的老板是谁"),
            Field("股价|收盘价|最新股价", "number", None, 2, 300, 2, "元"),
            Field("资产负债率|负债率", "percent"),
            Field("总资产|资产总额|资产总计", "number", None, 500, 99999, 2, "万元"),
        ),
    ),
    Topic(
        "图书", "本", "{place}书店{year}年畅销榜",
        Field("书名|图书名称", "key", vocabulary.title),
        (
            PRICE, RATING, SALES,
            Field("作者|著者", "word", vocabulary.person, asked="是谁写的"),
            Field("出版社|出版单位", "word", vocabulary.placed("文艺出版社 人民出版社 教育出版社")),
            Field("出版日期|出版时间", "date", vocabulary.date, asked="是什么时候出版的"),
            Field("页数|总页数", "number", None, 60, 900, 0, "页", "有多少页"),
            Field("折扣率|优惠幅度", "percent"),
        ),
    ),
    Topic(
        "手机", "款", "{year}年手机销量榜",
        Field("型号|机型|产品名称", "key", vocabulary.product),
        (
            PRICE, SALES, GROWTH, RATING,
            Field("厂商|品牌|生产厂家", "word", vocabulary.branded("通讯 电子 数码")),
            Field("系统|操作系统", "word", vocabulary.listed("安卓 鸿蒙 Linux 其他")),
            Field("发布日期|上市日期", "date", vocabulary.date, asked="是什么时候发布的"),
            Field("电池容量|电量", "number", None, 1500, 7000, 0, "毫安时"),
            Field("屏幕尺寸|屏幕大小", "number", None, 4, 8, 1, "英寸"),
            Field("市场份额|市占率", "percent"),
        ),
    ),
)  # fmt: skip

FORMS = {
    "key": {EQUAL: "{名为|叫|名字是|{h}是}{v}", UNEQUAL: "{不叫|名字不是|{h}不是}{v}"},
    "place": {EQUAL: "{在|位于|{h}是|{h}为}{v}", UNEQUAL: "{不在|不位于|{h}不是}{v}"},
    "word": {EQUAL: "{h}{是|为}{v}", UNEQUAL: "{h}{不是|不为}{v}"},
    "date": {EQUAL: "{h}{是|为|在}{v}", UNEQUAL: "{h}{不是|不在}{v}"},
    "year": {EQUAL: "{h}{是|为}{v}", UNEQUAL: "{h}{不是|不为}{v}"},
    "number": {
        GREATER: "{{h}超过{v}{u}|{h}大于{v}{u}|{h}高于{v}{u}|{h}比{v}{u}高|{h}多于{v}{u}}",
        LESS: "{{h}低于{v}{u}|{h}小于{v}{u}|{h}不到{v}{u}|{h}比{v}{u}低|{h}少于{v}{u}}",
        EQUAL: "{h}{等于|是|为}{v}{u}",
        UNEQUAL: "{h}{不等于|不是}{v}{u}",
    },
}
"""How one compares, by the kind of column and the operator."""
FORMS["percent"] = FORMS["number"]

AGAIN = {
    GREATER: "{高于|超过|大于}{v}{u}",
    LESS: "{低于|不到|小于}{v}{u}",
    EQUAL: "{v}{u}",
    UNEQUAL: "不是{v}{u}",
}
"""How one compares the same column once more."""

JOINED = {1: ("并且", "而且", "且", "同时", "，"), 2: ("或者", "或", "或是")}
"""By connector."""
JOINED_AGAIN = {1: ("且", "并且", "同时", "又"), 2: ("或者", "或")}
"""Between two conditions on one column."""

ASKED = {
    0: "{c}的{n}的{h}{q}|{c}的{n}，{h}{q}|{c}的{n}，{它们|其}{h}分别{q}",
    1: "{c}的{n}的平均{h}是多少|{c}的{n}，{h}平均是多少",
    2: "{c}的{n}中{h}最高是多少|{c}的{n}的最高{h}是多少|{c}的{n}里{h}的最大值",
    3: "{c}的{n}中{h}最低是多少|{c}的{n}的最低{h}是多少|{c}的{n}里{h}的最小值",
    4: "{c}的{n}有几个{h}|{c}的{n}有多少种{h}",
    5: "{c}的{n}的总{h}是多少|{c}的{n}的{h}{一共|总共|加起来}是多少",
}
"""How one asks for a column, by aggregate."""
KEY_ASKED = {
    0: "{哪些|哪几{m}}{n}{c}|{c}的{n}有哪些|{c}的是{哪些|哪几{m}}{n}",
    4: "{c}的{n}{有几{m}|有多少{m}|一共有多少{m}}|有多少{m}{n}{c}",
}
"""How one asks for the rows, and how many there are."""
OF_ROWS = "{v}的{h}{q}|{v}{h}{q}"
"""How one asks for a column of rows that are named."""
BOTH = "{c}的{n}的{h}和{o}{{q}|分别{q}}"
"""How one asks for two columns."""
OPENINGS = ("", "", "", "", "请问", "你好，", "我想知道", "查一下")
CLOSINGS = ("？", "？", "", "?")
