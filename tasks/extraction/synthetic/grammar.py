"""The grammar of the demo's sentences: the schema, the topics, and the clauses of each with their triples.

In a clause words are separated by spaces, `a|b` is a choice, `{slot}` a name; a slot that occurs again in the
sentence is the same name. A slot in the plural is several names joined by 、. A slot that occurs in no triple
is a distractor. `NESTED` slots contain others.
"""

from typing import NamedTuple

SCHEMA = (
    ("图书作品", "作者", "人物"),
    ("书籍", "出版社", "出版社"),
    ("影视作品", "导演", "人物"),
    ("影视作品", "主演", "人物"),
    ("歌曲", "歌手", "人物"),
    ("人物", "丈夫", "人物"),
    ("人物", "妻子", "人物"),
    ("人物", "出生地", "地点"),
    ("人物", "出生日期", "Date"),
    ("人物", "毕业院校", "学校"),
    ("企业", "成立日期", "Date"),
    ("机构", "成立日期", "Date"),  # two rows with one predicate, as the official schema has
)
"""Subject type, predicate, object type."""

KINDS = {
    "book": "book",
    "film": "film",
    "original": "film",
    "song": "song",
    "album": "song",
    "press": "press",
    "place": "place",
    "city": "place",
    "new_city": "place",
    "date": "date",
    "other_date": "date",
    "year": "year",
    "school": "school",
    "other_school": "school",
    "company": "company",
    "group": "group",
}
"""Kind of name for each slot; the slots not listed are persons."""

PLURALS = ("authors", "actors", "singers")

NESTED = {
    "biography": "{person} 传|自述|往事|书信集",
    "campus_press": "{school} 出版社",
    "remake": "新 {original}",
}
"""Names that contain another name, each as a clause."""


class Clause(NamedTuple):
    """A piece of a sentence and what it states."""

    pattern: str
    facts: str = ""
    """`subject predicate object` in slots, separated by commas."""


class SentenceTopic(NamedTuple):
    """The clauses of sentences about one subject."""

    share: float
    """Of all sentences."""
    openings: tuple[Clause, ...]
    continuations: tuple[Clause, ...]
    """Each may follow an opening once, unless it states one of the opening's predicates."""


BOOK = SentenceTopic(
    0.24,
    openings=(
        Clause("《 {book} 》 是 {author} 创作|撰写|所著 的 小说|散文集|长篇小说", "book 作者 author"),
        Clause("《 {book} 》 是 {year} {press} 出版 的 图书", "book 出版社 press"),
        Clause(
            "{author} 著|编著|写 的 《 {book} 》 由 {press} 出版|发行", "book 作者 author, book 出版社 press"
        ),
        Clause("书名 ： {book} 作者 ： {author} 出版社 ： {press}", "book 作者 author, book 出版社 press"),
        Clause("《 {book} 》 由 {authors} 合著|共同 编写", "book 作者 authors"),
        Clause("{author} 带 着 新书|新作 《 {book} 》 来到 {city} 签售", "book 作者 author"),
        Clause("{friend} 向 读者 推荐 了 {author} 的 小说|随笔 《 {book} 》", "book 作者 author"),
        Clause("《 {book} 》 由 {press} 出版 ， {friend} 作序|题字", "book 出版社 press"),
        Clause("{author} 为 {person} 写 下 传记 《 {biography} 》", "biography 作者 author"),
        Clause(
            "{person} 毕业 于 {school} ， 后来 在 {campus_press} 出版 了 《 {book} 》",
            "person 毕业院校 school, book 作者 person, book 出版社 campus_press",
        ),
    ),
    continuations=(
        Clause("， 由 {press} 出版|发行|推出", "book 出版社 press"),
        Clause("， 作者 是|为 {author}", "book 作者 author"),
        Clause("， {year} 由 {press} 再版", "book 出版社 press"),
        Clause("， 《 {book} 》 讲述|描写 了 一个 {city} 少年|家庭 的 故事"),
        Clause("， 封面 由 {designer} 设计|绘制"),
        Clause("， {translator} 翻译"),
        Clause("， 《 {book} 》 一 问世|上市 就 登上 畅销榜"),
    ),
)

FILM = SentenceTopic(
    0.26,
    openings=(
        Clause(
            "《 {film} 》 是 由 {director} 执导|导演 ， {actors} 主演|领衔主演 的 电影|喜剧片|电视剧",
            "film 导演 director, film 主演 actors",
        ),
        Clause("{actors} 主演|出演 的 电影|电视剧 《 {film} 》 {other_date} 上映|首播", "film 主演 actors"),
        Clause("电影|影片 《 {film} 》 由 {director} 执导|拍摄", "film 导演 director"),
        Clause(
            "导演 {director} 携 主演 {actors} 现身 {city} ， 宣传 《 {film} 》",
            "film 导演 director, film 主演 actors",
        ),
        Clause(
            "{director} 的 新片 《 {film} 》 里 ， {actor} 饰演|扮演 {role}",
            "film 导演 director, film 主演 actor",
        ),
        Clause(
            "影片 《 {film} 》 改编 自 {author} 的 同名 小说 ， 由 {director} 导演",
            "film 作者 author, film 导演 director",
        ),
        Clause(
            "《 {film} 》 由 {director} 自导自演 ， {actor} 参演",
            "film 导演 director, film 主演 director, film 主演 actor",
        ),
        Clause(
            "继 {old_director} 的 《 {original} 》 之后 ， {director} 又 拍摄|推出 了 《 {remake} 》",
            "original 导演 old_director, remake 导演 director",
        ),
        Clause("{actor} 在 《 {film} 》 中 饰|饰演|出演 {role}", "film 主演 actor"),
    ),
    continuations=(
        Clause("， 导演 是|为 {director}", "film 导演 director"),
        Clause("， 主演 有|包括|为 {actors}", "film 主演 actors"),
        Clause("， {actors} 等 主演|出演", "film 主演 actors"),
        Clause("， 编剧|摄影|制片人 是|为 {writer}"),
        Clause("， 《 {film} 》 在 {city} 取景"),
        Clause("， {company} 出品"),
        Clause("， 观众|影评人 {friend} 称 《 {film} 》 感人"),
    ),
)

SONG = SentenceTopic(
    0.14,
    openings=(
        Clause("《 {song} 》 是 {singer} 演唱|唱 的 一首 歌曲|情歌", "song 歌手 singer"),
        Clause("{singer} 的 新歌|单曲|歌曲 《 {song} 》", "song 歌手 singer"),
        Clause("{singers} 合唱|对唱 的 《 {song} 》", "song 歌手 singers"),
        Clause("《 {song} 》 由 {lyricist} 作词 ， {composer} 作曲 ， {singer} 演唱", "song 歌手 singer"),
        Clause("《 {song} 》 - {singer} ， 试听", "song 歌手 singer"),
        Clause("{friend} 翻唱 了 {singer} 的 名曲|老歌 《 {song} 》", "song 歌手 singer"),
        Clause("电影 《 {film} 》 的 主题曲 《 {song} 》 由 {singer} 演唱", "song 歌手 singer"),
    ),
    continuations=(
        Clause("， {arranger} 编曲|混音|制作"),
        Clause("， 收录 在 专辑 《 {album} 》 中|里"),
        Clause("， 《 {song} 》 的 录音 在 {city} 完成"),
        Clause("， {other_date} 发行"),
    ),
)

PERSON = SentenceTopic(
    0.22,
    openings=(
        Clause("{person} ， {date} 出生|生 于 {place}", "person 出生日期 date, person 出生地 place"),
        Clause("{person} ， 男|女 ， {date} 生|出生", "person 出生日期 date"),
        Clause("{person} 毕业 于 {school}", "person 毕业院校 school"),
        Clause("{person} （ {date} - ） ， {place} 人", "person 出生日期 date, person 出生地 place"),
        Clause("{husband} 与|和 妻子|太太 {wife} 住 在 {city}", "husband 妻子 wife, wife 丈夫 husband"),
        Clause("{wife} 的 丈夫|老公 是|叫 {husband}", "husband 妻子 wife, wife 丈夫 husband"),
        Clause("{husband} 迎娶|娶 了 {wife} ， {friend} 到场 祝福", "husband 妻子 wife, wife 丈夫 husband"),
        Clause("{teacher} 的 学生 {person} 是 {place} 人", "person 出生地 place"),
        Clause("{person} 早年 就读|求学 于 {school} ， 老师 是 {teacher}", "person 毕业院校 school"),
    ),
    continuations=(
        Clause("， 毕业 于 {school}", "person 毕业院校 school"),
        Clause("， {other_date} 从 {school} 毕业", "person 毕业院校 school"),
        Clause("， 现 在 {other_school} 任教|讲学"),
        Clause("， 后 迁居|移居|定居 {new_city}"),
        Clause("， 曾任 {company} 董事长|顾问"),
        Clause("， 著有 《 {book} 》", "book 作者 person"),
        Clause("， 主演 过 《 {film} 》", "film 主演 person"),
        Clause("， {person} 的 妻子 是|叫 {wife}", "person 妻子 wife, wife 丈夫 person"),
        Clause("， 与 {friend} 是 同学|好友"),
    ),
)

BODY = SentenceTopic(
    0.08,
    openings=(
        Clause("{company} 成立|创立|创办 于 {date}", "company 成立日期 date"),
        Clause("{group} 成立|建立 于 {date}", "group 成立日期 date"),
        Clause("{date} ， {company} 在 {city} 成立|注册", "company 成立日期 date"),
        Clause("{group} 是 {date} 成立 的 非营利 机构", "group 成立日期 date"),
        Clause("{company} 于 {other_date} 收购 了 {date} 成立 的 {group}", "group 成立日期 date"),
    ),
    continuations=(
        Clause("， 总部 位于|设在 {city}"),
        Clause("， 董事长|会长|负责人 为|是 {friend}"),
        Clause("， {other_date} 更名|改组"),
    ),
)

NOTHING = SentenceTopic(
    0.06,
    openings=(
        Clause("{friend} 和 {teacher} 在 {city} 出席 了 活动|发布会"),
        Clause("《 {film} 》 将 于 {other_date} 在 {city} 放映"),
        Clause("{friend} 很 喜欢|怀念 《 {song} 》 这 首 歌"),
        Clause("{company} 与 {school} 签订|达成 了 合作 协议"),
        Clause("{friend} 昨天 买 了 {press} 的 两 本 书"),
    ),
    continuations=(Clause("， 现场 气氛 热烈"), Clause("， {teacher} 没有 回应|到场")),
)

TOPICS = (BOOK, FILM, SONG, PERSON, BODY, NOTHING)

LEADS = ("据 报道 ，", "近日 ，", "{reporter} 撰文 称|说 ：", "简介 ：", "众所周知 ，")
TAILS = ("。", "， 深受 {city} 观众|读者 喜爱", "！", "， 令 {reporter} 印象 深刻", "😊|🎬|👍")

BODY_TYPES = {"company": "企业", "group": "机构"}
"""Subject type by slot, where a predicate has several rows in the schema."""

TAGS = {
    "v": "创作 撰写 所著 出版 著 编著 写 发行 合著 编写 带 来到 签售 推荐 作序 题字 毕业 推出 讲述 "
    "描写 设计 绘制 翻译 问世 上市 登上 再版 执导 主演 领衔主演 出演 上映 首播 拍摄 携 现身 宣传 "
    "饰演 扮演 改编 自导自演 参演 饰 取景 出品 称 演唱 唱 合唱 对唱 作词 作曲 试听 翻唱 编曲 混音 "
    "制作 收录 出生 生 住 叫 迎娶 娶 就读 求学 任教 讲学 迁居 移居 定居 曾任 著有 成立 创立 创办 "
    "建立 注册 收购 位于 设在 更名 改组 出席 放映 喜欢 怀念 签订 达成 买 没有 回应 到场 是 撰文 "
    "说 报道 令 喜爱 完成",
    "p": "由 于 在 为 向 从 据 自 与 继",
    "u": "的 了 着 过 等",
    "c": "和",
    "d": "又 就 很 现 后 将",
    "w": "《 》 ， ： （ ） - 。 ！ 😊 🎬 👍",
}
"""Parts of speech of words in clauses; words not listed are nouns."""
