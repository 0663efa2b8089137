"""The tables of a part, each read when it is asked for, so that memory does not grow with their number.

Apart from `tasks.nl2sql.dataset`, on which trainings rest: they read all their tables at once.
"""

import json
from collections.abc import Iterator, Mapping

from tasks.core.competition import Part
from tasks.core.dataset import Dataset
from tasks.nl2sql.query.schema import Table

KEPT = 1024
"""Tables in memory: those asked for last, since questions about one table mostly follow each other."""


class StoredTables(Mapping[str, Table]):
    """The tables that `tasks.nl2sql.dataset.tables` reads, by id in the same order."""

    def __init__(self, dataset: Dataset, part: Part) -> None:
        self._file = dataset / f"{part}.tables.jsonl"
        self._places: dict[str, int] = {}
        self._kept: dict[str, Table] = {}
        place = 0
        with self._file.open("rb") as lines:
            for line in lines:
                self._places[json.loads(line)["id"]] = place
                place += len(line)

    def __getitem__(self, id: str) -> Table:
        table = self._kept.pop(id, None) or self._read(self._places[id])
        self._kept[id] = table
        if len(self._kept) > KEPT:
            del self._kept[next(iter(self._kept))]
        return table

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def _read(self, place: int) -> Table:
        with self._file.open("rb") as lines:
            lines.seek(place)
            value = json.loads(lines.readline())
        header, types, rows = (tuple(value[name]) for name in ("header", "types", "rows"))
        return Table(value["id"], value["name"], value["title"], header, types, tuple(map(tuple, rows)))
