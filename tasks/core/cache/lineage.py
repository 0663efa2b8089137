"""Which steps made an artifact and everything it is made from, by the records of the store."""

from collections.abc import Iterable, Iterator
from typing import Any

from tasks.core.cache.store import Artifact

Record = dict[str, Any]


class Lineage:
    """The store's records by the artifacts that they name as results."""

    def __init__(self, records: Iterable[Record]) -> None:
        self._by_artifact: dict[str, Record] = {}
        # the newest last, so that of several steps with one result the newest stays
        for record in sorted(records, key=lambda each: str(each.get("finished"))):
            self._by_artifact[Artifact.model_validate(record["result"]).name] = record

    def record(self, name: str) -> Record | None:
        """The newest record whose result is the artifact of this name."""
        return self._by_artifact.get(name)

    def ancestors(self, name: str) -> list[Record]:
        """Records of all steps that the artifact is made by, each after those of its own inputs.

        A step that changed nothing made the artifact that it was given; it is followed once.
        """
        records: dict[str, Record] = {}
        self._gather(name, records, set())
        return list(records.values())

    def _gather(self, name: str, records: dict[str, Record], seen: set[str]) -> None:
        record = self.record(name)
        if name in seen or record is None:
            return
        seen.add(name)
        for artifact in input_artifacts(record["inputs"]):
            self._gather(artifact, records, seen)
        records[name] = record


def input_artifacts(inputs: Any) -> Iterator[str]:
    """Names of the artifacts among a record's inputs."""
    if isinstance(inputs, dict):
        if set(inputs) == {"artifact"}:
            yield inputs["artifact"]
            return
        inputs = list(inputs.values())
    if isinstance(inputs, list):
        for each in inputs:
            yield from input_artifacts(each)
