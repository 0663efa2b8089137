"""Every number of every setting has bounds, and none of them may be infinite or no number."""

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
from pydantic import ValidationError

from tasks.core.competition import competition_names

CHECKED_BY_VALIDATORS = ("schedule_points",)


def numbers(
    schema: dict[str, Any], definitions: dict[str, Any], path: str
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Path and schema of each number of the settings."""
    if "$ref" in schema:
        yield from numbers(definitions[schema["$ref"].rpartition("/")[2]], definitions, path)
    for kind in ("anyOf", "allOf", "oneOf", "prefixItems"):
        for each in schema.get(kind, []):
            yield from numbers(each, definitions, path)
    if schema.get("type") in ("number", "integer"):
        yield path, schema
    for name, each in schema.get("properties", {}).items():
        yield from numbers(each, definitions, f"{path}.{name}")
    for kind in ("items", "additionalProperties"):
        if isinstance(schema.get(kind), dict):
            yield from numbers(schema[kind], definitions, path)


@pytest.mark.parametrize("competition", competition_names())
def test_every_number_has_bounds(competition: str) -> None:
    schema = import_module(f"tasks.{competition}.config").Config.model_json_schema()
    found = list(numbers(schema, schema["$defs"], ""))
    assert len(found) > 40
    unbounded = [
        path
        for path, each in found
        if not path.endswith(CHECKED_BY_VALIDATORS)
        and not (
            each.keys() & {"minimum", "exclusiveMinimum"} and each.keys() & {"maximum", "exclusiveMaximum"}
        )
    ]
    assert unbounded == []


@pytest.mark.parametrize(
    "value",
    [float("inf"), float("-inf"), float("nan"), 1e400, 10**400],
    ids=["inf", "-inf", "nan", "1e400", "of 401 digits"],
)
@pytest.mark.parametrize(
    "path",
    ["run.budget_seconds", "run.timeout_seconds", "recipes.0.training.stages.0.learning_rate", "folds.seed"],
)
def test_what_is_no_finite_number_is_refused(path: str, value: float) -> None:
    config = import_module("tasks.dogs.config").Config
    tree = config().model_dump(mode="json")
    *places, last = path.split(".")
    inner = tree
    for place in places:
        inner = inner[int(place)] if place.isdecimal() else inner[place]
    inner[last] = value
    with pytest.raises(ValidationError) as caught:
        config.model_validate(tree)
    assert path in {".".join(map(str, error["loc"])) for error in caught.value.errors()}


@pytest.mark.parametrize("dilations", [[0], [-1], [1, 2000], []])
def test_dilations_are_counts_of_characters(dilations: list[int]) -> None:
    config = import_module("tasks.extraction.config").Config
    with pytest.raises(ValidationError):
        config.model_validate({"recipes": [{"encoder": {"dgcnn": {"dilations": dilations}}}]})


@pytest.mark.parametrize(
    "point", [[-1.0, 1.0], [0.0, -1.0], [0.0, 1e9], [float("inf"), 1.0], [0.0, float("nan")]]
)
def test_points_of_a_schedule_are_finite_and_not_negative(point: list[float]) -> None:
    stage = import_module("tasks.core.config").Stage
    with pytest.raises(ValidationError):
        stage.model_validate({"schedule": "points", "schedule_points": [point]})
