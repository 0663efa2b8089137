"""The choice among candidates: whether the right query was one of them, and how votes chose."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from tasks.core.competition import Scores
from tasks.core.report.formatting import Estimate
from tasks.core.report.page import Block, Material, Section, TableBlock, Text
from tasks.nl2sql.analysis.breakdown import heads
from tasks.nl2sql.analysis.evaluation import EvaluatedPart
from tasks.nl2sql.query.schema import Query, canonical
from tasks.nl2sql.query.scoring import SUBTASKS, mean_and_error, normal_form, subtask_correctness
from tasks.nl2sql.voting import Vote, answer_queries, query_of

FIRST = (1, 2, 3, 5, 8, 16, 32)
"""Numbers of candidates for which recall is given."""
VOTES: dict[Vote, str] = {"query": "whole queries", "parts": "selection and conditions apart"}


def candidates(parts: Sequence[EvaluatedPart]) -> Section:
    """Recall of the right query among the first candidates, and of each part of it among all."""
    parts = [part for part in parts if part.questions]
    if not parts:
        return Section("Candidates", [])
    recalls = [_Recall(part) for part in parts]
    longest = max(each.most for each in recalls)
    numbers = [number for number in FIRST if number < longest] + [longest]
    rows = [[number, *(float(np.mean(each.ranks < number)) for each in recalls)] for number in numbers]
    first = "Share of the questions whose right logic form is among this many candidates of the best scores."
    subtasks = (
        "Share of the questions of which a part of the query is right in the answer, and in at least one "
        "candidate: a better choice among the candidates can gain the difference."
    )
    columns = heads(["in the answer", "in a candidate"], parts)
    shares = [
        [name, *(float(share[place]) for each in recalls for share in (each.in_answers, each.in_candidates))]
        for place, name in enumerate(SUBTASKS)
    ]
    blocks: list[Block] = [
        Text(_missed(parts[0], recalls[0])),
        TableBlock(["candidates", *heads(["right"], parts)], rows, first),
        TableBlock(["part of the query", *columns], shares, subtasks),
    ]
    return Section("Candidates", blocks)


class _Recall:
    """Right queries and right parts among the candidates of each question."""

    def __init__(self, part: EvaluatedPart) -> None:
        count = len(part.questions)
        self.most = int(np.diff(part.values.frame.starts).max())
        self.ranks = np.full(count, np.inf)
        """(n,) float64: how many candidates score higher than the right one; infinite if none is right."""
        possible = np.zeros((count, len(SUBTASKS)), bool)
        for row, (gold, table) in enumerate(zip(part.gold, part.tables, strict=True)):
            wanted = normal_form(gold, table)
            for rank, query in enumerate(ranked(part, row)):
                possible[row] |= subtask_correctness(gold, query, table)
                if normal_form(query, table) == wanted:
                    self.ranks[row] = rank
                    break  # all parts are right
        self.in_answers, self.in_candidates = part.parts.mean(axis=0), possible.mean(axis=0)


def ranked(part: EvaluatedPart, row: int) -> list[Query]:
    """The candidates of a question, the best score first."""
    scored = part.values.record(row)
    return [query_of(key) for key in sorted(scored, key=lambda key: -scored[key])]


def _missed(part: EvaluatedPart, recall: _Recall) -> str:
    wrong = ~part.strict[:, 0]
    number = int(np.count_nonzero(wrong))
    not_chosen = int(np.count_nonzero(wrong & np.isfinite(recall.ranks)))
    without = int(np.count_nonzero(np.diff(part.values.frame.starts) == 0))
    text = (
        f"Of {number:,} wrong logic forms {part.name}, {not_chosen:,} had the right query among the "
        f"candidates; for the other {number - not_chosen:,} it was no candidate."
    )
    return text + (f" {without:,} questions had no candidate and got the fallback query." if without else "")


def votes(material: Material, part: EvaluatedPart) -> Section:
    """Votes on whole queries against votes on parts, and the blend against each member."""
    if not part.questions:
        return Section("Votes", [])
    chosen = part.decision["vote"]
    rows: list[list[Any]] = [["the blend as answered", VOTES[chosen], *_compared(part, None)]]
    for vote, meaning in VOTES.items():
        if vote != chosen:
            other = material.blended._replace(decision={**part.decision, "vote": vote})
            rows.append(["the blend", meaning, *_compared(part, other)])
    if len(material.members) > 1:
        for name, member in material.members.items():
            vote = (member.decision or part.decision)["vote"]
            rows.append([name, VOTES[vote], *_compared(part, member)])
    automatic = material.config.get("answers", {}).get("vote", "chosen") == "chosen"
    how = "chosen on these predictions" if automatic else "as set in the settings"
    text = f"Votes are on {VOTES[chosen]}, {how}."
    columns = ["answers of", "votes on", "mean", "different answers", "logic form better", "worse"]
    caption = (
        "Strict mean ± one standard error; how many answers differ from the blend's, and how often the logic "
        "form is right where the blend's is wrong, and wrong where it is right."
    )
    return Section("Votes", [Text(text), TableBlock(columns, rows, caption)])


def _compared(part: EvaluatedPart, scores: Scores | None) -> list[Any]:
    """Mean, and how other scores' answers compare with the blend's; None: the blend's own."""
    if scores is None:
        return [Estimate(*mean_and_error(part.strict.mean(axis=1))), None, None, None]
    decision = {**part.decision, **(scores.decision or {})}
    others = answer_queries(scores.values, part.questions, part.by_id, decision)
    right, blend_right = part.correctness(others), part.strict[:, 0]
    pairs = zip(others, part.answers, strict=True)
    return [
        Estimate(*mean_and_error(right.mean(axis=1))),
        sum(canonical(one) != canonical(other) for one, other in pairs),
        int(np.count_nonzero(right[:, 0] & ~blend_right)),
        int(np.count_nonzero(~right[:, 0] & blend_right)),
    ]
