"""The options `--quiet` and `--verbose` of the commands that start a run."""

import functools
import inspect
from collections.abc import Callable
from typing import Annotated, Any

import typer

from flows.console import verbosity
from tasks.core.context import assigned
from tasks.core.errors import InvalidSettings

Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show warnings and errors, and the result.")]
Verbose = Annotated[
    bool, typer.Option("--verbose", "-v", help="Show every epoch, cached steps, and what libraries print.")
]


def with_verbosity(command: Callable[..., Any]) -> Callable[..., Any]:
    """The command with these options besides its own, which say how much of its run is shown."""

    @functools.wraps(command)
    def run(*arguments: Any, quiet: bool = False, verbose: bool = False, **keywords: Any) -> Any:
        if quiet and verbose:
            raise InvalidSettings("--quiet: expected it without --verbose, received both")
        with assigned(verbosity, "quiet" if quiet else "verbose" if verbose else "normal"):
            return command(*arguments, **keywords)

    options = {"quiet": Quiet, "verbose": Verbose}
    signature = inspect.signature(command)
    added = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=False, annotation=kind)
        for name, kind in options.items()
    ]
    run.__signature__ = signature.replace(  # type: ignore[attr-defined]
        parameters=[*signature.parameters.values(), *added]
    )
    run.__annotations__ = {**command.__annotations__, **options}
    return run
