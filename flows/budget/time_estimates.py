"""How long a step will take, judged by steps like it that the store remembers.

Like it is a step of the same competition that few settings tell from it. Work is taken to grow with the
epochs of a training and with the size of the dataset. Where nothing like it ran, there is no estimate: a
figure from another network would be wrong by more than a person would believe.
"""

from collections.abc import Iterable, Mapping
from statistics import median_low
from typing import Any

from tasks.core.cache.key_diff import MARK, leaves
from tasks.core.cache.keys import Key
from tasks.core.cache.store import Store, read_json
from tasks.core.execution.working_time import worked_seconds

MOST_DIFFERENT = 6
"""Settings in which a step may differ from one that is to tell how long it takes."""
RUNS = 30
"""Newest runs that tell how long steps take which leave no record."""
COUNTED = ("competition", "dataset")
"""Inputs that are compared for themselves."""
UNLIKE = ("fold", "beside", "seed")
"""Inputs that hardly change how long a step takes."""


class Estimates:
    """What the records and the journals of a store say of steps to come."""

    def __init__(self, store: Store, records: Iterable[Mapping[str, Any]]) -> None:
        self._store = store
        self._by_step: dict[str, list[Mapping[str, Any]]] = {}
        for record in records:
            self._by_step.setdefault(record["step"], []).append(record)
        self._noted: dict[str, float] | None = None

    def of(self, key: Key) -> float | None:
        """Seconds from the start to the end of a step, waiting not included; None where nothing tells."""
        competition = key.inputs.get("competition")
        like: dict[int, list[Mapping[str, Any]]] = {}
        for record in self._by_step.get(key.step, []):
            if record["inputs"].get("competition") == competition:
                like.setdefault(_distance(record["inputs"], key.inputs), []).append(record)
        nearest = min(like, default=MOST_DIFFERENT + 1)
        near = like[nearest] if nearest <= MOST_DIFFERENT else []
        exact = [record for record in near if record.get("worked") is not None]
        told = [self._scaled(record, key) for record in exact or near]
        known = [seconds for seconds in told if seconds is not None]
        return median_low(known) if known else None

    def noted(self, label: str) -> float | None:
        """Seconds that a step without records took when it last ran."""
        if self._noted is None:
            self._noted = {}
            for run in self._store.newest_runs(RUNS):
                for entry in self._store.journal(run):
                    self._noted.setdefault(entry["label"], entry["seconds"])
        return self._noted.get(label)

    def worked(self, key: Key) -> float:
        """Seconds that earlier attempts of this very step worked, and need not work again."""
        return worked_seconds(self._store.partial(key.digest)) or 0.0

    def _scaled(self, record: Mapping[str, Any], key: Key) -> float | None:
        sizes = [self._size(inputs.get("dataset")) for inputs in (record["inputs"], key.inputs)]
        if sizes[0] != sizes[1] and not all(sizes):
            return None  # its dataset is gone
        growth = (sizes[1] or 1) / (sizes[0] or 1)
        epochs = [_epochs(inputs) for inputs in (record["inputs"], key.inputs)]
        growth *= epochs[1] / epochs[0] if all(epochs) else 1
        worked = record.get("worked")
        return float(record["seconds"] if worked is None else worked) * growth

    def _size(self, dataset: Any) -> int | None:
        """Bytes of a dataset; 0 for a step that reads none."""
        if not isinstance(dataset, dict):
            return 0
        manifest = read_json(self._store.root / "artifacts" / f"{dataset['artifact']}.json")
        return sum(entry["size"] for entry in manifest["files"].values()) if manifest else None


def _distance(one: Mapping[str, Any], two: Mapping[str, Any]) -> int:
    """How many settings tell the inputs apart; epochs, and which artifacts are read, are none."""
    first, second = _settings(one), _settings(two)
    absent = object()
    return sum(
        first.get(place, absent) != second.get(place, absent) for place in first.keys() | second.keys()
    )


def _settings(inputs: Mapping[str, Any]) -> dict[str, Any]:
    own = {name: value for name, value in inputs.items() if name not in (*COUNTED, *UNLIKE)}
    return {
        place: None if _name(place) in ("artifact", "epochs") else value
        for place, value in leaves(own).items()
    }


def _epochs(inputs: Mapping[str, Any]) -> int:
    found = leaves(dict(inputs)).items()
    return sum(value for place, value in found if _name(place) == "epochs" and isinstance(value, int))


def _name(place: str) -> str:
    return place.rpartition(MARK)[2]
