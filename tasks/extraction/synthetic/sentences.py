"""Compose the demo's sentences: choose clauses, fill their slots, collect the triples that they state."""

from collections.abc import Callable
from functools import cache
from random import Random
from typing import NamedTuple

from tasks.extraction.synthetic import grammar, vocabulary
from tasks.extraction.synthetic.grammar import Clause, SentenceTopic
from tasks.extraction.synthetic.vocabulary import Name, Word

CONTINUATIONS = (0, 0, 1, 1, 1, 2, 2, 3)
"""How many clauses may follow an opening."""
PLURAL_COUNTS = (1, 2, 2, 3, 3, 4)
LEAD_SHARE, TAIL_SHARE = 0.15, 0.25
FULL_WIDTH_SHARE, TRADITIONAL_SHARE, UPPER_SHARE, LOWER_SHARE = 0.02, 0.04, 0.03, 0.03

_FULL_WIDTH = str.maketrans({chr(code): chr(code + 0xFEE0) for code in range(0x21, 0x7F)})
_PAIRS = (
    "与與专專业業东東两兩个個丰豐临臨为為丽麗乐樂习習乡鄉书書买買云雲从從众眾会會伟偉传傳兰蘭写寫军軍冯馮"
    "刘劉创創剧劇办辦动動华華协協单單卢盧历歷县縣参參双雙发發叶葉后後吕呂听聽吴吳员員响響团團国國图圖场場"
    "声聲娅婭孙孫学學宁寧实實对對导導将將尔爾尘塵岛島师師带帶庆慶应應张張归歸录錄怀懷总總执執报報据據携攜"
    "摄攝旧舊时時晓曉术術机機来來杨楊杰傑构構树樹梦夢欢歡欧歐毕畢气氣汉漢没沒泽澤涛濤温溫灯燈烟煙热熱爱愛"
    "现現瑶瑤电電畅暢码碼离離称稱笔筆筝箏签簽简簡纪紀组組经經绘繪继繼编編缘緣罗羅艺藝苏蘇荐薦荣榮药藥莱萊"
    "莹瑩营營萧蕭蒋蔣蓝藍蔷薔见見观觀视視计計订訂议議记記讲講许許设設评評词詞译譯试試诗詩语語说說诸諸诺諾"
    "读讀谢謝谣謠谱譜贝貝负負责責购購费費贾賈赵趙车車轩軒辑輯边邊达達迁遷过過这這远遠迹跡邓鄧郑鄭钟鐘银銀"
    "销銷长長门門问問间間闻聞阎閻阳陽陈陳随隨雾霧静靜韩韓顾顧领領题題风風飞飛饰飾馆館马馬鸟鳥鸣鳴麦麥黄黃"
)
_TRADITIONAL = str.maketrans(_PAIRS[::2], _PAIRS[1::2])

Fact = tuple[str, str, str]
"""Subject's slot, predicate, object's slot."""


class SyntheticTriple(NamedTuple):
    """One triple of a sentence."""

    subject: str
    predicate: str
    object: str
    subject_type: str
    object_type: str


class SyntheticSentence(NamedTuple):
    """A sentence's words, which join to its text, and all its triples."""

    words: tuple[Word, ...]
    triples: tuple[SyntheticTriple, ...]


def compose(known: dict[str, list[Name]], random: Random) -> SyntheticSentence:
    """A sentence on a random topic; a few are in capitals, full width or traditional characters."""
    clauses = _clauses(_topic(random), random)
    slots = _SlotNames(known, random)
    words = [word for clause in clauses for word in slots.words(clause.pattern)]
    variant = _variant(random)
    triples = dict.fromkeys(
        SyntheticTriple(variant(subject), fact[1], variant(object_), *_types(fact))
        for clause in clauses
        for fact in _facts(clause)
        for subject in slots.names(fact[0])
        for object_ in slots.names(fact[2])
    )
    return SyntheticSentence(tuple([(variant(word), tag) for word, tag in words]), tuple(triples))


class _SlotNames:
    """The names in the slots of one sentence, drawn when a slot first occurs."""

    def __init__(self, known: dict[str, list[Name]], random: Random) -> None:
        self._known, self._random = known, random
        self._slots: dict[str, list[Name]] = {}
        self._used: set[str] = set()

    def words(self, pattern: str) -> list[Word]:
        words: list[Word] = []
        for token in _tokens(pattern):
            if isinstance(token, str):
                words += self._words_of(token)
            else:
                words.append(self._random.choice(token))
        return words

    def names(self, slot: str) -> list[str]:
        return [vocabulary.text(name) for name in self._slots[slot]]

    def _words_of(self, slot: str) -> list[Word]:
        if slot not in self._slots:
            self._slots[slot] = self._fill(slot)
        first, *others = self._slots[slot]
        return [*first, *(word for name in others for word in (("、", "w"), *name))]

    def _fill(self, slot: str) -> list[Name]:
        if slot in grammar.NESTED:
            return [tuple(self.words(grammar.NESTED[slot]))]
        count = self._random.choice(PLURAL_COUNTS) if slot in grammar.PLURALS else 1
        return [self._unused(grammar.KINDS.get(slot, "person")) for _ in range(count)]

    def _unused(self, kind: str) -> Name:
        while vocabulary.text(name := vocabulary.draw(kind, self._known, self._random)) in self._used:
            pass
        self._used.add(vocabulary.text(name))
        return name


def _topic(random: Random) -> SentenceTopic:
    return random.choices(grammar.TOPICS, [topic.share for topic in grammar.TOPICS])[0]


def _clauses(topic: SentenceTopic, random: Random) -> list[Clause]:
    clauses = [random.choice(topic.openings)]
    count = min(random.choice(CONTINUATIONS), len(topic.continuations))
    for clause in random.sample(topic.continuations, count):
        if _can_follow(clause, clauses):
            clauses.append(clause)
    if random.random() < LEAD_SHARE:
        clauses.insert(0, Clause(random.choice(grammar.LEADS)))
    if random.random() < TAIL_SHARE:
        clauses.append(Clause(random.choice(grammar.TAILS)))
    return clauses


def _can_follow(clause: Clause, clauses: list[Clause]) -> bool:
    """Whether all names of the clause's triples occur and none of its predicates is stated yet."""
    stated = {predicate for before in clauses for _, predicate, _ in _facts(before)}
    occurring = {token for before in [*clauses, clause] for token in _tokens(before.pattern)}
    return all(
        predicate not in stated and subject in occurring and object_ in occurring
        for subject, predicate, object_ in _facts(clause)
    )


@cache
def _tokens(pattern: str) -> tuple[str | tuple[Word, ...], ...]:
    """The pattern's slots, by their names, and its words, each as a tuple of choices."""
    tokens = pattern.split(" ")
    return tuple([token[1:-1] if token[0] == "{" else _choices(token) for token in tokens])


def _choices(token: str) -> tuple[Word, ...]:
    return tuple([(word, _tags().get(word, "n")) for word in token.split("|")])


@cache
def _tags() -> dict[str, str]:
    return {word: tag for tag, words in grammar.TAGS.items() for word in words.split()}


@cache
def _facts(clause: Clause) -> tuple[Fact, ...]:
    facts = [fact.split() for fact in clause.facts.split(",") if fact]
    return tuple([(subject, predicate, object_) for subject, predicate, object_ in facts])


@cache
def _types(fact: Fact) -> tuple[str, str]:
    """Subject and object type by the schema."""
    rows = [
        row
        for row in grammar.SCHEMA
        if row[1] == fact[1] and grammar.BODY_TYPES.get(fact[0], row[0]) == row[0]
    ]
    ((subject_type, _, object_type),) = rows
    return subject_type, object_type


def _variant(random: Random) -> Callable[[str], str]:
    """A random way of writing the whole sentence, which maps each character to one character."""
    variants: tuple[tuple[float, Callable[[str], str]], ...] = (
        (FULL_WIDTH_SHARE, lambda text: text.translate(_FULL_WIDTH)),
        (TRADITIONAL_SHARE, lambda text: text.translate(_TRADITIONAL)),
        (UPPER_SHARE, str.upper),
        (LOWER_SHARE, str.lower),
    )
    chosen = random.random()
    for share, variant in variants:
        if chosen < share:
            return variant
        chosen -= share
    return str
