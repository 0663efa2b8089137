"""Training labels cleaned by models that have not learned from them (Su, kexue.fm/archives/6671).

A given triple that models of other sentences all but rule out is dropped, and one they are sure of is added.
"""

from collections.abc import Sequence
from pathlib import Path

from tasks.extraction.records import Record, Triple
from tasks.extraction.triples import normal, triple_of
from tasks.learning import score_files
from tasks.learning.candidates import Candidates

PART = "judged"


def relabelled(
    records: Sequence[Record], folder: Path, *, add_above: float, drop_below: float
) -> list[Record]:
    """The records with the triples that judgements leave them; those nobody judged stay as they are.

    Args:
        folder: scores named `PART` (`tasks.learning.score_files`).
    """
    scores = score_files.read(folder, PART)
    assert isinstance(scores.values, Candidates)
    judged = {
        id: {triple_of(each): score for each, score in record.items()}
        for id, record in zip(scores.ids, scores.values.records(), strict=True)
    }
    return [
        record
        if record.id not in judged
        else record._replace(
            triples=cleaned(record.triples, judged[record.id], add_above=add_above, drop_below=drop_below)
        )
        for record in records
    ]


def cleaned(
    given: Sequence[Triple], judged: dict[Triple, float], *, add_above: float, drop_below: float
) -> tuple[Triple, ...]:
    """The triples kept, in their order, then those added, the surest first."""
    scores: dict[Triple, float] = {}
    for triple, score in judged.items():
        scores[normal(triple)] = max(score, scores.get(normal(triple), 0.0))
    kept = [triple for triple in given if scores.get(normal(triple), 0.0) >= drop_below]
    known = {normal(triple) for triple in given}
    added = [
        triple
        for triple, score in sorted(judged.items(), key=lambda entry: (-entry[1], entry[0]))
        if score >= add_above and normal(triple) not in known
    ]
    return (*kept, *added)
