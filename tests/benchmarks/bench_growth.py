"""Memory of each step of a prediction as test files grow; run by hand, after the demo of the competition:

    make demo
    python -m tests.benchmarks.bench_growth dogs --records 1000 4000        # what is small, and the growth
    python -m tests.benchmarks.bench_growth dogs --records 10000 100000 --folder .podium/growth

The models of the newest submission answer test files that are written for it. Every step runs in a process of
its own, so that the peaks of steps are apart; `podium predict` runs all but encode and predict in one. Of a
step and of the processes that it starts the table shows the largest *own* memory (which no file can replace,
RssAnon) and the largest resident memory, in which pages of memory-mapped files count: of these a system that
needs memory can take any at any time.

Networks take most of the time: with `--invented` predictions are made up, three candidates a record, and the
steps around them are measured. Steps that the store holds are computed anew only with other files; `--folder`
keeps the files, for a rerun.
"""

import argparse
import logging
import multiprocessing
import os
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
import pytest

from tasks.core.cache.store import Artifact, Store, part_folders
from tasks.core.competition import Scores, find
from tasks.core.context import recorded_by
from tasks.learning.ensemble.candidates import Candidates, key

QUESTIONS_BY_TABLE = 5
SAMPLED_SECONDS = 0.02
INVENTED = {
    "extraction": [key([f"甲{number}" * 3, "作者", f"乙{number}" * 3]) for number in range(3)],
    "nl2sql": [
        key({"agg": [0], "sel": [0], "cond_conn_op": 0, "conds": [[0, 2, f"{number}" * 9]]})
        for number in range(3)
    ],
}
"""Candidates of every record."""


class Cost(NamedTuple):
    """What a step took."""

    own_mb: float
    resident_mb: float
    seconds: float


def write_dogs(root: Path, count: int) -> None:
    """Photographs of coarse noise: cheap to write, and no two of them alike."""
    import cv2

    (root / "test").mkdir(parents=True)
    random = np.random.default_rng(0)
    for number in range(count):
        coarse = random.integers(0, 256, (9, 9, 3), np.uint8)
        photo = cv2.resize(coarse, (96, 96), interpolation=cv2.INTER_CUBIC)
        cv2.imwrite(str(root / "test" / f"{number},{10**9 + number}.jpg"), photo)


def write_extraction(root: Path, count: int) -> None:
    """Sentences of the demo's grammar; some occur several times."""
    from tasks.extraction import demo
    from tasks.text import dataset_files

    root.mkdir(parents=True)
    lines = demo.sentences(count, seed=1)
    dataset_files.write_lines(root / demo.FILES["test"], ({**line, "spo_list": []} for line in lines))
    dataset_files.write_lines(root / "all_50_schemas", map(demo._schema_row, demo.SCHEMA))


def write_nl2sql(root: Path, count: int) -> None:
    """Questions of the demo's templates about tables of its generator, a few about each."""
    from tasks.nl2sql import demo

    pieces = demo.tables_with_questions("test", range(count // QUESTIONS_BY_TABLE), count, seed=1)
    demo._write_part(root / "test", "test", pieces)


WRITERS = {"dogs": write_dogs, "extraction": write_extraction, "nl2sql": write_nl2sql}


class Measuring:
    """Recorder of step calls that runs each in a process of its own."""

    def __init__(self, *, invented: bool) -> None:
        self.invented = invented
        self.costs: dict[str, Cost] = {}

    def call(self, step: Any, arguments: dict[str, Any]) -> Any:
        if self.invented and step.name in ("encode", "predict"):
            return invent(arguments["competition"], arguments["dataset"])
        context = multiprocessing.get_context("spawn")
        here, there = context.Pipe()
        process = context.Process(target=execute, args=(there, step.fn.__module__, step.name, arguments))
        process.start()
        there.close()
        result, cost = here.recv()
        process.join()
        self.costs[step.label(arguments)] = cost
        return result


def invent(competition: str, dataset: list[Artifact]) -> Artifact:
    """Scores of the test records as a network could have given them."""
    from tasks.dogs.dataset import classes
    from tasks.learning.ensemble import prediction_files

    folders, random = part_folders(dataset), np.random.default_rng(0)
    ids = find(competition).ids(folders, "test")

    def values(count: int) -> Any:
        if competition == "dogs":
            return random.random((count, 1, len(classes(folders))), np.float32)
        scores = random.random((count, len(INVENTED[competition])))
        return Candidates.of(dict(zip(INVENTED[competition], each, strict=True)) for each in scores.tolist())

    pieces = (
        Scores(ids[start : start + 1024], values(len(ids[start : start + 1024])))
        for start in range(0, len(ids), 1024)
    )
    with (store := Store.current()).new_folder() as folder:
        prediction_files.write_pieces(folder, "test", pieces)
        return store.keep("scores", folder)


def execute(connection: Any, module: str, name: str, arguments: dict[str, Any]) -> None:
    """Child: run a step, and send its result and its cost."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    imported: Any = import_module(module)
    imported.publish = lambda *sections, **options: None  # to Prefect's UI, where no server runs
    step = getattr(imported, name)
    began, peaks, done = time.perf_counter(), [0.0, 0.0], threading.Event()
    watch = threading.Thread(target=sample, args=(peaks, done))
    watch.start()
    outcome = step.execute(arguments)
    done.set()
    watch.join()
    connection.send((outcome.result, Cost(peaks[0], peaks[1], time.perf_counter() - began)))


def sample(peaks: list[float], done: threading.Event) -> None:
    """Raise the peaks, in MB, to the memory of this process and its descendants until done."""
    while not done.wait(SAMPLED_SECONDS):
        for process in [os.getpid(), *descendants(os.getpid())]:
            with suppress(OSError, KeyError):  # one that has just ended
                status = Path(f"/proc/{process}/status").read_text()
                fields = dict(line.split(":", 1) for line in status.splitlines())
                for place, field in enumerate(("RssAnon", "VmRSS")):
                    peaks[place] = max(peaks[place], int(fields[field].split()[0]) / 1024)


def descendants(process: int) -> Iterator[int]:
    """The processes that a process has started, and those that they have."""
    with suppress(OSError):
        for task in Path(f"/proc/{process}/task").iterdir():
            for child in map(int, (task / "children").read_text().split()):
                yield child
                yield from descendants(child)


def measure(competition: str, root: Path, *, invented: bool) -> dict[str, Cost]:
    """Answer the test files below the root; what each step took, by its name."""
    from flows.prediction import flow
    from flows.prediction.ensemble import ensemble_of
    from tasks.core import locations
    from tasks.core.settings.resolve import resolve
    from tasks.core.submissions.submissions import listed

    source = listed(locations.submissions_folder(), competition)[0]
    config: Any = resolve(competition, overrides=[f"data.root={root}"], submission=source.name)
    recorder = Measuring(invented=invented)
    with recorded_by(recorder), TemporaryDirectory() as submissions, pytest.MonkeyPatch.context() as patch:
        patch.setenv("PODIUM_SUBMISSIONS", submissions)
        flow.predict_test(competition, config, ensemble_of(source, type(config)), source.name, "")
    return recorder.costs


def show(columns: dict[int, dict[str, Cost]]) -> None:
    """Print own and resident memory, and seconds, of each step by number of records."""
    print("".join([f"{'':24}", *(f"{f'{count:,} records':>29}" for count in columns)]))
    print("".join([f"{'MB':24}", *(f"{'own':>9}{'resident':>10}{'seconds':>10}" for _ in columns)]))
    for label in next(iter(columns.values())):
        costs = (costs[label] for costs in columns.values())
        cells = (f"{each.own_mb:9.0f}{each.resident_mb:10.0f}{each.seconds:10.1f}" for each in costs)
        print("".join([f"{label[:23]:24}", *cells]), flush=True)


def main() -> None:
    """Entry: a column for each number of records, a row for each step."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("competition", choices=WRITERS, nargs="?", default="extraction")
    parser.add_argument("--records", type=int, nargs="+", default=[500, 2000])
    parser.add_argument("--folder", type=Path, help="where the test files are kept")
    parser.add_argument("--invented", action="store_true", help="measure no network")
    arguments = parser.parse_args()
    with TemporaryDirectory() as temporary:
        columns = {}
        for count in arguments.records:
            root = (arguments.folder or Path(temporary)).absolute() / f"{arguments.competition}-{count}"
            if not root.exists():
                WRITERS[arguments.competition](root, count)
            columns[count] = measure(arguments.competition, root, invented=arguments.invented)
            show(columns)


if __name__ == "__main__":
    from tests.benchmarks import bench_growth  # under this name other processes find its functions

    bench_growth.main()
