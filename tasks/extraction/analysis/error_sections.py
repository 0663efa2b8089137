"""Sections of the report on mistakes: their kinds, predicates and boundaries, and example sentences."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from tasks.core.report.page import Block, Section, TableBlock, Text
from tasks.extraction.analysis.errors import INVENTED, MISSED, Mistake, Side
from tasks.extraction.analysis.evaluation import AnsweredPart
from tasks.extraction.labelling.mentions import Span, places
from tasks.extraction.records import Record, Triple, normal_form
from tasks.text.validation.json_lines import printable

PAIRS = 20
BOUNDARIES = 20
SENTENCES = 20
OPENING, CLOSING, GAP = "⟦", "⟧", "…"
"""Marks around a name in its sentence, and in the place of what is left out."""
AROUND = 20
"""Characters shown on either side of a name."""


def confusions(mistakes: Sequence[Mistake]) -> Section:
    """Kinds of mistakes; predicates taken for each other; names cut too long or too short."""
    if not mistakes:
        return Section("Confusions", [])
    blocks: list[Block] = [_kinds(mistakes, "invented"), _kinds(mistakes, "missed")]
    return Section("Confusions", [*blocks, *_predicates(mistakes), *_boundaries(mistakes)])


def _kinds(mistakes: Sequence[Mistake], side: Side) -> TableBlock:
    meanings = INVENTED if side == "invented" else MISSED
    counts = Counter(mistake.kind for mistake in mistakes if mistake.side == side)
    rows = [
        [meaning, counts[kind], counts[kind] / counts.total()]
        for kind, meaning in meanings.items()
        if counts[kind]
    ]
    caption = {
        "invented": "Invented triples: answers that match no label.",
        "missed": "Missed triples: labels that match no answer.",
    }[side]
    return TableBlock([side, "triples", "share"], rows, f"{caption} Each counts in the first line that fits.")


def _predicates(mistakes: Iterable[Mistake]) -> list[Block]:
    counts = Counter(
        (mistake.other[1], mistake.triple[1], mistake.kind)
        for mistake in mistakes
        if mistake.side == "invented" and mistake.kind in ("predicate", "further") and mistake.other
    )
    pairs = Counter[tuple[str, str]]()
    for (labelled, answer, _), count in counts.items():
        pairs[labelled, answer] += count
    rows = [
        [*pair, counts[*pair, "predicate"], counts[*pair, "further"]] for pair, _ in pairs.most_common(PAIRS)
    ]
    caption = (
        f"Right pair of names, wrong predicate; the {len(rows)} most frequent of {len(pairs)} confusions. "
        "“Besides”: the labelled predicate was answered too."
    )
    columns = ["labelled", "answered", "in its place", "besides"]
    return [TableBlock(columns, rows, caption)] if rows else []


def _boundaries(mistakes: Iterable[Mistake]) -> list[Block]:
    """For each predicate how its wrongly cut names differ from the labelled ones."""
    by_predicate: dict[str, list[Mistake]] = defaultdict(list)
    for mistake in mistakes:
        if mistake.side == "invented" and mistake.kind == "boundaries":
            by_predicate[mistake.triple[1]].append(mistake)
    ordered = sorted(by_predicate.items(), key=lambda entry: -len(entry[1]))[:BOUNDARIES]
    rows = [_boundary_row(predicate, cut) for predicate, cut in ordered]
    differences = ["subject differs", "object differs", "too long", "too short"]
    columns = ["predicate", "triples", *differences, "example"]
    caption = (
        f"Names cut differently, in the {len(rows)} predicates where that is most frequent. "
        "Too long or too short: of subject and object together, against the labelled ones."
    )
    return [TableBlock(columns, rows, caption)] if rows else []


def _boundary_row(predicate: str, cut: Sequence[Mistake]) -> list[object]:
    pairs = [(normal_form(mistake.triple), normal_form(mistake.other)) for mistake in cut if mistake.other]
    longer = [len(answer[0] + answer[2]) - len(label[0] + label[2]) for answer, label in pairs]
    return [
        predicate,
        len(cut),
        sum(answer[0] != label[0] for answer, label in pairs),
        sum(answer[2] != label[2] for answer, label in pairs),
        sum(difference > 0 for difference in longer),
        sum(difference < 0 for difference in longer),
        _difference(max(cut, key=lambda mistake: mistake.score or 0.0)),
    ]


def _difference(mistake: Mistake) -> str:
    """The names that differ, the labelled one last."""
    pairs = zip(mistake.triple[::2], mistake.other[::2] if mistake.other else (), strict=False)
    return ", ".join(f"{answer}, labelled {label}" for answer, label in pairs if answer != label)


def sentences(evaluated: AnsweredPart, mistakes: Sequence[Mistake]) -> Section:
    """The invented triples of the highest scores, the missed ones of the lowest, and some without a score."""
    scored = [mistake for mistake in mistakes if mistake.score is not None]
    surest = sorted(scored, key=lambda mistake: -(mistake.score or 0.0))
    invented = [mistake for mistake in surest if mistake.side == "invented"][:SENTENCES]
    least = sorted(scored, key=lambda mistake: mistake.score or 0.0)
    missed = [mistake for mistake in least if mistake.kind == "under"][:SENTENCES]
    unseen = _of_each_predicate([mistake for mistake in mistakes if mistake.kind == "unconsidered"])
    captions = {
        "Invented triples of the highest scores. Many of them are true: look for labels that are missing, "
        "or wrong where one is shown.": invented,
        "Missed triples of the lowest scores, of those that are candidates. Look for wrong labels, "
        "and for facts that the sentence does not state.": missed,
        "Missed triples that are no candidates: one a predicate, the most often missed first.": unseen,
    }
    tables = [_table(evaluated, chosen, caption) for caption, chosen in captions.items() if chosen]
    note = Text("In each sentence ⟦subject⟧ and ⟦object⟧ are marked; … marks omissions.")
    return Section("Mistakes and suspect labels", [note, *tables] if tables else [])


def _of_each_predicate(missed: Sequence[Mistake]) -> list[Mistake]:
    first: dict[str, Mistake] = {}
    for mistake in missed:
        first.setdefault(mistake.triple[1], mistake)
    counts = Counter(mistake.triple[1] for mistake in missed)
    return [first[predicate] for predicate, _ in counts.most_common(SENTENCES)]


def _table(evaluated: AnsweredPart, chosen: Sequence[Mistake], caption: str) -> TableBlock:
    """Triples in their sentences; empty columns are left out."""
    columns = ["score", "triple", "sentence", "error", "id"]
    rows = [_row(evaluated.records[mistake.row], mistake) for mistake in chosen]
    filled = [place for place in range(len(columns)) if any(row[place] is not None for row in rows)]
    return TableBlock(
        [columns[place] for place in filled], [[row[place] for place in filled] for row in rows], caption
    )


def _row(record: Record, mistake: Mistake) -> list[object]:
    nearest = f": {_text(mistake.other)}" if mistake.other else ""
    error = f"{INVENTED[mistake.kind]}{nearest}" if mistake.side == "invented" else None
    sentence = excerpt(record.text, mistake.triple)
    return [mistake.score, _text(mistake.triple), sentence, error, record.id]


def _text(triple: Triple) -> str:
    return " · ".join(triple)


def excerpt(text: str, triple: Triple, *, around: int = AROUND) -> str:
    """The text around subject and object, both marked; its beginning if they do not occur in it."""
    spans = places(text, [triple])[0]
    if spans is None:
        return printable(text, longest=4 * around)
    pieces = _windows(spans, len(text), around)
    shown = GAP.join(_marked(text, piece, set(spans)) for piece in pieces)
    start = GAP if pieces[0][0] else ""
    return start + shown + (GAP if pieces[-1][1] < len(text) else "")


def _windows(spans: Iterable[Span], length: int, around: int) -> list[Span]:
    """The parts of a text that are shown, from left to right; a gap replaces two characters at least."""
    windows: list[Span] = []
    for start, end in sorted(spans):
        start, end = max(0, start - around), min(length, end + around)
        start, end = (0 if start == 1 else start), (length if end == length - 1 else end)
        if windows and start <= windows[-1][1] + 1:
            windows[-1] = (windows[-1][0], max(windows[-1][1], end))
        else:
            windows.append((start, end))
    return windows


def _marked(text: str, window: Span, spans: set[Span]) -> str:
    starts, ends = [start for start, _ in spans], [end for _, end in spans]
    marked = [
        CLOSING * ends.count(place) * (place > window[0])
        + OPENING * starts.count(place) * (place < window[1])
        + printable(text[place : place + 1] if place < window[1] else "", longest=1)
        for place in range(window[0], window[1] + 1)
    ]
    return "".join(marked)
