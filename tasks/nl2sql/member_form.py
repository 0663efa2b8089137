"""Members' scores in files for other programs: queries as they are submitted, each with its score."""

import json
from typing import Any

from tasks.core.dataset import Dataset
from tasks.learning.ensemble.candidates import key
from tasks.nl2sql import dataset as files
from tasks.nl2sql.query.schema import Query, to_json
from tasks.nl2sql.raw.questions import parse_query
from tasks.text.candidate_files import CandidateForm
from tasks.text.dataset_files import PARTS
from tasks.text.validation.json_lines import Mismatch, names

KEYS = ("agg", "sel", "cond_conn_op", "conds")


def member_form(dataset: Dataset) -> CandidateForm:
    """Lines `{"id", "queries": [{"agg", "sel", "cond_conn_op", "conds", "score"}]}`."""
    columns: dict[str, int] = {}
    for part in PARTS:
        if (dataset / f"{part}.jsonl").is_file():
            widths = {table.id: len(table.header) for table in files.stream_tables(dataset, part)}
            columns |= {question.id: widths[question.table] for question in files.stream(dataset, part)}

    def from_json(id: str, value: dict[str, Any]) -> str | list[Mismatch]:
        if unknown := [name for name in value if name not in KEYS]:
            return [Mismatch(f"no keys but {names(KEYS)}", names(unknown))]
        query = parse_query(value, columns[id])
        return key(to_json(query)) if isinstance(query, Query) else query

    return CandidateForm("queries", lambda id, candidate: json.loads(candidate), from_json)
