"""Seconds of a processor until commands that people wait for have ended, those of child processes too.

    python -m tests.benchmarks.bench_start
    python -m tests.benchmarks.bench_start --beside ../another-checkout     # both in turn, and their ratio

Each checkout makes the demo of dogs, with one epoch, in places of its own; a rerun then repeats no step. It
is measured with a local server that runs, whose own work is not counted, and with the temporary one of
`--no-server`, whose start is. The least of several rounds is shown: other work on the machine only adds.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
DEMO = ("dogs", "--preset", "demo", "--set", "recipe.training.stages.0.epochs=1")
COMMANDS = {
    "--help": (("--help",), 0.2),
    "list": (("list",), 0.4),
    "plan of the demo": (("plan", *DEMO), 1.2),
    "unchanged rerun": (("run", *DEMO), 2.5),
    "the same, --no-server": (("run", *DEMO, "--no-server"), None),
}
"""What is typed after `podium`, and the seconds wanted on a machine that does nothing else."""


class Place:
    """A checkout with a store, submissions and Prefect home below a folder, in which the demo has run."""

    def __init__(self, code: Path, folder: Path) -> None:
        self.code = code
        places = ("PODIUM_STORE", "PODIUM_SUBMISSIONS", "PODIUM_SLOT_FOLDER", "PREFECT_HOME")
        self.env = os.environ | {name: str(folder / name.lower()) for name in places}
        self.data = ("--set", f"data.root={folder / 'data'}")
        self.podium("demo", "dogs", str(folder / "data"))
        self.podium("run", *DEMO, *self.data)

    def podium(self, *words: str) -> float:
        """Seconds of a processor that a command took."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [sys.executable, "-m", "flows", *words]
        subprocess.run(command, cwd=self.code, env=self.env, check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    def takes(self, words: tuple[str, ...]) -> float:
        """Seconds of a processor that one of `COMMANDS` took."""
        return self.podium(*words, *(self.data if DEMO[0] in words else ()))


@contextmanager
def made(checkouts: list[Path]) -> Iterator[list[Place]]:
    """A place for each checkout; in the end their servers are stopped."""
    places = list[Place]()
    with tempfile.TemporaryDirectory() as folder:
        try:
            for number, code in enumerate(checkouts):
                places.append(Place(code, Path(folder, str(number))))
            yield places
        finally:
            for place in places:
                place.podium("ui", "--stop")


def main() -> None:
    """Entry."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--beside", type=Path, help="another checkout, such as of the version before")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    beside = [arguments.beside.resolve()] if arguments.beside else []
    with made([*beside, CHECKOUT]) as places:
        for name, (words, wanted) in COMMANDS.items():
            rounds = [[place.takes(words) for place in places] for _ in range(arguments.rounds)]
            least = [min(seconds) for seconds in zip(*rounds, strict=True)]
            shown = ", then ".join(f"{seconds:.2f} s" for seconds in least)
            ratio = f", {least[-1] / least[0]:.2f} times" if beside else ""
            print(f"{name:24} {shown}{ratio}{f' ({wanted} wanted)' if wanted else ''}", flush=True)


if __name__ == "__main__":
    main()
