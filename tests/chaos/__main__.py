"""Do faults to real runs, and check that nothing is lost: `python -m tests.chaos --seed 1 --faults 1000`.

Outcomes are kept in the folder; the same command continues, in rounds of `--minutes`.
"""

import argparse
import signal
import sys
from pathlib import Path

from tests.chaos import server
from tests.chaos.campaign import faults
from tests.chaos.command import ROOT
from tests.chaos.faults.all_faults import FAULTS
from tests.chaos.outcomes import Outcome, keep, kept, table
from tests.chaos.subjects import SUBJECTS


def _given() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults", type=int, default=100, help="faults in all, those of earlier rounds too")
    parser.add_argument("--fault", type=int, help="the fault of this number alone, again")
    parser.add_argument("--minutes", type=float, default=0, help="begin no fault after this time")
    parser.add_argument("--folder", type=Path, default=ROOT / ".podium/chaos", help="outcomes, references")
    parser.add_argument("--only", action="append", default=[], choices=sorted(FAULTS), help="may be repeated")
    parser.add_argument("--subject", action="append", default=[], choices=sorted(SUBJECTS))
    parser.add_argument("--table", action="store_true", help="print the table of the folder's outcomes")
    return parser.parse_args()


def main() -> None:
    """Entry of the command; exit code 1 if an invariant is broken."""
    given = _given()
    for number in (signal.SIGINT, signal.SIGTERM):  # what is mounted or runs is undone
        signal.signal(number, signal.default_int_handler)
    folder = given.folder.absolute()
    earlier = [each for each in kept(folder) if each.seed == given.seed]
    if not given.table:
        try:
            _round(given, folder, earlier)
        except KeyboardInterrupt:
            print("interrupted; the same command continues")
        finally:
            server.stop(folder / "prefect")
    found = [each for each in kept(folder) if each.seed == given.seed]
    print(table(found, list(FAULTS)))
    sys.exit(any(each.found == "violation" for each in found))


def _round(given: argparse.Namespace, folder: Path, earlier: list[Outcome]) -> None:
    done = {each.number for each in earlier}
    numbers = [number for number in range(1, given.faults + 1) if number not in done]
    if given.fault is not None:
        numbers = [given.fault]
    for outcome in faults(
        given.seed, numbers, folder, minutes=given.minutes, only=given.only, subjects=given.subject
    ):
        keep(folder, outcome)
        print(outcome.text(), flush=True)


if __name__ == "__main__":
    main()
