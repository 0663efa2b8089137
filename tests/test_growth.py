"""Memory of the steps after a prediction does not grow with the number of test records.

`tests.benchmarks.bench_growth` measures the same of all steps with 100,000 records.
"""

import tracemalloc
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from tasks.average import average
from tasks.combine import combine
from tasks.core.cache.store import Artifact, Store, write_json
from tasks.core.competition import Scores, find
from tasks.decode import decode
from tasks.learning.ensemble import prediction_files
from tasks.learning.ensemble.candidates import Candidates, key
from tasks.learning.ensemble.combination import Combination
from tasks.learning.report.part_comparison import part_comparison
from tasks.text import dataset_files

PIECE = 32
"""Records of a piece, instead of a thousand, for `tracemalloc` is slow."""
FEW, MANY = 4 * PIECE, 16 * PIECE
CANDIDATES = 12


class Kind(NamedTuple):
    """What a competition's test records and their scores look like."""

    records: Callable[[Path, int], None]
    """(folder, count): write the test part and what is common to all parts."""
    values: Callable[[np.random.Generator, int], Any]
    """(random, count): scores of so many records."""
    decision: dict[str, Any]


def sentences(folder: Path, count: int) -> None:
    rows = ({"id": f"t:{row}", "text": f"甲{row}是乙{row}的作者", "words": None} for row in range(count))
    dataset_files.write_lines(folder / "test.jsonl", rows)
    types = {"subject_type": "人物", "predicate": "作者", "object_type": "书"}
    dataset_files.write(folder / "schema.json", [types])


def triples(random: np.random.Generator, count: int) -> Candidates:
    names = [key([f"甲{place}" * 8, "作者", f"乙{place}" * 8]) for place in range(CANDIDATES)]
    return Candidates.of(dict(zip(names, random.random(CANDIDATES), strict=True)) for _ in range(count))


def questions(folder: Path, count: int) -> None:
    table = {"name": "t", "title": "", "header": ["甲", "乙"], "types": ["text", "real"]}
    tables = ({"id": f"t{row}", **table, "rows": [[f"{row}" * 20, row]] * 5} for row in range(count // 4))
    dataset_files.write_lines(folder / "test.tables.jsonl", tables)
    rows = ({"id": f"t:{row}", "text": f"甲是{row}", "table": f"t{row // 4}"} for row in range(count))
    dataset_files.write_lines(folder / "test.jsonl", rows)


def queries(random: np.random.Generator, count: int) -> Candidates:
    each = {"agg": [0], "sel": [1], "cond_conn_op": 0}
    names = [key(each | {"conds": [[0, 2, f"{place}" * 20]]}) for place in range(CANDIDATES)]
    return Candidates.of(dict(zip(names, random.random(CANDIDATES), strict=True)) for _ in range(count))


def photographs(folder: Path, count: int) -> None:
    dataset_files.write_lines(folder / "test.jsonl", ({"id": f"{row}"} for row in range(count)))
    dataset_files.write(folder / "classes.json", list(range(2000)))


def classes(random: np.random.Generator, count: int) -> np.ndarray:
    return random.random((count, 1, 2000), np.float32)


KINDS = {
    "extraction": Kind(sentences, triples, {"threshold": 0.5, "by_predicate": {}, "rules": []}),
    "nl2sql": Kind(questions, queries, {"vote": "parts", "mode": "strict"}),
    "dogs": Kind(photographs, classes, {}),
}


def stored(kind: str, write: Callable[[Path], None]) -> Artifact:
    with Store.current().new_folder() as folder:
        write(folder)
        return Store.current().keep(kind, folder)


def prediction(kind: Kind, count: int, seed: int) -> Artifact:
    def pieces() -> Iterator[Scores]:
        random = np.random.default_rng(seed)
        for start in range(0, count, PIECE):
            yield Scores([_id(kind, row) for row in range(start, start + PIECE)], kind.values(random, PIECE))

    return stored("scores", lambda folder: prediction_files.write_pieces(folder, "test", pieces()))


def _id(kind: Kind, row: int) -> str:
    return f"{row}" if kind.values is classes else f"t:{row}"


def peaks(competition: str, count: int) -> dict[str, float]:
    """Megabytes that each step takes at most."""
    kind, contract, found = KINDS[competition], find(competition), dict[str, float]()

    def measured(name: str, work: Callable[..., Any], *arguments: Any, **keywords: Any) -> Any:
        tracemalloc.start()
        result = work(*arguments, **keywords)
        found[name] = tracemalloc.get_traced_memory()[1] / 1e6
        tracemalloc.stop()
        return result

    test = stored("test", lambda folder: kind.records(folder, count))
    member = stored("member", lambda folder: write_json(folder / "member.json", {"first_head": 1.0}))
    blend = {**Combination({"a": 0.5, "b": 0.5}).summary(), "decision": kind.decision}
    blended = stored("blend", lambda folder: write_json(folder / "blend.json", blend))
    scores = {}
    for seed, name in enumerate("ab"):
        folds = [prediction(kind, count, 2 * seed), prediction(kind, count, 2 * seed + 1)]
        scores[name] = measured(f"average {name}", average.fn, name, member, folds, part="test")
    combined = measured("combine", combine.fn, competition, blended, scores, part="test")
    file = measured("decode", decode.fn, competition, [test], blended, combined).path / contract.file
    assert contract.check(file, contract.ids(test.path, "test"), test.path) == count
    measured("report", part_comparison, contract, test.path, compared(), {}, scores)
    return found


def compared() -> Path:
    """What step `compare` writes of too few records."""
    found: dict[str, Any] = {"auc": None, "standard_error": None, "most_unlike": []}
    found["compared"] = {"train": 0, "test": 0}
    return stored("comparison", lambda folder: write_json(folder / "comparison.json", found)).path


def growth(competition: str) -> dict[str, float]:
    """How many times the memory each step takes with four times the records."""
    prediction_files.PIECE = PIECE
    peaks(competition, PIECE)  # what is imported and cached counts for nothing
    few, many = peaks(competition, FEW), peaks(competition, MANY)
    return {name: round(many[name] / few[name], 2) for name in few}


@pytest.mark.parametrize("competition", KINDS)
def test_no_step_holds_the_scores_of_all_test_records(competition: str) -> None:
    # a process of its own: threads that other tests have left would allocate meanwhile
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        grown = pool.submit(growth, competition).result()
    too_much = {name: ratio for name, ratio in grown.items() if ratio > 1.5}
    assert not too_much, f"{MANY / FEW:g} times the records take so many times the memory: {too_much}"
