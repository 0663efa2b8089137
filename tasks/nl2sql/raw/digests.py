"""Digests by which equal questions and equal tables are recognised."""

import hashlib
import marshal
from typing import Any

from tasks.nl2sql.query.schema import Question, Table
from tasks.text.normalisation import text_key


def question_digest(question: Question) -> bytes:
    """Equal for questions whose texts differ only in width, case and white space, about a table of one id."""
    return _digest(text_key(question.text), question.table)


def table_digest(table: Table) -> bytes:
    """Equal for tables of the same header, types and rows."""
    return _digest(table.header, table.types, table.rows)


def _digest(*values: Any) -> bytes:
    # Version 2 of the format depends on the values only, later ones also on reference counts.
    return hashlib.blake2b(marshal.dumps(values, 2), digest_size=16).digest()
