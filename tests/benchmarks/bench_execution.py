"""Seconds for 10,000 queries, executed and compared: at most 10 on the real data; run by hand:

    python -m tests.benchmarks.bench_execution                          # invented tables
    python -m tests.benchmarks.bench_execution --root ../shared/data/nl2sql
    python -m tests.benchmarks.bench_execution --root ../shared/data/nl2sql --profile

Queries are those labelled, and after them, as decoding considers several for each question, the same with
other operators and columns. All are different, so no result comes from the cache. Times are of the
processor, so other work on the machine hardly counts.
"""

import argparse
import cProfile
import pstats
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, get_args

from tasks.core.dataset import PartFolders
from tasks.nl2sql import data, dataset, demo
from tasks.nl2sql.config import Data
from tasks.nl2sql.query.execution import Executor
from tasks.nl2sql.query.schema import OPERATORS, Query, Question, Table, canonical
from tasks.nl2sql.query.scoring import Mode, correctness

QUERIES = 10_000


def asked(questions: list[Question], tables: dict[str, Table]) -> Iterator[tuple[Question, Query]]:
    """The labelled queries, then others; each query of a table once."""
    seen = set[tuple[str, Query]]()
    for turn in range(100):
        for question in questions:
            assert question.query is not None
            query = canonical(_other(question.query, turn, len(tables[question.table].header)))
            if (question.table, query) not in seen:
                seen.add((question.table, query))
                yield question, query


def _other(query: Query, turn: int, columns: int) -> Query:
    select = tuple(((column + turn) % columns, aggregate) for column, aggregate in query.select)
    conditions = tuple(
        each._replace(operator=(each.operator + turn) % len(OPERATORS)) for each in query.conditions
    )
    return Query(select, query.connector, conditions)


def measure(folder: PartFolders, *, profiled: bool) -> None:
    """Print seconds for executing queries, executing them again, and comparing them by both scorers."""
    questions, tables = dataset.questions(folder, "train"), dataset.tables(folder, "train")
    pairs = list(islice(asked(questions, tables), QUERIES))
    cells = sum(len(table.rows) * len(table.header) for table in tables.values())
    print(f"{len(pairs)} queries of {len(tables)} tables with {cells} cells")
    executor = Executor(dataset.database(folder, "train"), tables)

    def run() -> str:
        results = [executor.run(question.table, query) for question, query in pairs]
        failed = sum(result.error is not None for result in results)
        return f"{sum(len(result.rows) for result in results)} rows, {failed} failed"

    timed("run", run, profiled=profiled)
    timed("cached", run)
    for mode in get_args(Mode):
        timed(f"compared, {mode}", partial(compared, pairs, tables, executor, mode))


def compared(
    pairs: list[tuple[Question, Query]], tables: dict[str, Table], executor: Executor, mode: Mode
) -> str:
    """How many are right, as labels and answers are compared."""
    gold = [question.query for question, _ in pairs if question.query]
    of = [tables[question.table] for question, _ in pairs]
    right = correctness(gold, [query for _, query in pairs], of, executor, mode=mode)
    logic_form, execution = right.mean(axis=0)
    return f"logic form {logic_form:.3f}, execution {execution:.3f}"


def timed(what: str, act: Callable[[], Any], *, profiled: bool = False) -> None:
    """Print what an act gives, and its seconds; then the functions that took most of them."""
    profile = cProfile.Profile(time.process_time)
    began = time.process_time()
    given = profile.runcall(act) if profiled else act()
    print(f"{what:16} {time.process_time() - began:6.2f} s  {given}")
    if profiled:
        pstats.Stats(profile).sort_stats("tottime").print_stats(12)


def main() -> None:
    """Entry."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--root", type=Path)
    parser.add_argument("--profile", action="store_true")
    arguments = parser.parse_args()
    with TemporaryDirectory() as temporary:
        root, folder = arguments.root or Path(temporary) / "raw", Path(temporary) / "dataset"
        if not arguments.root:
            demo.write(root)
        folder.mkdir()
        data.load(Data(root=str(root.resolve())), "train", folder)
        measure(PartFolders.of(folder), profiled=arguments.profile)


if __name__ == "__main__":
    main()
