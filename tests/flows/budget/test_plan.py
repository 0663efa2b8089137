"""Plans: what will run, what may, and why; found without running or writing anything."""

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from flows.budget.plan import PlannedStep, Planner, plan
from tasks.core.cache.store import Artifact, Store
from tasks.core.config import Settings
from tasks.core.step import Step, step
from tasks.dogs.config import Config


class Options(Settings):
    rate: float = 0.1


def keep(text: str) -> Artifact:
    store = Store.current()
    with store.new_folder() as folder:
        (folder / "text").write_text(text)
        return store.keep("text", folder)


@step(label="source")
def source(text: str) -> Artifact:
    return keep(text.strip())


@step(label="middle {name}")
def middle(name: str, given: Artifact, options: Options) -> Artifact:
    return keep(f"{name} {given.digest} {options.rate}")


@step(label="end")
def end(parts: list[Artifact], named: dict[str, Artifact]) -> Artifact:
    return keep(" ".join(part.digest for part in parts))


@step(label="always", cached=False)
def always(given: Artifact) -> str:
    return "done"


class Runner:
    """Runs each call at once."""

    def call(self, step: Step, arguments: dict[str, Any]) -> Any:
        return step.execute(arguments).result


def flow(recorder: Any, text: str = "a", options: Options | None = None, names: str = "xy") -> None:
    """A small flow whose calls go to the recorder."""

    def call(step: Step, *arguments: Any) -> Any:
        return recorder.call(step, step.bind(*arguments))

    given = call(source, text)
    chosen = Options() if options is None else options
    parts = [call(middle, name, given, chosen if name == "x" else Options()) for name in names]
    last = call(end, parts, dict(zip(names, parts, strict=True)))
    call(always, last)


def planned(**changes: Any) -> dict[str, tuple[str, str]]:
    planner = Planner(Store.current())
    flow(planner, **changes)
    assert all(isinstance(each, PlannedStep) for each in planner.steps)
    return {each.label: (each.state, each.reason) for each in planner.steps}


def states(**changes: Any) -> list[str]:
    return [state for state, _ in planned(**changes).values()]


@pytest.fixture
def computed() -> Store:
    flow(Runner())
    return Store.current()


def test_in_an_empty_store_everything_will_run() -> None:
    assert planned() == {
        "source": ("run", "never ran"),
        "middle x": ("run", "never ran; waits for source"),
        "middle y": ("run", "never ran; waits for source"),
        "end": ("run", "never ran; waits for middle x, middle y"),
        "always": ("run", "always runs"),
    }


def test_after_a_run_all_is_cached_but_what_always_runs(computed: Store) -> None:
    assert states() == ["cached", "cached", "cached", "cached", "run"]


def test_what_a_new_result_may_change_may_run(computed: Store) -> None:
    assert planned(text="a ") == {
        "source": ("run", "text: a → a "),
        "middle x": ("maybe", "waits for source"),
        "middle y": ("maybe", "waits for source"),
        "end": ("maybe", "waits for middle x, middle y"),
        "always": ("run", "always runs"),
    }


def test_what_has_a_reason_of_its_own_will_run_whatever_it_waits_for(computed: Store) -> None:
    steps = planned(text="b", options=Options(rate=0.5))
    assert steps["middle x"] == ("run", "options.rate: 0.1 → 0.5; waits for source")
    assert steps["middle y"][0] == "maybe"


def test_one_changed_setting_leaves_its_siblings_cached(computed: Store) -> None:
    steps = planned(options=Options(rate=0.5))
    assert steps["middle x"] == ("run", "options.rate: 0.1 → 0.5")
    assert steps["middle y"] == ("cached", "")
    assert steps["end"] == ("maybe", "waits for middle x")


def test_another_part_is_a_reason_though_its_contents_are_not_known_yet(computed: Store) -> None:
    steps = planned(names="xyz")
    assert steps["middle z"][0] == "run"
    assert steps["end"][0] == "run"


def test_a_part_less_is_a_reason_too(computed: Store) -> None:
    steps = planned(names="x", text="b")
    assert steps["end"][0] == "run"


def test_a_lost_artifact_is_the_reason_and_others_may_stay_cached(computed: Store) -> None:
    record = next(record for record in computed.records() if record["label"] == "middle x")
    computed.remove(Artifact.model_validate(record["result"]))
    steps = planned()
    assert steps["middle x"] == ("run", "its artifact is missing or damaged")
    assert steps["end"] == ("maybe", "waits for middle x")


def test_long_waits_are_cut_short() -> None:
    assert planned(names="vwxyz")["end"][1].endswith("waits for middle v, middle w and 3 more")


def test_a_plan_writes_nothing(computed: Store) -> None:
    def files() -> dict[Path, int]:
        return {path: path.stat().st_mtime_ns for path in computed.root.rglob("*")}

    before = files()
    planned(text="b")
    assert files() == before


def test_a_plan_tells_every_step_of_a_competitions_flow() -> None:
    steps = plan("dogs", Config.model_validate({"data": {"root": "missing"}, "folds": {"count": 3}}))
    labels = [each.label for each in steps]
    assert labels[:4] == ["load dogs train", "load dogs test", "common dogs", "split dogs"]
    assert labels[-12:] == [
        "gather frozen",
        "encode frozen test identity",
        *(f"predict frozen test, fold {fold}" for fold in range(3)),
        "average frozen test",
        "blend dogs",
        "combine dogs test",
        "decode dogs",
        "submit dogs",
        "compare dogs",
        "report dogs",
    ]
    assert [label for label in labels if label.startswith("train")] == [
        f"train frozen fold {fold}" for fold in range(3)
    ]
    assert len(set(labels)) == len(labels)
    assert {each.state for each in steps} == {"run"}


def test_a_plan_of_extraction_predicts_with_all_models_together() -> None:
    from tasks.extraction.config import Config as Extraction

    config = {"folds": {"count": 3}, "recipes": [{"name": name} for name in ("one", "two")]}
    labels = [each.label for each in plan("extraction", Extraction.model_validate(config))]
    parts = ("train", "validation", "test")
    assert labels[:3] == [f"load extraction {part}" for part in parts]
    assert labels[3:6] == ["common extraction", "split extraction", "train one fold 0"]
    assert labels[11:16] == [
        "gather one",
        "predict one validation",
        "average one validation",
        "predict one test",
        "average one test",
    ]
    assert labels[-8:] == [
        "blend extraction",
        "combine extraction test",
        "decode extraction",
        "combine extraction validation",
        "validate extraction",
        "submit extraction",
        "compare extraction",
        "report extraction",
    ]
    assert len(labels) == len(set(labels)) == 5 + 2 * 11 + 8


SECOND_ROUNDS = {
    "dogs": (
        {"folds": {"count": 2}, "pseudo": {"share": 0.5}},
        {
            "pseudo fold 0",
            "train frozen-again fold 1",
            "gather frozen-again",
            "encode frozen-again test identity",
            "average frozen-again test",
        },
    ),
    "extraction": (
        {
            "folds": {"count": 3},
            "second_round": {"run": True},
            "recipes": [
                {
                    "name": name,
                    "augmentation": {"views": 1},
                    "pretraining": {"stages": [{}]},
                }
                for name in ("one", "two")
            ],
        },
        {
            "train one folds 0 and 2",
            "predict one fold 2 for fold 0",
            "predict one fold 0 for fold 2",
            "pool two for fold 1",
            "train one-again fold 1",
            "gather two-again",
            "average two-again validation",
            "average two-again test",
        },
    ),
}


@pytest.mark.parametrize("competition", SECOND_ROUNDS)
def test_a_second_round_has_labels_of_its_own(competition: str) -> None:
    settings, expected = SECOND_ROUNDS[competition]
    config = import_module(f"tasks.{competition}.config").Config.model_validate(settings)
    labels = [each.label for each in plan(competition, config)]
    assert expected <= set(labels)
    assert len(set(labels)) == len(labels)
