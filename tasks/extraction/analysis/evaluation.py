"""The blend's answers and the labels of each sentence, for the analysis of errors in the report.

The answers are out-of-fold. In the scorer's official mode a text that occurs twice counts at its last
occurrence; only sentences that count are included, so that figures add up to the score.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from tasks.core.dataset import Dataset
from tasks.core.report.page import Material
from tasks.extraction import dataset
from tasks.extraction.answers import answered, distinct
from tasks.extraction.config import Answers
from tasks.extraction.records import Record, Triple, normal_form, triple_of
from tasks.extraction.scoring import triples
from tasks.learning.ensemble.candidates import Candidates

Same = Callable[[Triple, Triple], bool]
"""Whether an answer (first) matches a label (second)."""


class AnsweredPart(NamedTuple):
    """Parallel lists of the sentences that count, with the decision that made the answers."""

    records: list[Record]
    scored: list[dict[Triple, float]]
    """By normal form (`tasks.extraction.records.normal_form`), the score of each candidate."""
    kept: list[list[Triple]]
    """Candidates that reach their thresholds, before any rule."""
    decision: dict[str, Any]
    """The blend's decision: `threshold`, `by_predicate`, `rules`."""
    scorer: dict[str, Any]
    """Keyword arguments of the functions of `tasks.extraction.scoring.triples`."""

    def threshold(self, predicate: str) -> float:
        """The least score of an answer with this predicate."""
        return float(self.decision["by_predicate"].get(predicate, self.decision["threshold"]))

    def pairs(
        self, answers: Sequence[Sequence[Triple]], rows: Sequence[int] | None = None
    ) -> tuple[list[triples.Sentence], list[triples.Sentence]]:
        """Labels and answers of the sentences `rows` (None: all), as the scorer takes them."""
        chosen = range(len(self.records)) if rows is None else rows
        labels: list[triples.Sentence] = [
            (self.records[row].text, self.records[row].triples) for row in chosen
        ]
        return labels, [(self.records[row].text, answers[row]) for row in chosen]

    @property
    def same(self) -> Same:
        """Comparison by normal forms, or by the scorer itself if it compares more than these."""
        if not self.scorer["alias"] and not self.scorer["location"] and self.scorer["mode"] == "official":
            return lambda answer, label: normal_form(answer) == normal_form(label)
        return lambda answer, label: bool(
            triples.evaluate([("", [label])], [("", [answer])], **self.scorer).correct_recall
        )


def read(material: Material) -> AnsweredPart:
    """The blend's out-of-fold answers.

    Raises:
        ValueError: the blend's records are not the dataset's, or are in another order.
    """
    records = dataset.records(material.dataset, "train")
    if [record.id for record in records] != list(material.blended.ids):
        raise ValueError(
            f"report: expected scores of the dataset's {len(records)} training records in their order, "
            f"received {len(material.blended.ids)} records"
        )
    return _answered_part(material, records, material.blended.values)


def read_validation(material: Material) -> AnsweredPart | None:
    """The blend's answers on the validation part, by the same decision; None if there is no such part."""
    scores = material.blended_validation
    if scores is None:
        return None
    return _answered_part(material, dataset.records(material.dataset, "validation"), scores.values)


def _answered_part(material: Material, records: list[Record], values: Candidates) -> AnsweredPart:
    scorer = _scorer(material.dataset, material.config)
    rows = counting(records, scorer["mode"])
    decision = {"by_predicate": {}, "rules": [], **(material.blended.decision or {"threshold": 0.5})}
    kept = answered(values, [record.text for record in records], {**decision, "rules": []})
    return AnsweredPart(
        [records[row] for row in rows],
        [_best(values.record(row)) for row in rows],
        [kept[row] for row in rows],
        decision,
        scorer,
    )


def counting(records: Sequence[Record], mode: str) -> list[int]:
    """Rows of the sentences that the scorer counts."""
    last = {record.text: row for row, record in enumerate(records)}
    return [row for row, record in enumerate(records) if mode == "strict" or last[record.text] == row]


def answers(evaluated: AnsweredPart, rules: Sequence[str] | None = None) -> list[list[Triple]]:
    """The answers of each sentence after these rules; None: after those of the decision."""
    from tasks.extraction.rules.rule_table import apply

    names = evaluated.decision["rules"] if rules is None else rules
    return [
        distinct(apply(record.text, kept, names)) if kept and names else kept
        for record, kept in zip(evaluated.records, evaluated.kept, strict=True)
    ]


def _scorer(folder: Dataset, config: dict[str, Any]) -> dict[str, Any]:
    alias, location = dataset.dictionaries(folder)
    mode = Answers.model_validate(config.get("answers", {})).mode
    return {"alias": alias, "location": location, "mode": mode}


def _best(scored: dict[str, float]) -> dict[Triple, float]:
    """Best scores by normal form: the scorer takes such candidates for the same."""
    best: dict[Triple, float] = {}
    for candidate, score in scored.items():
        triple = normal_form(triple_of(candidate))
        best[triple] = max(score, best.get(triple, 0.0))
    return best
