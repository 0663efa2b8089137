"""Public scores in the terms of a competition's leaderboard: what they are, which way is better, bounds."""

import math

from tasks.core.competition import Competition, competition_names, find
from tasks.core.errors import InvalidSettings, UserError
from tasks.core.submissions.submissions import Submission

SHARE = (0.0, 1.0)


def check(competition: str, score: float) -> None:
    """Raise InvalidSettings if the competition's leaderboard cannot show this score."""
    if not math.isfinite(score):
        raise InvalidSettings(f"score: expected a finite number, received {score}")
    rules = _rules(competition)
    if rules is None:
        return
    least, most = rules.public_bounds
    if not least <= score <= most:
        in_percent = rules.public_bounds == SHARE and 1 < score <= 100
        hint = f"; {score:g} % is {score / 100:g}" if in_percent else ""
        expected = f"the {rules.public_name} of {competition}, from {least:g} to {most:g}"
        raise InvalidSettings(f"score: expected {expected}, received {score:g}{hint}")


def meaning(competition: str) -> str:
    """What a public score is, and which way is better: `error rate, the lower the better`."""
    rules = _usable_rules(competition)
    if rules is None:
        return "taken as the higher the better, for its competition cannot be used"
    return f"{rules.public_name}, the {'higher' if rules.public_higher_is_better else 'lower'} the better"


def higher_is_better(competition: str) -> bool:
    """Whether the higher of two public scores is better; so it is taken for one that cannot be used."""
    rules = _usable_rules(competition)
    return rules is None or rules.public_higher_is_better


def looks_opposite(submission: Submission, score: float) -> bool:
    """Whether a share of errors is nearer to the submission's share of right answers, or the reverse."""
    rules, own = _rules(submission.folder.parent.name), submission.provenance.get("score")
    if rules is None or not own or rules.public_bounds != SHARE:
        return False
    if bool(own.get("higher_is_better", True)) == rules.public_higher_is_better:
        return False
    return bool(abs(score - own["value"]) < abs(score - (1 - own["value"])))


def _rules(competition: str) -> Competition | None:
    """The competition; None of a folder that none is named as."""
    return find(competition) if competition in competition_names() else None


def _usable_rules(competition: str) -> Competition | None:
    """The competition; None also where its own code is broken, as its submissions can be shown then too."""
    try:
        return _rules(competition)
    except UserError:
        return None
