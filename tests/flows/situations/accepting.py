"""Edits that do not matter: results at hand are accepted for today's code, and no longer."""

from tests.flows.situations.rehearsal import edited, rehearsed
from tests.flows.situations.situation import Here, Situation
from tests.flows.situations.typed import typed

OPTIONS = "dogs --set data.root=DATA"


def ran(here: Here) -> None:
    """A run has been made with the code of before."""
    rehearsed(here)
    assert typed(here.filled(f"podium run {OPTIONS} --quiet")).code == 0


def accepted(here: Here) -> None:
    """Step train is accepted with the code of today."""
    ran(here)
    edited(here)
    said = typed(here.filled(f"podium accept dogs load train --note typo {OPTIONS[5:]}"))
    assert said.code == 0, said.text


SITUATIONS = [
    Situation(
        "Nothing changed: the plan runs nothing again",
        f"podium plan {OPTIONS}",
        0,
        ("train fold 0  cached", "3 cached, 1 will run"),
        (ran,),
        on_server=True,
    ),
    Situation(
        "The code of a step was edited",
        f"podium plan {OPTIONS}",
        0,
        ("load dogs     run  code of tasks.rehearsed changed", "train fold 1  run  code of "),
        (ran, edited),
        on_server=True,
    ),
    Situation(
        "What can be accepted",
        f"podium accept {OPTIONS}",
        0,
        (
            "train  can be accepted  2 results of this run: code of tasks.rehearsed changed",
            "load   can be accepted  1 result of this run: code of tasks.rehearsed changed",
            "podium accept dogs load train accepts it, with the same settings",
        ),
        (ran, edited),
        on_server=True,
    ),
    Situation(
        "The results are accepted",
        f"podium accept dogs load train {OPTIONS[5:]}",
        0,
        (
            "load   accepted  1 result of this run: code of tasks.rehearsed changed",
            "train  accepted  2 results",
        ),
        (ran, edited),
        on_server=True,
    ),
    Situation(
        "A plan after that",
        f"podium plan {OPTIONS}",
        0,
        ("train fold 0  cached  accepted by ", "load dogs     cached  accepted by ", "3 cached, 1 will run"),
        (accepted,),
        on_server=True,
    ),
    Situation(
        "A run after that",
        f"podium run {OPTIONS}",
        0,
        (
            "train fold 0 | a result of earlier code of step train, accepted by ",
            "load dogs | a result of earlier code of step load, accepted by ",
        ),
        (accepted,),
        on_server=True,
    ),
    Situation(
        "No longer accepted",
        "podium accept dogs train --undo",
        0,
        ("train  no longer accepted  ",),
        (accepted,),
        on_server=True,
    ),
    Situation(
        "Nothing was accepted that could be withdrawn",
        "podium accept dogs train --undo",
        2,
        ("STEP: expected steps of which something was accepted (there are none), received train",),
        (),
    ),
    Situation(
        "There is no step of this name",
        f"podium accept dogs trian {OPTIONS[5:]}",
        2,
        ("STEP: expected one of load, train, received 'trian' (did you mean train?)",),
        (ran,),
        on_server=True,
    ),
]
