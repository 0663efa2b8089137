"""Synthetic tables and questions in the competition's own format, to try everything offline.

They include difficult cases for loaders and models: tables that no training question is about, empty cells,
percentages with and without their sign, headers with units, names with quotes and emoji, columns named
otherwise than by their header or not at all, two conditions on one column, and values written in other forms
than the cells.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

from tasks.core import demo_files
from tasks.core.errors import InvalidSettings
from tasks.nl2sql.query.schema import to_json
from tasks.nl2sql.synthetic.contests import CONTESTS, Contest
from tasks.nl2sql.synthetic.questions import endless_questions
from tasks.nl2sql.synthetic.tables import DemoTable, make_table
from tasks.text import dataset_files

PARTS = ("train", "val", "test")
UNSEEN_SHARE = 1 / 6
"""Of all tables: those that only validation questions are about, and as many for the test."""

Line = dict[str, Any]
"""One line of a file: a table or a question."""


def write(
    root: Path,
    *,
    tables: int = 60,
    questions: int = 640,
    validation: int = 130,
    test: int = 130,
    seed: int = 0,
    contest: str = "standard",
    answers: Path | None = None,
) -> None:
    """Write the tables and questions, unless `root` has them already; then no file is touched.

    `questions` are those of the training part. Half the tables of the validation part are the training's
    too, and so are half of the test's. `contest` is a name in `tasks.nl2sql.synthetic.contests`. The same
    arguments give the same bytes. `root` appears whole or not at all. Tables are made one by one, so that
    any number takes the same memory. `answers` is a file, kept outside the data, to write the test questions
    with their queries to.

    Raises:
        InvalidSettings: an argument is out of bounds, or `root` holds files not written here.
    """
    counts = {"train": questions, "val": validation, "test": test}
    bounds = {
        "tables": (tables, 3, 100_000),
        "questions": (questions, 1, 1_000_000),
        "validation": (validation, 1, 1_000_000),
        "test": (test, 1, 1_000_000),
        "seed": (seed, 0, 2**32 - 1),
    }
    if contest not in CONTESTS:
        raise InvalidSettings(f"demo contest: expected one of {', '.join(CONTESTS)}, received {contest!r}")
    options: dict[str, Any] = {"seed": seed, "contest": CONTESTS[contest]}
    parameters = {**demo_files.within_bounds(bounds), "contest": contest}
    with demo_files.replacement(root, parameters) as folder:
        for part, numbers in _tables(tables).items():
            _write_part(folder / part, part, tables_with_questions(part, numbers, counts[part], **options))
    if answers is not None:
        answers.parent.mkdir(parents=True, exist_ok=True)
        pieces = tables_with_questions("test", _tables(tables)["test"], test, **options)
        dataset_files.write_lines(answers, (line for _, lines in pieces for line in lines))


def tables_with_questions(
    part: str,
    numbers: Sequence[int],
    count: int,
    *,
    seed: int = 0,
    contest: Contest = CONTESTS["standard"],
) -> Iterator[tuple[Line, list[Line]]]:
    """Yield each table with its questions: `count` questions divided among the tables of these numbers."""
    for place, number in enumerate(numbers):
        demo = make_table(number, seed, contest)
        random = Random(f"{seed} {part} questions {number}")
        share = count * (place + 1) // len(numbers) - count * place // len(numbers)
        yield demo.table._asdict(), list(_lines(demo, random, share, contest))


def _lines(demo: DemoTable, random: Random, count: int, contest: Contest) -> Iterator[Line]:
    for question in islice(endless_questions(demo, random, contest), count):
        query = to_json(question.query)
        sql = {key: query[key] for key in ("sel", "agg", "cond_conn_op", "conds")}
        yield {"table_id": demo.table.id, "question": question.text, "sql": sql}


def _tables(count: int) -> dict[str, list[int]]:
    """Numbers of the tables of each part."""
    unseen = max(1, int(count * UNSEEN_SHARE))
    train = list(range(count - 2 * unseen))
    own = {"val": range(len(train), len(train) + unseen), "test": range(count - unseen, count)}
    seen = {"val": train[:unseen], "test": train[-unseen:]}
    return {"train": train, **{part: [*seen[part], *own[part]] for part in own}}


def _write_part(folder: Path, part: str, pieces: Iterable[tuple[Line, list[Line]]]) -> None:
    folder.mkdir(parents=True)
    tables, questions = (folder / f"{part}.{end}" for end in ("tables.json", "json"))
    with (
        tables.open("w", encoding="utf-8", newline="\n") as table_lines,
        questions.open("w", encoding="utf-8", newline="\n") as question_lines,
    ):
        for table, lines in pieces:
            table_lines.write(dataset_files.line(table))
            if part == "test":
                lines = [{key: line[key] for key in ("question", "table_id")} for line in lines]
            question_lines.writelines(map(dataset_files.line, lines))


if __name__ == "__main__":
    demo_files.command_line(write, "nl2sql")
