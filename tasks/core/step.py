"""The decorator of all steps: it makes a cached, retryable Prefect task of a plain function.

    @step(uses=("augment", "model"), libraries=("backend",), label="train {recipe.name} fold {fold}")
    def train(competition: str, recipe: Recipe, fold: int) -> Artifact: ...

    model = train.submit("dogs", recipe, 0)     # in a flow: a future of the artifact

What a call does:
1. It makes the key of its arguments, code and libraries (`tasks.core.cache.keys`) and looks up the store's
   record under the key. If the record's artifact is whole, it is the result, and Prefect shows the state
   *Cached*. Without one, the result of earlier code that a person has accepted for the key is taken
   (`tasks.core.cache.acceptances`), which log, journal and state say.
2. Otherwise the step locks the key, so that of several runs only one computes the result, looks it up again
   in the store and in the mirror, and calls the function.
3. It stores a record with the key's parts and the resulting artifact, and notes the step in the run's
   journal.

A step that the run has cancelled ends as *LeftOut*, and where the process is ending as *Cancelled*, at once,
whatever it computes or waits for. Prefect's own result storage is not used: the same
records serve runs, plans and provenance. Below the steps, only this module, `context` and `prefect_state`
use Prefect, and import it when something runs.
"""

import logging
import time
from collections.abc import Callable
from copy import copy
from datetime import UTC, datetime
from functools import cached_property, partial
from inspect import signature
from typing import TYPE_CHECKING, Any, NamedTuple

from tasks.core.cache import source_code
from tasks.core.cache.acceptances import Acceptance, accepted_keys, find_result
from tasks.core.cache.keys import Key, make_key
from tasks.core.cache.remote_store import Mirror
from tasks.core.cache.store import Artifact, Store
from tasks.core.context import Running, assigned, at_work, collecting, recording, run_id
from tasks.core.errors import UserError
from tasks.core.execution.activity import active, start
from tasks.core.execution.cancellation import LeftOut, acquire_or_cancel, raise_if_cancelled
from tasks.core.execution.child_process import ChildKilled
from tasks.core.execution.stopping import Stopped, until_stopped
from tasks.core.execution.waiting import counting_waits
from tasks.core.execution.working_time import working_time
from tasks.core.step_failures import explained_failures

if TYPE_CHECKING:
    from prefect import Task

log = logging.getLogger("podium")


class Step:
    """A function with its caching rules: `submit` runs it in a flow, `execute` without Prefect."""

    def __init__(
        self,
        function: Callable[..., Any],
        *,
        uses: tuple[str, ...] = (),
        libraries: tuple[str, ...] = (),
        label: str,
        retries: int = 0,
        cached: bool = True,
        ignore: tuple[str, ...] = (),
    ) -> None:
        """Make a step of a function whose arguments are JSON values, settings and artifacts.

        Args:
            uses: files of the competition (named by the argument `competition`) that decide the result;
                `{method}.training` is the file `training` in the folder of the recipe's method.
            libraries: installed packages whose version decides the result, besides those that the code
                imports (`tasks.core.cache.source_code.DECIDING`); `backend` is Keras's.
            label: name of a call for people, with arguments in braces.
            retries: further attempts after a failure that is not a UserError.
            cached: whether the result is an Artifact that is stored and reused; else the step always runs.
            ignore: arguments that cannot change the result and are not in the key.
        """
        self.fn = function
        self.name = function.__name__
        self.uses = uses
        self.libraries = libraries
        self.retries = retries
        self.cached = cached
        self._label = label
        self._ignore = ignore
        self._signature = signature(function)
        self.__doc__ = function.__doc__

    def submit(self, *arguments: Any, **keywords: Any) -> Any:
        """Start the step in the current flow; returns a future of its result.

        With a recorder (`tasks.core.context.recorded_by`), returns what the recorder does.
        """
        bound = self.bind(*arguments, **keywords)
        recorder = recording.get()
        if recorder is not None:
            return recorder.call(self, bound)
        label = self.label(bound)
        start(label)
        named = copy(self.task)  # Prefect names a run by its task until the run begins
        named.name = label
        future = named.submit(**bound)
        if (futures := collecting.get()) is not None:
            futures.append(future)
        return future

    def bind(self, *arguments: Any, **keywords: Any) -> dict[str, Any]:
        """All arguments of a call by name, with defaults."""
        bound = self._signature.bind(*arguments, **keywords)
        bound.apply_defaults()
        return dict(bound.arguments)

    def label(self, arguments: dict[str, Any]) -> str:
        """The name of a call for people: `train small fold 0`, the same in every run."""
        return self._label.format(**arguments)

    def key(self, arguments: dict[str, Any], store: Store) -> Key:
        """The cache key of a call; no argument may be a future."""
        source_code.snapshot()
        inputs = {name: value for name, value in arguments.items() if name not in self._ignore}
        module = self.fn.__module__
        return make_key(
            self.name, inputs, module=module, uses=self.uses, libraries=self.libraries, store=store
        )

    @cached_property
    def task(self) -> "Task[..., Any]":
        """The Prefect task; its results stay in memory, because the store holds the artifacts."""
        from prefect import task
        from prefect.cache_policies import NO_CACHE

        return task(
            name=self.name,
            task_run_name=self._run_name,  # type: ignore[arg-type]  # its protocol has a class method too
            cache_policy=NO_CACHE,
            persist_result=False,
            retries=self.retries,
            retry_delay_seconds=1.0,
            retry_condition_fn=_is_worth_retrying,
        )(self._run)

    def _run_name(self, *, parameters: dict[str, Any]) -> str:
        """The name of a task run; Prefect passes the parameters because of this argument's name."""
        return self.label(parameters["arguments"])

    def _run(self, **arguments: Any) -> Any:
        from prefect.states import Cancelled, Completed

        from tasks.core.prefect_state import InMemoryState

        try:
            outcome = until_stopped(lambda: self.execute(arguments, run=run_id()))
        except LeftOut:
            return Cancelled(name="LeftOut", message="The run has no time for it")
        except Stopped:
            return Cancelled(message="The run was stopped")
        if outcome.state == "cached":
            message = _accepted_text(outcome) or "The store holds it whole"
            return Completed(InMemoryState, name="Cached", message=message, data=outcome.result)
        return outcome.result

    def execute(self, arguments: dict[str, Any], *, run: str | None = None) -> "StepOutcome":
        """Look the call up or run it, without Prefect; `run` is the id of the run whose journal notes it.

        Raises:
            LeftOut: the run has cancelled the step.
            UserError: its code was edited after this process started, a disk is full or read-only, or
                artifacts that it reads are damaged.
        """
        store, label = Store.current(), self.label(arguments)
        with explained_failures(label, arguments, store), active(label):
            return self._execute(store, label, arguments, run)

    def _execute(self, store: Store, label: str, arguments: dict[str, Any], run: str | None) -> "StepOutcome":
        if not self.cached:
            outcome = _timed(lambda: self.fn(**arguments))
            _note(store, run, self.name, label, outcome)
            return outcome
        key = self.key(arguments, store)
        outcome = _look_up(store, key) or self._compute(store, key, label, arguments)
        if outcome.state == "ran" and (mirror := Mirror.current()):
            mirror.upload(key.digest)
        if text := _accepted_text(outcome):
            log.info("%s", text)
        _note(store, run, self.name, label, outcome)
        return outcome

    def _compute(self, store: Store, key: Key, label: str, arguments: dict[str, Any]) -> "StepOutcome":
        digest = key.digest
        with acquire_or_cancel(store.lock(digest), lambda: raise_if_cancelled(label), label=label):
            if outcome := _look_up(store, key) or _from_mirror(store, key, label):
                return outcome
            if changed := source_code.edited(key.code):  # the child would run other code than the key names
                raise UserError(
                    f"{label}: {', '.join(changed)} changed since this run started; start it again"
                )
            store.tidy_partial(digest)
            with assigned(at_work, Running(label, digest, store.partial(digest))):
                outcome = _timed(lambda: self.fn(**arguments))
            worked_seconds = working_time(store.partial(digest))
            store.write_record(digest, _record(key, label, outcome.result, outcome.seconds, worked_seconds))
            store.forget_partial(digest)
            return outcome._replace(key=digest)


class StepOutcome(NamedTuple):
    """The result of a call of a step."""

    result: Any
    state: str
    """`cached` or `ran`."""
    seconds: float
    """How long it took to compute, when that was, without what it waited for slots or workers."""
    key: str | None = None
    """Of the result's record; None of a step that is not cached."""
    accepted: tuple[Acceptance, ...] = ()
    """By which a result of earlier code counts."""


def step(**options: Any) -> Callable[[Callable[..., Any]], Step]:
    """Decorate a function to make it a step; the options are those of `Step`."""
    return partial(Step, **options)


def _is_worth_retrying(task: Any, run: Any, state: Any) -> bool:
    """Whether Prefect should retry after a failure: not after a UserError, which would come again.

    A child process that was killed may live longer the next time.
    """
    return isinstance(state.data, ChildKilled) or not isinstance(state.data, UserError)


def _timed(function: Callable[[], Any]) -> StepOutcome:
    """What a function returns, and how long it worked."""
    with counting_waits() as waited:
        began = time.monotonic()
        result = function()
        return StepOutcome(result, "ran", max(time.monotonic() - began - waited.seconds, 0.0))


def _look_up(store: Store, key: Key) -> StepOutcome | None:
    found = find_result(store, key)
    if found is None:
        return None
    record = found.record
    return StepOutcome(found.result, "cached", record["seconds"], record["key"], found.accepted)


def _from_mirror(store: Store, key: Key, label: str) -> StepOutcome | None:
    """The result that another store has uploaded to the mirror, downloaded."""
    mirror = Mirror.current()
    fetched = mirror and any(mirror.fetch(each.digest, label) for each, _ in accepted_keys(store, key))
    return _look_up(store, key) if fetched else None


def _accepted_text(outcome: StepOutcome) -> str:
    """By whom, when and for which change a result of earlier code was accepted; empty if it was not."""
    said = "; accepted ".join(each.text for each in outcome.accepted)
    return f"a result of earlier code of step {outcome.accepted[0].step}, accepted {said}" if said else ""


def _record(
    key: Key, label: str, result: Artifact, seconds: float, worked_seconds: float | None
) -> dict[str, Any]:
    if not isinstance(result, Artifact):
        raise TypeError(f"step {key.step}: expected an Artifact, received {type(result).__name__}")
    return {
        "key": key.digest,
        "label": label,
        **key._asdict(),
        "result": result.model_dump(),
        "seconds": round(seconds, 3),
        "worked": worked_seconds,
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _note(store: Store, run: str | None, step: str, label: str, outcome: StepOutcome) -> None:
    if run is None:
        return
    result = outcome.result
    entry: dict[str, Any] = {
        "step": step,
        "label": label,
        "key": outcome.key,
        "state": outcome.state,
        "seconds": round(outcome.seconds, 3),
        "artifact": result.name if isinstance(result, Artifact) else None,
    }
    if outcome.accepted:
        entry["accepted"] = [each.summary() for each in outcome.accepted]
    store.note(run, entry)
