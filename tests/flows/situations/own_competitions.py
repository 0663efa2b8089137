"""A competition of one's own: made, found, broken, and what is said of it."""

import tasks
from flows.commands.creation import create
from tests.flows.situations.results import submitted
from tests.flows.situations.situation import Here, Situation


def own(here: Here) -> None:
    """A folder for competitions of one's own."""
    here.monkeypatch.setenv("PODIUM_COMPETITIONS", str(here["OWN"]))
    here.monkeypatch.setattr(tasks, "__path__", list(tasks.__path__))


def roses(here: Here) -> None:
    """A new competition."""
    own(here)
    create("roses", "table", here["OWN"])


def without_build(here: Here) -> None:
    """A competition that lacks a function and a file."""
    roses(here)
    (here["OWN"] / "roses/training.py").write_text('"""The training."""\n')
    (here["OWN"] / "roses/overlap.py").unlink()


def no_python(here: Here) -> None:
    """A competition with a mistake in its code."""
    roses(here)
    (here["OWN"] / "roses/metric.py").write_text("def (:\n")


SITUATIONS = [
    Situation(
        "A new competition",
        "podium new roses --like table",
        0,
        ("wrote OWN/roses/, which runs as it is:", "podium demo roses", "podium run roses --preset demo"),
        (own,),
    ),
    Situation(
        "There is no template of this name",
        "podium new roses --like tabel",
        2,
        ("--like: expected one of images, table, texts, received 'tabel'",),
        (own,),
    ),
    Situation(
        "There is a competition of this name",
        "podium new dogs",
        2,
        ("name: dogs is that of a competition",),
        (own,),
    ),
    Situation(
        "The name cannot be a module's",
        "podium new my-roses",
        2,
        ("name: expected at most 64 small letters, digits and _",),
        (own,),
    ),
    Situation(
        "A function and a file that steps call are missing",
        "podium {run,plan,check,accept,blend} roses",
        2,
        (
            "competition roses: OWN/roses lacks what steps need:",
            "training.py: build is missing; step train calls training.build(job)",
            "overlap.py: missing; step compare calls overlap.overlap(dataset)",
        ),
        (without_build,),
    ),
    Situation(
        "A competition's code is no Python",
        "podium {run,plan,check} roses",
        2,
        ("metric.py:1: ",),
        (no_python,),
    ),
    Situation(
        "The list where a competition is broken: the others can be used",
        "podium list",
        0,
        (
            "cannot be used: competition roses: OWN/roses lacks",
            "training.py: build is missing",
        ),
        (without_build,),
    ),
    Situation(
        "Submissions of a broken competition",
        "podium submissions list roses",
        0,
        ("roses/2026-one", "Public: taken as the higher the better, for its competition cannot be used."),
        (without_build, lambda here: submitted(here, "roses")),
    ),
    Situation(
        "`PODIUM_COMPETITIONS` names a file",
        "PODIUM_COMPETITIONS=FILE podium {list,plan roses,new roses}",
        2,
        ("PODIUM_COMPETITIONS: expected a folder that can be made, received FILE",),
        (own,),
    ),
    Situation(
        "`PODIUM_COMPETITIONS` names a folder that is not there",
        "PODIUM_COMPETITIONS=NOWHERE podium {run,plan,check} roses",
        2,
        ("received 'roses'; PODIUM_COMPETITIONS names NOWHERE, which is not there",),
        (own,),
    ),
    Situation(
        "The list then",
        "PODIUM_COMPETITIONS=NOWHERE podium list",
        0,
        ("podium: PODIUM_COMPETITIONS names NOWHERE, which is not there; podium new makes it",),
        (own,),
    ),
]
