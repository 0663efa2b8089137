"""Which steps an artifact comes from, by the records of the store."""

from collections.abc import Iterable, Iterator
from typing import Any

from tasks.core.cache.store import Artifact

Record = dict[str, Any]


class Lineage:
    """The store's records, found by the artifacts they gave."""

    def __init__(self, records: Iterable[Record]) -> None:
        self._by_artifact: dict[str, Record] = {}
        # the newest last, so that of several steps with one result the newest is told
        for record in sorted(records, key=lambda each: str(each.get("finished"))):
            self._by_artifact[Artifact.model_validate(record["result"]).name] = record

    def record(self, name: str) -> Record | None:
        """The newest record of a step that gave the artifact of this name."""
        return self._by_artifact.get(name)

    def behind(self, name: str) -> list[Record]:
        """Records of all steps the artifact rests on, each after those it rests on itself."""
        found: dict[str, Record] = {}
        self._gather(name, found)
        return list(found.values())

    def _gather(self, name: str, found: dict[str, Record]) -> None:
        record = self.record(name)
        if name in found or record is None:
            return
        for given in given_artifacts(record["inputs"]):
            self._gather(given, found)
        found[name] = record


def given_artifacts(inputs: Any) -> Iterator[str]:
    """Names of the artifacts among a record's inputs."""
    if isinstance(inputs, dict):
        if set(inputs) == {"artifact"}:
            yield inputs["artifact"]
            return
        inputs = list(inputs.values())
    if isinstance(inputs, list):
        for each in inputs:
            yield from given_artifacts(each)
