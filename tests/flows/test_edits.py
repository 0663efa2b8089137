"""Edit → exactly these steps repeat, and the plan had named them and said why: a table a competition."""

import json
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.flows import edits_of_dogs, edits_of_extraction, edits_of_nl2sql
from tests.flows.edits import Case, Edit, Table, edited, first_case, walk

TABLES: list[Table] = [edits_of_dogs.TABLE, edits_of_extraction.TABLE, edits_of_nl2sql.TABLE]
ROWS = [
    pytest.param(table, edit, id=f"{table.competition}: {edit.name}")
    for table in TABLES
    for edit in table.edits
]
NAMES = [table.competition for table in TABLES]

Walked = Callable[[Table], dict[str, dict[str, Any]]]


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Walked:
    """The plan and the states of all steps, by the edit's name; `first` before any."""

    @cache
    def of(competition: str) -> dict[str, dict[str, Any]]:
        table = TABLES[NAMES.index(competition)]
        root = tmp_path_factory.mktemp(f"edits-{competition}")
        first = first_case(table, root / "first")
        (found,) = walk(table, [first])
        cases = [edited(first, root / str(index), edit) for index, edit in enumerate(table.edits)]
        rows = dict(zip([edit.name for edit in table.edits], walk(table, cases), strict=True))
        shutil.rmtree(root)
        return {**rows, "first": found}

    return lambda table: of(table.competition)


def labels(steps: list[dict[str, str]], *states: str) -> set[str]:
    """Labels of cached steps that a plan puts into one of these states."""
    found = {step["label"] for step in steps if step["state"] in states}
    return {label for label in found if not label.startswith(("submit ", "report "))}


@pytest.mark.parametrize("table", TABLES, ids=NAMES)
def test_first_all_steps_run_and_the_plan_says_so(table: Table, walked: Walked) -> None:
    first = walked(table)["first"]
    assert first["states"] == dict.fromkeys(table.steps, "ran")
    assert labels(first["planned"], "run") == table.steps
    assert {step["reason"].split(";")[0] for step in first["planned"]} == {"never ran", "always runs"}


@pytest.mark.parametrize(("table", "edit"), ROWS)
def test_exactly_what_an_edit_touches_repeats(table: Table, edit: Edit, walked: Walked) -> None:
    states = walked(table)[edit.name]["states"]
    assert {label for label, state in states.items() if state == "ran"} == edit.repeats


@pytest.mark.parametrize(("table", "edit"), ROWS)
def test_the_plan_names_what_an_edit_repeats_and_why(table: Table, edit: Edit, walked: Walked) -> None:
    planned = walked(table)[edit.name]["planned"]
    assert labels(planned, "run") <= edit.repeats <= labels(planned, "run", "maybe")
    reasons = {step["label"]: step["reason"] for step in planned}
    for label, why in edit.why.items():
        assert why in reasons[label]
    assert all(reasons[label] for label in edit.repeats)


@pytest.mark.parametrize("table", TABLES, ids=NAMES)
def test_no_two_rows_have_one_name(table: Table) -> None:
    assert len({edit.name for edit in table.edits}) == len(table.edits)


def results(case: Case) -> dict[str, str]:
    """Digest of the artifact behind each key."""
    records = map(json.loads, (path.read_text() for path in (case.folder / "store" / "steps").iterdir()))
    return {record["key"]: record["result"]["digest"] for record in records}


@pytest.mark.parametrize("table", TABLES, ids=NAMES)
def test_equal_keys_have_equal_results_in_any_store_and_process(table: Table, tmp_path: Path) -> None:
    cases = [first_case(table, tmp_path / name) for name in ("one", "two")]
    for hash_seed, case in enumerate(cases, 1):
        walk(table, [case], hash_seed=hash_seed)
    one, two = map(results, cases)
    assert len(one) == len(table.steps)
    assert one == two
