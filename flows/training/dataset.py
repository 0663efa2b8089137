"""The parts of a run's dataset, each loaded by a step of its own."""

from typing import Any, NamedTuple

from tasks.common import common
from tasks.core.competition import Part, find
from tasks.core.errors import InvalidData
from tasks.load import load

Future = Any
"""Future of a step's artifact; the artifact itself in a trial of a search, a placeholder in a plan."""


class Parts(NamedTuple):
    """The parts of a dataset, and what is common to them."""

    train: Future
    test: Future
    common: Future
    """Files that come from the training part, such as vocabularies."""
    validation: Future | None
    """None for a competition without validation records."""

    def of(self, part: str) -> list[Future]:
        """What steps on records of this part read: of training records these alone."""
        if part in ("train", "held_out"):
            return [self.train]
        return [self.test if part == "test" else self.validation, self.common]

    def all(self) -> list[Future]:
        """Everything, as the report reads it."""
        return [self.train, *([self.validation] if self.validation is not None else []), self.test]


def load_parts(competition: str, data: Any) -> Parts:
    """Load all parts, and wait for them, so that no training starts on data with a broken file.

    Raises:
        InvalidData: all problems of all parts.
    """
    contract = find(competition)
    loaded = {part: load_part(competition, data, part) for part in contract.parts}
    wait_for_parts(loaded)
    files = list(contract.common_files)
    shared = common.submit(competition, files, loaded["train"])
    return Parts(loaded["train"], loaded["test"], shared, loaded.get("validation"))


def load_part(competition: str, data: Any, part: Part) -> Future:
    """Load one part; its key holds the raw files of this part alone."""
    return load.submit(competition, data.of_part(part), part=part)


def wait_for_parts(loaded: dict[Part, Future]) -> None:
    """Wait for the loading of parts, in a run.

    Raises:
        InvalidData: the problems of all parts.
    """
    futures = [future for future in loaded.values() if hasattr(future, "wait")]
    for future in futures:
        future.wait()
    failed = [future for future in futures if future.state.is_failed() or future.state.is_crashed()]
    errors = [future.result(raise_on_failure=False) for future in failed]
    problems = [problem for error in errors if isinstance(error, InvalidData) for problem in error.problems]
    if problems:
        raise InvalidData(list(dict.fromkeys(problems)))
    for future in failed:
        future.result()  # raises the step's own exception
