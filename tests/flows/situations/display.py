"""What a run shows: in pipes and terminals, loud and quiet, in encodings that lack characters."""

import logging

from tasks.core.errors import UserError
from tasks.core.execution import activity
from tasks.core.execution.child_messages import EpochProgress
from tests.flows.situations.rehearsal import acting, raising, rehearsed
from tests.flows.situations.situation import Situation, preset

RUN = "podium run dogs --set data.root=DATA"
SUMMARY = ("submission  /s/submission.txt", "score       accuracy 0.5000 ± 0.1000")
log = logging.getLogger("podium")


def epochs() -> None:
    """A training of three epochs at once, which takes a note and a warning."""
    for epoch in (1, 2, 3):
        progress = EpochProgress(epoch, 3, {"loss": 1 / epoch}, 1.0, "steps", 1.0)
        log.info("%s", progress.text(), extra=activity.report(progress))
    log.debug("chatter of a library")
    log.warning("the classes are few")


TRAINING = (rehearsed, acting("train fold 0", epochs))
SITUATIONS = [
    Situation(
        "A run in a pipe or a file: a line for each step, and of epochs at most one every 5 seconds",
        RUN,
        0,
        (
            "load dogs | completed",
            "train fold 0 | epoch 1 of 3: loss 1,",
            "train fold 0 | epoch 3 of 3: loss 0.3333",
            "train fold 0 | the classes are few",
            "train fold 1 | completed",
            *SUMMARY,
        ),
        TRAINING,
        ("epoch 2 of 3", "chatter", "\x1b"),
        on_server=True,
    ),
    Situation(
        "Only warnings and errors are wanted",
        f"{RUN} --quiet",
        0,
        ("train fold 0 | the classes are few", *SUMMARY),
        TRAINING,
        ("epoch", "completed", "chatter"),
        on_server=True,
    ),
    Situation(
        "All is wanted: every epoch, and what libraries print",
        f"{RUN} --verbose",
        0,
        ("epoch 2 of 3", "train fold 0 | chatter of a library", *SUMMARY),
        TRAINING,
        on_server=True,
    ),
    Situation(
        "The first step fails: the steps after it say nothing, and the reason is said once",
        RUN,
        2,
        ("load dogs | failed", "podium: DATA/a.txt:3: expected a label, received none"),
        (
            rehearsed,
            lambda here: acting(
                "load dogs", raising(UserError(here.filled("DATA/a.txt:3: expected a label, received none")))
            )(here),
        ),
        ("failed: ", "train", "report", "not begun"),
        on_server=True,
    ),
    Situation(
        "Two steps fail: both reasons are said",
        RUN,
        2,
        ("podium: fold 0 is wrong", "fold 1 is wrong", "train fold 0 | failed", "train fold 1 | failed"),
        (
            rehearsed,
            acting("train fold 0", raising(UserError("fold 0 is wrong"))),
            acting("train fold 1", raising(UserError("fold 1 is wrong"))),
        ),
        ("report",),
        on_server=True,
    ),
    Situation(
        "A fault of Podium",
        RUN,
        1,
        ("report dogs | failed", "Traceback (most recent call last):", "ZeroDivisionError: a fault"),
        (rehearsed, acting("report dogs", raising(ZeroDivisionError("a fault")))),
        on_server=True,
    ),
    *(
        Situation(
            f"A terminal whose encoding is {title}: what it lacks is escaped",
            "podium list",
            0,
            (said, "\\U0001f436"),
            (preset("# \u72ac \U0001f436 caf\u00e9\n"),),
            encoding=encoding,
        )
        for encoding, title, said in (
            ("latin-1", "Latin-1", "\\u72ac \\U0001f436 caf\u00e9"),
            ("gbk", "GBK", "\u72ac \\U0001f436 caf\u00e9"),
        )
    ),
    Situation(
        "A terminal: one display of what goes on, and beside it the lines that stay worth reading",
        f"TERM=xterm {RUN}",
        0,
        ("the classes are few", *SUMMARY),
        TRAINING,
        ("epoch 1 of 3", "load dogs | completed"),
        in_terminal=True,
        on_server=True,
    ),
    Situation(
        "A terminal of 20 columns",
        f"TERM=xterm COLUMNS=20 {RUN}",
        0,
        SUMMARY,
        TRAINING,
        ("epoch 1 of 3",),
        in_terminal=True,
        on_server=True,
    ),
    Situation(
        "A terminal that cannot write a line again: as in a pipe",
        f"TERM=dumb {RUN}",
        0,
        ("load dogs | completed", "train fold 0 | epoch 1 of 3: loss 1,", *SUMMARY),
        TRAINING,
        ("epoch 2 of 3", "\x1b"),
        in_terminal=True,
        on_server=True,
    ),
    Situation(
        "`NO_COLOR` is set",
        f"TERM=xterm NO_COLOR=1 {RUN}",
        0,
        ("train fold 0 | the classes are few", *SUMMARY),
        TRAINING,
        ("\x1b[1m", "\x1b[2m", "\x1b[3"),
        in_terminal=True,
        on_server=True,
    ),
]
