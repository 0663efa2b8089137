"""Which member's mistakes a run's report explains."""

from typing import Any

import pytest

from flows.training.cross_validation import Member
from flows.training.dataset import Parts
from flows.training.explained_mistakes import worst_explained
from tasks.core.cache.store import Artifact, Store, write_json
from tasks.core.context import recorded_by
from tasks.dogs.config import Config
from tests.dogs import jobs


class Recorder:
    """Notes the calls of steps."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def call(self, step: Any, arguments: dict[str, Any]) -> str:
        self.calls.append((step.name, arguments))
        return "future"

    def found(self, label: str, reason: str) -> None:
        raise AssertionError(label)


def blended(**weights: float) -> Artifact:
    with (store := Store.current()).new_folder() as folder:
        write_json(folder / "blend.json", {"weights": weights, "members_decision": {}})
        return store.keep("blend", folder)


def members() -> dict[str, Member]:
    """Two of networks, and one from files, whose models and settings nobody knows."""
    made = {name: jobs.recipe("small").model_copy(update={"name": name}) for name in ("one", "two")}
    known = {name: Member(f"member {name}", [f"model {name}"], recipe=each) for name, each in made.items()}
    return {**known, "ana": Member("member ana", [])}


def explained(count: int, chosen: dict[str, Member], blend: Any) -> tuple[Any, list[tuple[str, Any]]]:
    config = Config.model_validate({"recipes": [jobs.RECIPES["small"]], "run": {"explained": count}})
    parts, recorder = Parts("train", "test", "common", None), Recorder()
    with recorded_by(recorder):
        return worst_explained("dogs", config, parts, "folds", chosen, blend), recorder.calls


def test_the_member_of_the_largest_weight_that_has_networks_is_explained() -> None:
    found, calls = explained(3, members(), blended(one=0.1, two=0.3, ana=0.6))
    assert found == ("future", "two")
    ((step, arguments),) = calls
    assert step == "explain"
    assert (arguments["worst"], arguments["name"], arguments["models"]) == (3, "two", ["model two"])
    assert arguments["recipe"] == members()["two"].recipe.for_prediction()


def test_in_a_plan_of_a_blend_that_is_not_there_the_first_is() -> None:
    found, _ = explained(3, members(), "a blend that is planned")
    assert found == ("future", "one")


@pytest.mark.parametrize(("count", "names"), [(0, ("one", "two")), (3, ("ana",))])
def test_nothing_is_explained_without_a_number_or_networks(count: int, names: tuple[str, ...]) -> None:
    chosen = {name: each for name, each in members().items() if name in names}
    assert explained(count, chosen, blended(one=1.0)) == ((None, ""), [])
