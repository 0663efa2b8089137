"""The functions of a competition that predictions call, without those that trainings and reports call.

They are found by the names of their modules, so that a bundle has to hold no others.
"""

from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from tasks.core.competition import Part, Scores
from tasks.core.dataset import Dataset
from tasks.core.jobs import EncodeJob, PredictJob

MODULES = ("config", "data", "dataset", "encode", "predict", "submission")
"""Modules of a competition that hold these functions and its settings."""


class Inference(NamedTuple):
    """Fields as in `tasks.core.competition.Competition`."""

    file: str
    load: Callable[..., None]
    ids: Callable[[Dataset, Part], list[str]]
    encode: Callable[[EncodeJob], None]
    predict: Callable[[PredictJob], Iterable[Scores]]
    decode: Callable[[Iterable[Any], Dataset, dict[str, Any]], Iterator[Any]]
    write: Callable[[list[str], Iterable[Any], Path], None]
    check: Callable[[Path, list[str], Dataset], int]


def module_names(competition: str) -> list[str]:
    """Names of the modules with these functions."""
    return [f"tasks.{competition}.{name}" for name in MODULES]


def inference_of(competition: str, file: str) -> Inference:
    """The functions of this competition, whose submissions have this name; each module is imported when its
    first function is called.
    """

    def deferred(module: str, name: str) -> Callable[..., Any]:
        def call(*arguments: Any, **keywords: Any) -> Any:
            return getattr(_module(competition, module), name)(*arguments, **keywords)

        return call

    return Inference(
        file=file,
        load=deferred("data", "load"),
        ids=deferred("dataset", "ids"),
        encode=deferred("encode", "encode"),
        predict=deferred("predict", "predict"),
        decode=deferred("submission", "decode"),
        write=deferred("submission", "write"),
        check=deferred("submission", "check"),
    )


def config_of(competition: str) -> Any:
    """The competition's class of settings."""
    return _module(competition, "config").Config


def _module(competition: str, name: str) -> Any:
    return import_module(f"tasks.{competition}.{name}")
