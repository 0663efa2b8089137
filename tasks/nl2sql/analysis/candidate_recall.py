"""The choice among candidates: whether the right query was one of them, and what the votes made of them."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from tasks.core.competition import Scores
from tasks.core.report.formatting import Estimate
from tasks.core.report.page import Block, Material, Section, Table, Text
from tasks.nl2sql.analysis.breakdown import heads
from tasks.nl2sql.analysis.evaluation import Outcome, by_id, judged
from tasks.nl2sql.query.schema import Query
from tasks.nl2sql.query.scoring import SUBTASKS, mean_and_error, normal_form, subtask_correctness
from tasks.nl2sql.query.serialization import canonical
from tasks.nl2sql.voting import Vote, answer_queries, query_of

FIRST = (1, 2, 3, 5, 8, 16, 32)
"""Numbers of candidates among which the right one is looked for."""
VOTES: dict[Vote, str] = {"query": "whole queries", "parts": "selection and conditions apart"}


def candidates(outcomes: Sequence[Outcome]) -> Section:
    """How often the right query is among the first candidates, and each part of it among all."""
    found = [outcome for outcome in outcomes if outcome.questions]
    if not found:
        return Section("Candidates", [])
    seen = [_Seen(outcome) for outcome in found]
    longest = max(each.most for each in seen)
    numbers = [number for number in FIRST if number < longest] + [longest]
    rows = [[number, *(float(np.mean(each.ranks < number)) for each in seen)] for number in numbers]
    first = "Share of the questions whose right logic form is among so many candidates of the best scores."
    parts = (
        "Share of the questions of which a part is right in the answer, and in some candidate at all: the "
        "difference is what a better choice could gain, the rest was not considered."
    )
    columns = heads(["answered", "considered"], found)
    shares = [
        [name, *(float(share[place]) for each in seen for share in (each.answered, each.considered))]
        for place, name in enumerate(SUBTASKS)
    ]
    blocks: list[Block] = [
        Text(_told(found[0], seen[0])),
        Table(["candidates", *heads(["right"], found)], rows, first),
        Table(["part of the query", *columns], shares, parts),
    ]
    return Section("Candidates", blocks)


class _Seen:
    """What the candidates of each question offer."""

    def __init__(self, outcome: Outcome) -> None:
        count = len(outcome.questions)
        self.most = int(np.diff(outcome.values.frame.starts).max())
        self.ranks = np.full(count, np.inf)
        """(n,) float64: how many candidates score higher than the right one; infinite if none is right."""
        possible = np.zeros((count, len(SUBTASKS)), bool)
        for row, (gold, table) in enumerate(zip(outcome.gold, outcome.tables, strict=True)):
            wanted = normal_form(gold, table)
            for rank, query in enumerate(ranked(outcome, row)):
                possible[row] |= subtask_correctness(gold, query, table)
                if normal_form(query, table) == wanted:
                    self.ranks[row] = rank
                    break  # all parts are right
        self.answered, self.considered = outcome.parts.mean(axis=0), possible.mean(axis=0)


def ranked(outcome: Outcome, row: int) -> list[Query]:
    """The candidates of a question, the best score first."""
    scored = outcome.values.record(row)
    return [query_of(key) for key in sorted(scored, key=lambda key: -scored[key])]


def _told(outcome: Outcome, seen: _Seen) -> str:
    wrong = ~outcome.strict[:, 0]
    missed = int(np.count_nonzero(wrong & np.isfinite(seen.ranks)))
    number = int(np.count_nonzero(wrong))
    without = int(np.count_nonzero(np.diff(outcome.values.frame.starts) == 0))
    text = (
        f"Of {number:,} wrong logic forms {outcome.name}, {missed:,} had the right query among the "
        f"candidates; for the other {number - missed:,} it was not considered."
    )
    return text + (f" {without:,} questions had no candidate and were guessed." if without else "")


def votes(material: Material, outcome: Outcome) -> Section:
    """Votes by whole queries against those by parts, and the blend against each member."""
    if not outcome.questions:
        return Section("Votes", [])
    chosen = outcome.decision["vote"]
    rows: list[list[Any]] = [["the blend as answered", VOTES[chosen], *_against(outcome, None)]]
    for vote, meaning in VOTES.items():
        if vote != chosen:
            other = material.blended._replace(decision={**outcome.decision, "vote": vote})
            rows.append(["the blend", meaning, *_against(outcome, other)])
    if len(material.members) > 1:
        for name, member in material.members.items():
            vote = (member.decision or outcome.decision)["vote"]
            rows.append([name, VOTES[vote], *_against(outcome, member)])
    left_open = material.config.get("answers", {}).get("vote", "chosen") == "chosen"
    how = "chosen on these predictions" if left_open else "as the settings say"
    text = f"Candidates are elected by {VOTES[chosen]}, {how}."
    columns = ["answers of", "elected by", "mean", "answers that differ", "logic form better", "worse"]
    caption = (
        "Strict mean ± one standard error; how many answers are others than the blend's, and how often the "
        "logic form is right where the blend's is wrong, and wrong where it is right."
    )
    return Section("Votes", [Text(text), Table(columns, rows, caption)])


def _against(outcome: Outcome, scores: Scores | None) -> list[Any]:
    """Mean, and how other scores' answers compare with the blend's; None: the blend's themselves."""
    if scores is None:
        return [Estimate(*mean_and_error(outcome.strict.mean(axis=1))), None, None, None]
    decision = {**outcome.decision, **(scores.decision or {})}
    others = answer_queries(scores.values, outcome.questions, by_id(outcome), decision)
    right, now = judged(outcome, others), outcome.strict[:, 0]
    pairs = zip(others, outcome.answers, strict=True)
    return [
        Estimate(*mean_and_error(right.mean(axis=1))),
        sum(canonical(one) != canonical(other) for one, other in pairs),
        int(np.count_nonzero(right[:, 0] & ~now)),
        int(np.count_nonzero(~right[:, 0] & now)),
    ]
