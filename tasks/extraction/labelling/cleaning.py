"""Cleaning of training labels: by repairs of single sentences, and by the scores of a first round of models.

Only labels that models are fitted on are cleaned, never those that predictions are scored against.

A *repair* settles what annotators did differently in the way that most of them chose. The repairs follow the
seventh place of the contest, with one change: a subject grows to a whole title only for predicates of works,
so that a person named in a title stays a person.

*Relabelling* (Su, kexue.fm/archives/6671) uses models that were not fitted on a sentence: its labels with
very low scores are dropped, and triples with very high scores are added.
"""

import re
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import NamedTuple

from tasks.core.errors import InvalidSettings
from tasks.extraction.records import Record, Triple, normal_form, triple_of
from tasks.learning.ensemble import prediction_files
from tasks.learning.ensemble.candidates import Candidates
from tasks.text.normalisation import normalise

ALBUM = "所属专辑"
OF_SONGS = frozenset({"歌手", "作词", "作曲"})
OF_WORKS = OF_SONGS | {
    *("上映时间", "导演", "出品公司", "制片人", "编剧", "主演", "改编自"),
    *("主持人", "嘉宾", "作者", "出版社", "连载网站", "主角", ALBUM),
}
"""Predicates whose subject is a film, a show, a book, a novel or a song."""

PART = "judged"
"""Name of the first round's scores (`tasks.learning.ensemble.prediction_files`)."""

_TITLE = re.compile("《([^《》]+)》")
_BRACKETED = re.compile("《[^《》]+》")

Repair = Callable[[str, Sequence[Triple]], list[Triple]]
"""(text, triples) → repaired triples."""


def repair(text: str, triples: Sequence[Triple], *, names: Collection[str] | None = None) -> list[Triple]:
    """The triples after the named repairs (None: all) in the order of `REPAIRS`, without duplicates.

    Entities that occurred in the text still do. Raises `InvalidSettings` for an unknown name.
    """
    names = REPAIRS if names is None else names
    if unknown := sorted(set(names) - REPAIRS.keys()):
        raise InvalidSettings(f"repairs: expected names among {', '.join(REPAIRS)}, received {unknown}")
    for name, rule in REPAIRS.items():
        if name in names:
            triples = rule(text, triples)
    return list(dict.fromkeys(triples))


def trim_spaces(text: str, triples: Sequence[Triple]) -> list[Triple]:
    """Entities without outer white space."""
    return [(subject.strip(), predicate, object_.strip()) for subject, predicate, object_ in triples]


def strip_brackets(text: str, triples: Sequence[Triple]) -> list[Triple]:
    """《长城》 becomes 长城; a list of titles, 《长城》和《黄河》, stays."""
    return [
        (_unbracketed(subject), predicate, _unbracketed(object_)) for subject, predicate, object_ in triples
    ]


def complete_titles(text: str, triples: Sequence[Triple]) -> list[Triple]:
    """A work named by part of a title, and nowhere else in the text, is named by the whole title.

    In 13,293 sentences 6,620 such titles are annotated whole and 107 in part.
    """
    titles = [title.strip() for title in _TITLE.findall(text)]
    return [
        (_completed(text, subject, titles), predicate, object_)
        if predicate in OF_WORKS
        else (subject, predicate, object_)
        for subject, predicate, object_ in triples
    ]


def drop_album_credits(text: str, triples: Sequence[Triple]) -> list[Triple]:
    """Singers and writers belong to songs: drop those of an album that is not also a song.

    In 13,293 sentences the singer of a song on an album is given for the song alone 415 times, 95 times
    for the album.
    """
    albums = {object_ for _, predicate, object_ in triples if predicate == ALBUM}
    albums -= {subject for subject, predicate, _ in triples if predicate == ALBUM}
    return [triple for triple in triples if not (triple[1] in OF_SONGS and triple[0] in albums)]


REPAIRS: dict[str, Repair] = {
    "spaces": trim_spaces,
    "brackets": strip_brackets,
    "titles": complete_titles,
    "albums": drop_album_credits,
}
"""All repairs, in the order in which they are applied."""


def _unbracketed(entity: str) -> str:
    return entity[1:-1].strip() if _BRACKETED.fullmatch(entity) else entity


def _completed(text: str, subject: str, titles: Sequence[str]) -> str:
    """The title around the subject, if the text names the subject once and within a title."""
    name = normalise(subject)
    if not name or normalise(text).count(name) != 1:
        return subject
    return next((title for title in titles if name in normalise(title)), subject)


class Changes(NamedTuple):
    """Numbers of labels before relabelling, and of those that it drops and adds."""

    labels: int = 0
    dropped: int = 0
    added: int = 0

    @property
    def text(self) -> str:
        share = self.dropped / max(self.labels, 1)
        dropped = f"{self.dropped:,} of {self.labels:,} labels dropped ({share:.1%})"
        return f"second round: {dropped}, {self.added:,} added"

    def check(self, most_dropped: float) -> None:
        """Check the share of dropped labels.

        Raises:
            InvalidSettings: it is larger than it may be.
        """
        if self.dropped > most_dropped * self.labels:
            expected = f"at most {most_dropped:.0%} of the labels to score below drop_below"
            received = f"{self.dropped:,} of {self.labels:,} ({self.dropped / self.labels:.0%})"
            raise InvalidSettings(
                f"training.labelling.most_dropped: expected {expected}, received {received}; the models "
                "of the first round are too weak: train them longer, lower drop_below or raise most_dropped"
            )


def relabelled(
    records: Sequence[Record], folder: Path, *, add_above: float, drop_below: float
) -> tuple[list[Record], Changes]:
    """The records, relabelled by the scores in `folder`, and what that changes; records without scores stay
    as they are.
    """
    scores = prediction_files.read(folder, PART)
    assert isinstance(scores.values, Candidates)
    by_id = {
        id: {triple_of(each): score for each, score in record.items()}
        for id, record in zip(scores.ids, scores.values.records(), strict=True)
    }
    found, changes = [], Changes()
    for record in records:
        if record.id in by_id:
            scored = by_id[record.id]
            triples = cleaned(record.triples, scored, add_above=add_above, drop_below=drop_below)
            kept = len(set(record.triples) & set(triples))
            changes = Changes(
                changes.labels + len(record.triples),
                changes.dropped + len(record.triples) - kept,
                changes.added + len(triples) - kept,
            )
            record = record._replace(triples=triples)
        found.append(record)
    return found, changes


def cleaned(
    labels: Sequence[Triple], scores: dict[Triple, float], *, add_above: float, drop_below: float
) -> tuple[Triple, ...]:
    """The labels that score at least `drop_below`, then other triples from `add_above` on, the surest first.

    A label without a score counts as 0.
    """
    best: dict[Triple, float] = {}
    for triple, score in scores.items():
        best[normal_form(triple)] = max(score, best.get(normal_form(triple), 0.0))
    kept = [triple for triple in labels if best.get(normal_form(triple), 0.0) >= drop_below]
    labelled = {normal_form(triple) for triple in labels}
    added = [
        triple
        for triple, score in sorted(scores.items(), key=lambda entry: (-entry[1], entry[0]))
        if score >= add_above and normal_form(triple) not in labelled
    ]
    return (*kept, *added)
