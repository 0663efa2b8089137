"""Estimates of how long a step takes, from the records of similar steps in the store.

A similar step belongs to the same competition, is of the same part of the dataset and differs in few
settings. Time is assumed to grow with the epochs of a training, with the number of models that predict
together or of predictions that are averaged, and with the size of the dataset. Without a similar step there
is no estimate: a figure from another network would be badly wrong.
"""

from collections.abc import Iterable, Mapping
from statistics import median_low
from typing import Any

from tasks.core.cache.key_diff import MARK, leaves
from tasks.core.cache.keys import Key
from tasks.core.cache.store import Store
from tasks.core.execution.working_time import working_time

MOST_DIFFERENCES = 6
"""Settings in which two similar steps may differ."""
RUNS = 30
"""Newest runs whose journals give the times of steps without records."""
EQUAL = ("competition", "part")
"""Inputs that must be equal: held-out records are a fraction of a part, so their time tells of no other."""
SIZED = ("dataset", "train")
"""Inputs whose size scales the time."""
IGNORED = ("fold", "beside", "seed")
"""Inputs that hardly change how long a step takes."""
MANY = ("models", "predictions")
"""Inputs whose number scales the time."""
LIKE = {"mean": "average", "evaluate": "gather"}
"""Short steps that runs with one seed do not have, and others that take about as long."""


class Estimates:
    """Times of steps, estimated from the records and journals of a store."""

    def __init__(self, store: Store, records: Iterable[Mapping[str, Any]]) -> None:
        self._store = store
        self._by_step: dict[str, list[Mapping[str, Any]]] = {}
        for record in records:
            self._by_step.setdefault(record["step"], []).append(record)
        self._last_run: dict[str, float] | None = None

    def seconds(self, key: Key) -> float | None:
        """Seconds that a step works, without waiting for a slot; None: unknown."""
        by_distance: dict[int, list[Mapping[str, Any]]] = {}
        for record in self._by_step.get(key.step, []):
            if all(record["inputs"].get(name) == key.inputs.get(name) for name in EQUAL):
                by_distance.setdefault(_distance(record["inputs"], key.inputs), []).append(record)
        nearest = min(by_distance, default=MOST_DIFFERENCES + 1)
        near = by_distance[nearest] if nearest <= MOST_DIFFERENCES else []
        exact = [record for record in near if record.get("worked") is not None]
        scaled = [self._scaled(record, key) for record in exact or near]
        known = [seconds for seconds in scaled if seconds is not None]
        if not known and key.step in LIKE:
            known = [float(record["seconds"]) for record in self._by_step.get(LIKE[key.step], [])]
        return median_low(known) if known else None

    def last_run(self, label: str) -> float | None:
        """Seconds that a step without records took in the newest run that had it; None: unknown."""
        if self._last_run is None:
            self._last_run = {}
            for run in self._store.newest_runs(RUNS):
                for entry in self._store.journal(run):
                    self._last_run.setdefault(entry["label"], entry["seconds"])
        return self._last_run.get(label)

    def earlier_seconds(self, key: Key) -> float:
        """Working time of earlier attempts of this step, in seconds."""
        return working_time(self._store.partial(key.digest)) or 0.0

    def _scaled(self, record: Mapping[str, Any], key: Key) -> float | None:
        sizes = [
            self._size([inputs[name] for name in SIZED if name in inputs])
            for inputs in (record["inputs"], key.inputs)
        ]
        if sizes[0] != sizes[1] and not all(sizes):
            return None  # its dataset is gone
        growth = (sizes[1] or 1) / (sizes[0] or 1)
        epochs = [_epochs(inputs) for inputs in (record["inputs"], key.inputs)]
        growth *= epochs[1] / epochs[0] if all(epochs) else 1
        for name in MANY:
            growth *= _count(key.inputs, name) / _count(record["inputs"], name)
        working = record.get("worked")
        return float(record["seconds"] if working is None else working) * growth

    def _size(self, dataset: Any) -> int | None:
        """Bytes of the parts of a dataset that a step reads; 0 if it reads none; None if one is gone."""
        if isinstance(dataset, list):
            sizes = [self._size(part) for part in dataset]
            return None if None in sizes else sum(size or 0 for size in sizes)
        if not isinstance(dataset, dict) or "artifact" not in dataset:
            return 0
        manifest = self._store.manifest(dataset["artifact"])
        return sum(entry["size"] for entry in manifest["files"].values()) if manifest else None


def _distance(one: Mapping[str, Any], two: Mapping[str, Any]) -> int:
    """The number of settings in which the inputs differ; epochs and artifacts do not count."""
    first, second = _settings(one), _settings(two)
    absent = object()
    return sum(first.get(path, absent) != second.get(path, absent) for path in first.keys() | second.keys())


def _settings(inputs: Mapping[str, Any]) -> dict[str, Any]:
    omitted = (*EQUAL, *SIZED, *IGNORED, *MANY)
    counted = {name: value for name, value in inputs.items() if name not in omitted}
    counted |= {name: _count(inputs, name) for name in MANY}
    return {
        path: None if _name(path) in ("artifact", "epochs") else value
        for path, value in leaves(counted).items()
    }


def _count(inputs: Mapping[str, Any], name: str) -> int:
    """The number of artifacts of an input; 1 without any."""
    found = inputs.get(name)
    return max(1, len(found)) if isinstance(found, list | dict) else 1


def _epochs(inputs: Mapping[str, Any]) -> int:
    settings = leaves(dict(inputs)).items()
    return sum(value for path, value in settings if _name(path) == "epochs" and isinstance(value, int))


def _name(path: str) -> str:
    return path.rpartition(MARK)[2]
