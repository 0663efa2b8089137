"""One call of a step: looked up, computed once whoever asks, and kept only when it went well."""

import json
import threading
from pathlib import Path
from typing import Annotated, Any

import pytest

from tasks.core.cache.store import Artifact, Store
from tasks.core.config import ContentsPath, NotInKey, Settings
from tasks.core.context import recorded_by, running
from tasks.core.errors import UserError
from tasks.core.execution.child_process import ChildKilled
from tasks.core.step import Step, _is_worth_retrying, step
from tests.core.processes import finished, python

CALLS: list[Any] = []


class Options(Settings):
    text: str = "text"
    source: ContentsPath = ""
    workers: Annotated[int, NotInKey()] = 1


def keep(text: str) -> Artifact:
    store = Store.current()
    with store.new_folder() as folder:
        (folder / "text").write_text(text)
        return store.keep("text", folder)


@step(label="write {options.text} {number}", libraries=("numpy",), ignore=("note",))
def write(options: Options, *, number: int = 0, note: str = "") -> Artifact:
    """Keeps a text."""
    CALLS.append((options, number))
    return keep(f"{options.text} {number}")


@step(label="shout", cached=False)
def shout(text: str) -> str:
    CALLS.append(text)
    return text.upper()


@pytest.fixture(autouse=True)
def calls() -> list[Any]:
    CALLS.clear()
    return CALLS


def run(call: Step, *arguments: Any, run: str | None = None, **keywords: Any) -> Any:
    return call.execute(call.bind(*arguments, **keywords), run=run)


def test_an_equal_call_is_a_hit(calls: list[Any]) -> None:
    first, second = run(write, Options()), run(write, Options())
    assert (first.state, second.state) == ("ran", "cached")
    assert first.result == second.result
    assert len(calls) == 1


def test_defaults_and_ways_to_pass_an_argument_do_not_count(calls: list[Any]) -> None:
    run(write, Options())
    assert run(write, options=Options(text="text"), number=0).state == "cached"


@pytest.mark.parametrize("keywords", [{"number": 1}, {"options": Options(text="other")}])
def test_an_input_that_counts_makes_another_call(keywords: dict[str, Any], calls: list[Any]) -> None:
    run(write, Options())
    assert run(write, **({"options": Options()} | keywords)).state == "ran"


@pytest.mark.parametrize("keywords", [{"note": "x"}, {"options": Options(workers=9)}])
def test_an_input_that_cannot_matter_does_not(keywords: dict[str, Any], calls: list[Any]) -> None:
    run(write, Options())
    assert run(write, **({"options": Options()} | keywords)).state == "cached"


def test_a_file_counts_by_its_contents(tmp_path: Path) -> None:
    for name, text in (("one", "a"), ("two", "a"), ("three", "b")):
        (tmp_path / name).write_text(text)
    states = [run(write, Options(source=str(tmp_path / name))).state for name in ("one", "two", "three")]
    assert states == ["ran", "cached", "ran"]


@pytest.mark.parametrize("value", [{1}, Path("x"), (n for n in (1,)), object(), b"x"], ids=type)
def test_an_input_of_unknown_type_is_refused_before_anything_runs(value: Any, calls: list[Any]) -> None:
    with pytest.raises(TypeError, match=r"step input number: expected JSON, settings or an Artifact"):
        run(write, Options(), number=value)
    assert calls == []
    assert not (Store.current().root / "steps").exists()


def test_an_argument_that_does_not_exist_is_refused() -> None:
    with pytest.raises(TypeError):
        run(write, Options(), nubmer=1)


def test_a_damaged_artifact_is_computed_again_and_nothing_else(calls: list[Any]) -> None:
    damaged, other = run(write, Options(), number=1).result, run(write, Options(), number=2)
    (damaged.path / "text").unlink()
    assert [run(write, Options(), number=number).state for number in (1, 2)] == ["ran", "cached"]
    assert (damaged.path / "text").read_text() == "text 1"
    assert other.state == "ran"


def test_what_is_not_cached_runs_every_time(calls: list[Any]) -> None:
    assert [run(shout, "a").result, run(shout, "a").result] == ["A", "A"]
    assert calls == ["a", "a"]


# Failures


@step(label="fail")
def fail(file: str) -> Artifact:
    Path(file).touch()
    if len(CALLS) < 2:
        CALLS.append("failed")
        raise ValueError("not yet")
    return keep("at last")


def test_a_failure_is_not_kept_and_leaves_the_lock_free(tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(ValueError, match="not yet"):
            run(fail, str(tmp_path / "file"))
    assert list(Store.current().records()) == []
    assert run(fail, str(tmp_path / "file")).state == "ran"


@step(label="wrong")
def wrong() -> Artifact:
    return "no artifact"  # type: ignore[return-value]


def test_a_result_that_is_no_artifact_is_refused() -> None:
    with pytest.raises(TypeError, match="step wrong: expected an Artifact, received str"):
        run(wrong)
    assert list(Store.current().records()) == []


class State:
    def __init__(self, data: object) -> None:
        self.data = data


def test_a_persons_mistake_is_not_tried_again() -> None:
    assert not _is_worth_retrying(None, None, State(UserError("yours")))
    assert _is_worth_retrying(None, None, State(ValueError("ours")))
    assert _is_worth_retrying(None, None, State(ChildKilled("the system's")))


# Checkpoints


@step(label="long")
def long(stop: bool = False) -> Artifact:
    partial = running().partial
    partial.mkdir(parents=True, exist_ok=True)
    CALLS.append(sorted(path.name for path in partial.iterdir()))
    (partial / f"{len(CALLS)}").touch()
    if len(CALLS) < 3:
        raise KeyboardInterrupt
    return keep("long")


def test_a_later_attempt_finds_what_earlier_ones_left_and_success_clears_it() -> None:
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            run(long)
    run(long)
    assert CALLS == [[], ["1"], ["1", "2"]]
    assert list((Store.current().root / "partial").iterdir()) == []


def test_nothing_runs_outside_of_a_step() -> None:
    with pytest.raises(LookupError):
        running()


# Records and journal


def test_the_record_tells_what_the_result_rests_on() -> None:
    outcome = run(write, Options(), number=3, run="run-1")
    run(shout, "a", run="run-1")
    run(write, Options(), number=3, run="run-1")
    (record,) = Store.current().records()
    assert record["step"] == "write"
    assert record["label"] == "write text 3"
    assert record["inputs"] == {"options": {"text": "text", "source": {"contents": ""}}, "number": 3}
    assert "tests.core.test_step" in record["code"]
    assert record["libraries"].keys() == {"numpy"}
    assert record["result"] == outcome.result.model_dump()
    told = [(entry["label"], entry["state"], entry["artifact"]) for entry in Store.current().journal("run-1")]
    name = outcome.result.name
    assert told == [("write text 3", "ran", name), ("shout", "ran", None), ("write text 3", "cached", name)]


def test_a_record_survives_json_as_it_is() -> None:
    run(write, Options())
    (file,) = (Store.current().root / "steps").iterdir()
    assert json.loads(file.read_text())["key"] == file.stem


# Several at once

COMPUTES = """
import sys, time
from pathlib import Path
from tests.core import test_step as here
from tasks.core.step import step

@step(label="slow")
def slow(number: int):
    with open(sys.argv[1], "a") as file:
        file.write("x")
    time.sleep(0.3)
    return here.keep(f"slow {number}")

slow.fn.__module__ = "tests.core.test_step"
sys.stdout.write("ready\\n"); sys.stdout.flush(); sys.stdin.readline()
outcome = slow.execute(slow.bind(1))
print(outcome.state, outcome.result.name)
"""


def test_two_processes_that_want_the_same_compute_it_once(tmp_path: Path) -> None:
    both = [python(COMPUTES, tmp_path / "calls") for _ in range(2)]
    for process in both:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
    told = sorted(line.split() for line in finished(*both))
    assert [state for state, _ in told] == ["cached", "ran"]
    assert told[0][1] == told[1][1]
    assert (tmp_path / "calls").read_text() == "x"


def test_threads_that_want_the_same_compute_it_once(calls: list[Any]) -> None:
    barrier, states = threading.Barrier(4), []

    def work() -> None:
        barrier.wait()
        states.append(run(write, Options()).state)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(states) == ["cached", "cached", "cached", "ran"]
    assert len(calls) == 1


def test_one_who_waited_for_a_failure_tries_for_himself(tmp_path: Path) -> None:
    """The lock of a call that failed passes on; its failure does not."""
    with pytest.raises(ValueError):
        run(fail, str(tmp_path / "file"))
    CALLS.append("enough")
    assert run(fail, str(tmp_path / "file")).state == "ran"


# Recorders


class Names:
    def __init__(self) -> None:
        self.names: list[str] = []

    def call(self, step: Step, arguments: dict[str, Any]) -> Any:
        self.names.append(step.label(arguments))
        return len(self.names)


def test_a_recorder_takes_the_calls_and_nothing_runs(calls: list[Any]) -> None:
    recorder = Names()
    with recorded_by(recorder):
        assert write.submit(Options(), number=1) == 1
        assert shout.submit("a") == 2
    assert recorder.names == ["write text 1", "shout"]
    assert calls == []
