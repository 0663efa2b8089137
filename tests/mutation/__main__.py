"""Try mutated inputs by hand: `python -m tests.mutation --seed 1 --inputs 8000`."""

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Sequence

from tests.mutation.kinds.all_kinds import KINDS, SHARES
from tests.mutation.pool import Task, outcomes
from tests.mutation.trial import CLASSES, RIGHT, Outcome


def tasks(inputs: int, seed: int, kinds: Sequence[str] = (), *, first: int = 0) -> list[Task]:
    """So many inputs in all, by the shares of their kinds, at least one of each."""
    chosen = {kind: SHARES[kind] for kind in (kinds or KINDS)}
    total = sum(chosen.values())
    counts = {kind: max(1, round(inputs * share / total)) for kind, share in chosen.items()}
    return [(kind, first + number, seed) for kind, count in counts.items() for number in range(count)]


def table(found: Iterable[Outcome]) -> str:
    """The numbers of inputs by kind and class."""
    counts = Counter((each.kind, each.found) for each in found)
    kinds = sorted({kind for kind, _ in counts})
    rows = [["kind", "inputs", *CLASSES]]
    for kind in [*kinds, "all"]:
        numbers = [
            sum(count for (of, each), count in counts.items() if each == name and kind in (of, "all"))
            for name in CLASSES
        ]
        rows.append([kind, str(sum(numbers)), *map(str, numbers)])
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def described(outcome: Outcome) -> str:
    """An outcome with all that is needed to try it again."""
    seconds, grown = f"{outcome.seconds:.1f} s", f"{outcome.grown / 1e6:.0f} MB"
    head = f"{outcome.found}: {outcome.kind} {outcome.number} ({outcome.name}; {seconds}, {grown})"
    return f"{head}\n    " + outcome.text.strip()[-1200:].replace("\n", "\n    ")


def main() -> None:
    """Entry of the command; exit code 1 if any input is in a wrong class."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--inputs", type=int, default=400)
    parser.add_argument("--first", type=int, default=0, help="number of the first input of each kind")
    parser.add_argument("--kind", action="append", default=[], choices=sorted(KINDS), help="may be repeated")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--verbose", action="store_true", help="show every input with its message")
    given = parser.parse_args()
    found = []
    for outcome in outcomes(
        tasks(given.inputs, given.seed, given.kind, first=given.first), workers=given.workers
    ):
        found.append(outcome)
        if given.verbose or outcome.found not in RIGHT:
            print(described(outcome), flush=True)
    print(table(found))
    slow = sorted(found, key=lambda each: -each.seconds)[:3]
    large = sorted(found, key=lambda each: -each.grown)[:3]
    print("slowest:", *(f"{each.kind} {each.number} {each.seconds:.1f} s;" for each in slow))
    print("largest:", *(f"{each.kind} {each.number} {each.grown / 1e6:.0f} MB;" for each in large))
    sys.exit(any(each.found not in RIGHT for each in found))


if __name__ == "__main__":
    main()
