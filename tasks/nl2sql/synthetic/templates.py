"""Templates of the demo's tables, and patterns of its questions.

In a pattern `a|b` between braces is a choice, and a name between braces is a placeholder: `h` a column's
name, `v` a value, `u` its unit, `c` the conditions, `n` a noun for the rows, `m` its measure word,
`o` a second column's name and `q` 是什么 or 是多少.
"""

from collections.abc import Callable
from random import Random
from typing import NamedTuple

from tasks.nl2sql.query.schema import AND, AVG, COUNT, EQUAL, GREATER, LESS, MAX, MIN, NONE, OR, SUM, UNEQUAL
from tasks.nl2sql.synthetic import vocabulary

Maker = Callable[[Random], str]


class Column(NamedTuple):
    """A column that tables of a topic may have."""

    headers: str
    """Names of it, separated by `|`: a table draws one, and a question may use another."""
    kind: str
    """`key`, `place`, `word`, `date`, `year`, `number` or `percent`; it decides the patterns."""
    make: Maker | None = None
    """Draws a cell of text."""
    low: float = 0
    high: float = 0
    decimals: int = 0
    unit: str = ""
    question: str = ""
    """Pattern that asks for it without its name."""


class TableTemplate(NamedTuple):
    """The topic of a table."""

    noun: str
    measure: str
    title: str
    """With the placeholders `{place}` and `{year}`."""
    key: Column
    fields: tuple[Column, ...]


CITY = Column("城市|所在城市|地区|所在地", "place", vocabulary.city, question="在哪个城市")
DISTRICT = Column("区域|所在区|行政区", "place", vocabulary.district, question="在哪个区")
YEAR = Column("年份|年度|年", "year", vocabulary.year, question="是哪一年的")
PRICE = Column("价格|单价|均价|售价", "number", None, 20, 3000, 1, "元", "要多少钱")
RATING = Column("评分|得分|口碑评分", "number", None, 3, 10, 1, "分")
SALES = Column("销量|销售量|月销量|总销量", "number", None, 100, 90000, 0, "件", "卖了多少件")
INCOME = Column("营业收入|收入|年收入|总营收", "number", None, 50, 99999, 2, "万元")
PROFIT = Column("净利润|利润|利润总额", "number", None, 10, 9000, 2, "万元", "赚了多少")
GROWTH = Column("增长率|同比增长率|年增幅", "percent")
STAFF = Column("员工数|员工人数|职工总数", "number", None, 5, 2000, 0, "人", "有多少员工")
AREA = Column("面积|占地面积|建筑面积", "number", None, 50, 20000, 1, "平方米", "有多大")

TOPICS = (
    TableTemplate(
        "酒店", "家", "{place}{year}年酒店信息表",
        Column("酒店名称|酒店|名称", "key", vocabulary.branded("酒店 宾馆 客栈")),
        (
            CITY, DISTRICT, PRICE, RATING, STAFF,
            Column("星级|酒店星级|档次", "word", vocabulary.listed("三星级 四星级 五星级 经济型 民宿")),
            Column("开业日期|开业时间", "date", vocabulary.date, question="是什么时候开业的"),
            Column("房间数|客房数量|客房总数", "number", None, 20, 800, 0, "间", "有多少间房"),
            Column("入住率|平均入住率|客房出租率", "percent"),
        ),
    ),
    TableTemplate(
        "电影", "部", "{year}年电影票房一览",
        Column("影片名|电影名称|片名", "key", vocabulary.title),
        (
            YEAR, RATING,
            Column("导演|总导演", "word", vocabulary.person, question="是谁导演的"),
            Column("主演|领衔主演", "word", vocabulary.person, question="是谁主演的"),
            Column("类型|影片类型|题材", "word", vocabulary.listed("喜剧 动作 爱情 科幻 悬疑 动画 纪录片")),
            Column("上映日期|首映日期|上映时间", "date", vocabulary.date, question="是什么时候上映的"),
            Column("票房|累计票房|总票房|周票房", "number", None, 100, 80000, 1, "万元"),
            Column("片长|影片时长|时长", "number", None, 70, 200, 0, "分钟", "有多长"),
            Column("场均人次|平均人次", "number", None, 2, 120, 0, "人"),
            Column("上座率|排片占比", "percent"),
        ),
    ),
    TableTemplate(
        "气象站", "个", "{place}气象观测记录",
        Column("站点|观测站|气象站名称", "key", vocabulary.placed("气象站 观测站 山顶站")),
        (
            CITY, YEAR,
            Column("最高气温|日最高温", "number", None, 5, 42, 1, "度"),
            Column("最低气温|日最低温", "number", None, 1, 25, 1, "度"),
            Column("降水量|年降水量|累计降雨", "number", None, 10, 2500, 1, "毫米", "下了多少雨"),
            Column("海拔|海拔高度", "number", None, 2, 4800, 0, "米", "有多高"),
            Column("相对湿度|平均湿度", "percent"),
            Column("建站日期|启用日期", "date", vocabulary.date, question="是什么时候建的"),
            Column("天气|主要天气", "word", vocabulary.listed("晴 多云 小雨 大雪 雾 雷阵雨")),
        ),
    ),
    TableTemplate(
        "列车", "趟", "{place}站列车时刻与客流表",
        Column("车次|列车车次", "key", vocabulary.train),
        (
            Column("始发站|出发站|起点站", "place", vocabulary.placed("站 东站 南站"), question="从哪里出发"),
            Column("终点站|到达站", "word", vocabulary.placed("站 西站 北站"), question="开到哪里"),
            Column("车型|列车类型", "word", vocabulary.listed("高铁 动车 快速 直达 普快")),
            Column("里程|全程里程|运行里程", "number", None, 60, 4000, 0, "公里", "要走多远"),
            Column("票价|二等座票价|硬座票价", "number", None, 10, 1500, 1, "元", "要多少钱"),
            Column("客流量|日均客流|发送旅客", "number", None, 100, 60000, 0, "人"),
            Column("正点率|准点率", "percent"),
            Column("停站数|停靠站数", "number", None, 1, 30, 0, "站"),
        ),
    ),
    TableTemplate(
        "学校", "所", "{place}{year}年学校概况",
        Column("学校|学校名称|校名", "key", vocabulary.placed("大学 师范学院 第一中学 实验小学 理工大学")),
        (
            CITY, AREA,
            Column("校长|现任校长", "word", vocabulary.person, question="的校长是谁"),
            Column("类别|学校类别|办学性质", "word", vocabulary.listed("公办 民办 中外合作 职业教育")),
            Column("学生人数|在校生|在校学生数", "number", None, 200, 40000, 0, "人", "有多少学生"),
            Column("教师人数|专任教师数", "number", None, 20, 3000, 0, "人", "有多少老师"),
            Column("升学率|毕业升学率", "percent"),
            Column("创办年份|建校年份", "year", vocabulary.year, question="是哪一年创办的"),
            Column("学费|年学费", "number", None, 800, 60000, 0, "元", "要交多少钱"),
        ),
    ),
    TableTemplate(
        "公司", "家", "{place}上市公司{year}年财务数据",
        Column("公司|公司名称|企业名称", "key", vocabulary.branded("科技有限公司 集团 实业 药业股份")),
        (
            CITY, YEAR, INCOME, PROFIT, GROWTH, STAFF,
            Column("行业|所属行业|行业类别", "word", vocabulary.listed("医药 电子 汽车 房地产 食品 传媒")),
            Column("法人|法定代表人|负责人", "word", vocabulary.person, question="的老板是谁"),
            Column("股价|收盘价|最新股价", "number", None, 2, 300, 2, "元"),
            Column("资产负债率|负债率", "percent"),
            Column("总资产|资产总额|资产总计", "number", None, 500, 99999, 2, "万元"),
        ),
    ),
    TableTemplate(
        "图书", "本", "{place}书店{year}年畅销榜",
        Column("书名|图书名称", "key", vocabulary.title),
        (
            PRICE, RATING, SALES,
            Column("作者|著者", "word", vocabulary.person, question="是谁写的"),
            Column("出版社|出版单位", "word", vocabulary.placed("文艺出版社 人民出版社 教育出版社")),
            Column("出版日期|出版时间", "date", vocabulary.date, question="是什么时候出版的"),
            Column("页数|总页数", "number", None, 60, 900, 0, "页", "有多少页"),
            Column("折扣率|优惠幅度", "percent"),
        ),
    ),
    TableTemplate(
        "手机", "款", "{year}年手机销量榜",
        Column("型号|机型|产品名称", "key", vocabulary.product),
        (
            PRICE, SALES, GROWTH, RATING,
            Column("厂商|品牌|生产厂家", "word", vocabulary.branded("通讯 电子 数码")),
            Column("系统|操作系统", "word", vocabulary.listed("安卓 鸿蒙 Linux 其他")),
            Column("发布日期|上市日期", "date", vocabulary.date, question="是什么时候发布的"),
            Column("电池容量|电量", "number", None, 1500, 7000, 0, "毫安时"),
            Column("屏幕尺寸|屏幕大小", "number", None, 4, 8, 1, "英寸"),
            Column("市场份额|市占率", "percent"),
        ),
    ),
)  # fmt: skip

CONDITION = {
    "key": {EQUAL: "{名为|叫|名字是|{h}是}{v}", UNEQUAL: "{不叫|名字不是|{h}不是}{v}"},
    "place": {EQUAL: "{在|位于|{h}是|{h}为}{v}", UNEQUAL: "{不在|不位于|{h}不是}{v}"},
    "word": {EQUAL: "{h}{是|为}{v}", UNEQUAL: "{h}{不是|不为}{v}"},
    "date": {
        GREATER: "{{h}在{v}{之后|以后}|{h}晚于{v}}",
        LESS: "{{h}在{v}{之前|以前}|{h}早于{v}}",
        EQUAL: "{h}{是|为|在}{v}",
        UNEQUAL: "{h}{不是|不在}{v}",
    },
    "year": {
        GREATER: "{{h}在{v}{之后|以后}|{h}晚于{v}}",
        LESS: "{{h}在{v}{之前|以前}|{h}早于{v}}",
        EQUAL: "{h}{是|为}{v}",
        UNEQUAL: "{h}{不是|不为}{v}",
    },
    "number": {
        GREATER: "{{h}超过{v}{u}|{h}大于{v}{u}|{h}高于{v}{u}|{h}比{v}{u}高|{h}多于{v}{u}}",
        LESS: "{{h}低于{v}{u}|{h}小于{v}{u}|{h}不到{v}{u}|{h}比{v}{u}低|{h}少于{v}{u}}",
        EQUAL: "{h}{等于|是|为}{v}{u}",
        UNEQUAL: "{h}{不等于|不是}{v}{u}",
    },
}
"""Patterns of a condition, by kind of column and by operator."""
CONDITION["percent"] = CONDITION["number"]

FURTHER_CONDITION = {GREATER: "{高于|超过|大于}{v}{u}", LESS: "{低于|不到|小于}{v}{u}"}
FURTHER_CONDITION |= {EQUAL: "{v}{u}", UNEQUAL: "不是{v}{u}"}
"""Patterns of a further condition on the same column, by operator."""

CONNECTOR = {AND: ("并且", "而且", "且", "同时", "，"), OR: ("或者", "或", "或是")}
"""Words between two conditions, by connector."""
FURTHER_CONNECTOR = {AND: ("且", "并且", "同时", "又"), OR: ("或者", "或")}
"""Words between two conditions on one column, by connector."""

SELECT = {
    NONE: "{c}的{n}的{h}{q}|{c}的{n}，{h}{q}|{c}的{n}，{它们|其}{h}分别{q}",
    AVG: "{c}的{n}的平均{h}是多少|{c}的{n}，{h}平均是多少",
    MAX: "{c}的{n}中{h}最高是多少|{c}的{n}的最高{h}是多少|{c}的{n}里{h}的最大值",
    MIN: "{c}的{n}中{h}最低是多少|{c}的{n}的最低{h}是多少|{c}的{n}里{h}的最小值",
    COUNT: "{c}的{n}有几个{h}|{c}的{n}有多少种{h}",
    SUM: "{c}的{n}的总{h}是多少|{c}的{n}的{h}{一共|总共|加起来}是多少",
}
"""Patterns of a question for a column, by aggregate."""
SELECT_KEY = {
    NONE: "{哪些|哪几{m}}{n}{c}|{c}的{n}有哪些|{c}的是{哪些|哪几{m}}{n}",
    COUNT: "{c}的{n}{有几{m}|有多少{m}|一共有多少{m}}|有多少{m}{n}{c}",
}
"""Patterns of a question for the rows, and for their number, by aggregate."""
SELECT_OF_ROWS = "{v}的{h}{q}|{v}{h}{q}"
"""Patterns of a question for a column of named rows."""
SELECT_TWO = "{c}的{n}的{h}和{o}{{q}|分别{q}}"
"""Pattern of a question for two columns."""
SELECT_TWO_OF_ROWS = "{v}的{h}和{o}{{q}|分别{q}}"
"""Pattern of a question for two columns of named rows."""
SELECT_OF_ALL = {
    NONE: "{所有|全部|各{m}}{n}的{h}{q}|列出{所有|全部}{n}的{h}",
    AVG: "{所有|全部}{n}的平均{h}是多少|{n}的{h}平均是多少",
    MAX: "{所有|全部}{n}中{h}最高是多少|{n}里{h}的最大值",
    MIN: "{所有|全部}{n}中{h}最低是多少|{n}里{h}的最小值",
    COUNT: "{所有|全部}{n}{一共|总共}有几个{h}|{n}有多少种{h}",
    SUM: "{所有|全部}{n}的总{h}是多少|{n}的{h}{一共|总共|加起来}是多少",
}
"""Patterns of a question for a column of all rows, by aggregate."""
SELECT_KEY_OF_ALL = {NONE: "{有|都有}{哪些|哪几{m}}{n}", COUNT: "{一共|总共|表里}有{几|多少}{m}{n}"}
"""Patterns of a question for all rows, and for their number, by aggregate."""
SELECT_TWO_OF_ALL = "{所有|全部|各{m}}{n}的{h}和{o}{{q}|分别{q}}"
"""Pattern of a question for two columns of all rows."""
OPENINGS = ("", "", "", "", "请问", "你好，", "我想知道", "查一下")
CLOSINGS = ("？", "？", "", "?")
