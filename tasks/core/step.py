"""The one decorator of all steps: a cached, retryable Prefect task around a plain function.

    @step(uses=("augment", "model"), libraries=("backend",), label="train {recipe.name} fold {fold}")
    def train(competition: str, recipe: Recipe, fold: int) -> Artifact: ...

A call looks its key up in the store (`tasks.core.cache.keys`) before anything else. A whole artifact under that
key is the result, and Prefect shows the state *Cached*. Otherwise the step takes the key's lock, looks
again (another run may have computed it meanwhile), and runs. Prefect's own result storage stays out of
it: one record decides for runs, for plans and for provenance.

With `running` and `held_state` this is all below the steps that knows Prefect, which is imported only to run.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cached_property
from inspect import signature
from typing import TYPE_CHECKING, Any, NamedTuple

from tasks.core.cache import code
from tasks.core.cache.keys import Key, make_key
from tasks.core.cache.remote_store import Mirror
from tasks.core.cache.store import Artifact, Store
from tasks.core.context import Running, at_work, collecting, recording, run_id
from tasks.core.errors import UserError
from tasks.core.execution.run_control import LeftOut, acquire_or_cancel, raise_if_cancelled
from tasks.core.execution.working_time import working_time

if TYPE_CHECKING:
    from prefect import Task


class Step:
    """A function with its cache rule. `submit` it inside a flow; `fn` is the bare function."""

    def __init__(
        self,
        function: Callable[..., Any],
        *,
        uses: tuple[str, ...],
        libraries: tuple[str, ...],
        label: str,
        retries: int,
        cached: bool,
        ignore: tuple[str, ...],
    ) -> None:
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
        """Start the step in the current flow; returns a future of its result."""
        bound = self.bind(*arguments, **keywords)
        recorder = recording.get()
        if recorder is not None:
            return recorder.call(self, bound)
        future = self.task.submit(**bound)
        if collector := collecting.get():
            collector.futures.append(future)
        return future

    def bind(self, *arguments: Any, **keywords: Any) -> dict[str, Any]:
        """All arguments by name, defaults filled in."""
        bound = self._signature.bind(*arguments, **keywords)
        bound.apply_defaults()
        return dict(bound.arguments)

    def label(self, arguments: dict[str, Any]) -> str:
        """The readable name of one call: equal in every run for what a person takes to be the same."""
        return self._label.format(**arguments)

    def key(self, arguments: dict[str, Any], store: Store) -> Key:
        """The cache key of a call whose arguments are all known."""
        code.snapshot()
        counted = {name: value for name, value in arguments.items() if name not in self._ignore}
        module = self.fn.__module__
        return make_key(
            self.name, counted, module=module, uses=self.uses, libraries=self.libraries, store=store
        )

    @cached_property
    def task(self) -> "Task[..., Any]":
        """The Prefect task; results stay in memory, since the store holds what lasts."""
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
        """What Prefect calls a run; it looks at the argument's name to know what to pass."""
        return self.label(parameters["arguments"])

    def _run(self, **arguments: Any) -> Any:
        from prefect.states import Cancelled, Completed

        from tasks.core.in_memory_state import Held

        try:
            outcome = self.execute(arguments, run=run_id())
        except LeftOut:
            return Cancelled(name="LeftOut", message="The run has no time for it")
        if outcome.state == "cached":
            return Completed(Held, name="Cached", message="The store holds it whole", data=outcome.result)
        return outcome.result

    def execute(self, arguments: dict[str, Any], *, run: str | None = None) -> "Outcome":
        """Look the call up or run it, without Prefect; `run` names the journal it is noted in."""
        began = time.monotonic()
        store, label = Store.current(), self.label(arguments)
        if not self.cached:
            outcome = Outcome(self.fn(**arguments), "ran", time.monotonic() - began)
            _note(store, run, self.name, label, None, outcome)
            return outcome
        key = self.key(arguments, store)
        outcome = _look_up(store, key) or self._compute(store, key, label, arguments)
        if outcome.state == "ran" and (mirror := Mirror.current()):
            mirror.upload(key.digest)
        _note(store, run, self.name, label, key, outcome)
        return outcome

    def _compute(self, store: Store, key: Key, label: str, arguments: dict[str, Any]) -> "Outcome":
        digest = key.digest
        with acquire_or_cancel(store.lock(digest), lambda: raise_if_cancelled(label)):
            if outcome := _look_up(store, key) or _fetched(store, key, label):
                return outcome
            _refuse_edited(key, label)
            token = at_work.set(Running(label, digest, store.partial(digest)))
            began = time.monotonic()
            try:
                result = self.fn(**arguments)
            finally:
                at_work.reset(token)
            seconds = time.monotonic() - began
            worked = working_time(store.partial(digest))
            store.write_record(digest, _record(key, label, result, seconds, worked))
            store.forget_partial(digest)
            return Outcome(result, "ran", seconds)


class Outcome(NamedTuple):
    """What a call of a step gave, whether it was `cached` or `ran`, and how long the computing took."""

    result: Any
    state: str
    seconds: float


def step(
    *,
    uses: tuple[str, ...] = (),
    libraries: tuple[str, ...] = (),
    label: str,
    retries: int = 0,
    cached: bool = True,
    ignore: tuple[str, ...] = (),
) -> Callable[[Callable[..., Any]], Step]:
    """Make a step of a function whose arguments are JSON, settings and artifacts.

    Args:
        uses: files of the competition (named by the argument `competition`) that decide the result.
        libraries: installed packages whose version decides the result, beside those that the code names
            (`tasks.core.cache.code.DECIDING`); `backend` is Keras's.
        label: name of a call, with arguments in braces.
        retries: attempts after a failure that is not a person's mistake.
        cached: whether the result is an Artifact to be kept; else the step runs every time.
        ignore: arguments that cannot change the result.
    """

    def decorate(function: Callable[..., Any]) -> Step:
        return Step(
            function,
            uses=uses,
            libraries=libraries,
            label=label,
            retries=retries,
            cached=cached,
            ignore=ignore,
        )

    return decorate


def _is_worth_retrying(task: Any, run: Any, state: Any) -> bool:
    """Prefect asks this after a failure: a person's mistake stays one however often it is tried."""
    return not isinstance(state.data, UserError)


def _refuse_edited(key: Key, label: str) -> None:
    """A child would run other code than the key says, and its result would be kept under a wrong name."""
    if changed := code.edited(key.code):
        raise UserError(f"{label}: {', '.join(changed)} changed since this run started; start it again")


def _look_up(store: Store, key: Key) -> Outcome | None:
    record = store.record(key.digest) or {}
    result = store.result_of(record)
    return Outcome(result, "cached", record.get("seconds", 0.0)) if result else None


def _fetched(store: Store, key: Key, label: str) -> Outcome | None:
    """What another store has computed and the mirror holds."""
    mirror = Mirror.current()
    return _look_up(store, key) if mirror and mirror.fetch(key.digest, label) else None


def _record(key: Key, label: str, result: Artifact, seconds: float, worked: float | None) -> dict[str, Any]:
    if not isinstance(result, Artifact):
        raise TypeError(f"step {key.step}: expected an Artifact, received {type(result).__name__}")
    return {
        "key": key.digest,
        "label": label,
        **key._asdict(),
        "result": result.model_dump(),
        "seconds": round(seconds, 3),
        "worked": worked,
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _note(store: Store, run: str | None, step: str, label: str, key: Key | None, outcome: Outcome) -> None:
    if run is None:
        return
    result = outcome.result
    store.note(
        run,
        {
            "step": step,
            "label": label,
            "key": key.digest if key else None,
            "state": outcome.state,
            "seconds": round(outcome.seconds, 3),
            "artifact": result.name if isinstance(result, Artifact) else None,
        },
    )
