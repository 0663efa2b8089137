"""Whether the files that recipes name, and Keras's backend, are those that the models were trained with."""

from collections.abc import Iterator, Mapping
from typing import Any

from flows.prediction.ensemble import TrainedMember
from tasks.core.backends import VARIABLE, backend
from tasks.core.cache.keys import canonical
from tasks.core.cache.lineage import Lineage, input_artifacts
from tasks.core.cache.store import Store
from tasks.core.errors import InvalidSettings, MissingWeights


def raise_if_changed(members: Mapping[str, TrainedMember]) -> None:
    """Compare the files with what the members' out-of-fold predictions were made with.

    Raises:
        MissingWeights: a file has changed since.
    """
    store = Store.current()
    lineage = Lineage(store.records())
    for name, member in members.items():
        now = dict(_contents(canonical(member.recipe.for_prediction(), "recipe", store)))
        for scores in input_artifacts((lineage.record(member.member.name) or {"inputs": {}})["inputs"]):
            predicted = lineage.record(scores) or {"inputs": {}}
            then = dict(_contents(predicted["inputs"].get("recipe")))
            for key in then.keys() & now.keys():
                if then[key] != now[key]:
                    raise MissingWeights(
                        f"{name}: {key}: expected the file that the models were trained with, "
                        "received one with other contents"
                    )


def raise_if_other_backend(members: Mapping[str, TrainedMember]) -> None:
    """Compare this process's backend with that of the models' trainings.

    Raises:
        InvalidSettings: a model was trained with another one.
    """
    lineage = Lineage(Store.current().records())
    for name, member in members.items():
        for model in member.models:
            libraries = (lineage.record(model.name) or {}).get("libraries", {})
            if (trained := libraries.get("backend", backend())) != backend():
                raise InvalidSettings(
                    f"{VARIABLE}: expected {trained}, with which {name} was trained, received {backend()}"
                )


def _contents(tree: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """Digests of files in the canonical form of settings, by their dotted keys."""
    if isinstance(tree, dict):
        if set(tree) == {"contents"}:
            yield key, tree["contents"]
            return
        tree = tree.items()
    elif isinstance(tree, list):
        tree = enumerate(tree)
    else:
        return
    for name, value in tree:
        yield from _contents(value, f"{key}.{name}".lstrip("."))
