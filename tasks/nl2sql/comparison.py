"""What parts are compared by: characters of the questions, and the sizes and types of their tables."""

from typing import Any

import numpy as np

from tasks.core.competition import Part
from tasks.core.dataset import Dataset
from tasks.nl2sql.dataset import stream, stream_tables
from tasks.nl2sql.query.schema import Table
from tasks.text import comparison


def features(dataset: Dataset, part: Part) -> Any:
    """(n, d) float32, a scipy CSR matrix: n-grams of each question, and in the last four columns logarithms
    of its length and of its table's numbers of rows, of columns and of `real` columns.
    """
    from scipy.sparse import csr_matrix, hstack

    sizes = {table.id: _sizes(table) for table in stream_tables(dataset, part)}
    questions = [(question.text, question.table) for question in stream(dataset, part)]
    numbers = np.array([[len(text), *sizes[table]] for text, table in questions], np.float32).reshape(-1, 4)
    ngrams = comparison.features(text for text, _ in questions)
    return hstack([ngrams, csr_matrix(np.log1p(numbers))], format="csr")


def _sizes(table: Table) -> tuple[int, int, int]:
    """Rows, columns, and columns of numbers."""
    return len(table.rows), len(table.header), table.types.count("real")


def excerpt(dataset: Dataset, part: Part, rows: list[int]) -> list[str]:
    """The beginnings of these questions with the headings of their tables, `何景在哪个部门 [姓名, 部门]`."""
    headings = {table.id: ", ".join(table.header) for table in stream_tables(dataset, part)}
    texts = (f"{question.text} [{headings[question.table]}]" for question in stream(dataset, part))
    return comparison.excerpt(texts, rows)
