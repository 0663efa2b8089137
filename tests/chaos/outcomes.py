"""Outcomes of faults, kept as JSON lines in the campaign's folder, and the table of kinds and outcomes."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from tasks.core.files.appending import append

Class = Literal["unharmed", "continued", "missed", "not possible", "violation"]
CLASSES: tuple[Class, ...] = ("unharmed", "continued", "missed", "not possible", "violation")
"""Of a fault: the command ended well in spite of it; a later one did; it met no running command or no file to
harm, and the command ended well; this machine cannot do it; an invariant is broken."""
FILE = "outcomes.jsonl"


class Outcome(NamedTuple):
    """What came of a fault."""

    seed: int
    number: int
    kind: str
    subject: str
    found: Class
    violations: list[str]
    notes: list[str]
    codes: list[int | None]
    """Exit codes of the commands; negative for a signal, None for one that hung."""
    seconds: float

    @property
    def command(self) -> str:
        """What gives the fault again."""
        return f"python -m tests.chaos --seed {self.seed} --fault {self.number}"

    def text(self) -> str:
        """The outcome in a few lines."""
        head = f"{self.found}: fault {self.number}, {self.kind}, {self.subject}"
        lines = [f"{head}, {self.seconds:.0f} s, exit codes {self.codes}", *self.notes]
        if self.violations:
            lines += [f"VIOLATED {each}" for each in self.violations] + [f"again: {self.command}"]
        return "\n    ".join(lines)


def keep(folder: Path, outcome: Outcome) -> None:
    """Append an outcome to those of the folder."""
    append(folder / FILE, (json.dumps(outcome._asdict(), ensure_ascii=False) + "\n").encode())


def kept(folder: Path) -> list[Outcome]:
    """The outcomes of the folder; of a fault that was tried again the last one."""
    try:
        lines = (folder / FILE).read_text("utf-8").splitlines()
    except FileNotFoundError:
        return []
    found = [Outcome(**json.loads(line)) for line in lines]
    return list({(each.seed, each.number): each for each in found}.values())


def table(outcomes: Iterable[Outcome], kinds: Sequence[str]) -> str:
    """The numbers of faults by kind and outcome, and the time of all."""
    found = list(outcomes)
    counts = Counter((each.kind, each.found) for each in found)
    rows = [["kind", "faults", *CLASSES]]
    for kind in [each for each in kinds if any(each == kind for kind, _ in counts)]:
        rows.append([kind, *_row([counts[kind, name] for name in CLASSES])])
    rows.append(["all", *_row([sum(each.found == name for each in found) for name in CLASSES])])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    hours = sum(each.seconds for each in found) / 3600
    return "\n".join([*lines, f"{len(found)} faults in {hours:.1f} hours"])


def _row(numbers: list[int]) -> list[str]:
    return [str(sum(numbers)), *map(str, numbers)]
