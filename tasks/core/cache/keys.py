"""The cache key of a step: everything that decides its result.

A key has four parts: the name of the step, its inputs, digests of its code (`tasks.core.cache.source_code`),
and versions of the libraries that the code imports. Two calls with equal keys have equal results, so the
second one takes the first one's artifact from the store. The key's digest names the record there.

Inputs are the arguments of the call: JSON values, settings and artifacts. An artifact enters by its digest. A
field of settings enters by its value; one marked `Contents` by the digests of the files at its path, wherever
they lie; one marked `NotInKey` not at all. Other types raise TypeError, since they might be equal by
accident.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any, NamedTuple

from pydantic import BaseModel

from tasks.core.backends import DEFAULT, DISTRIBUTIONS, backend
from tasks.core.cache.digests import contents, digest_of_json
from tasks.core.cache.file_kinds import key_digest
from tasks.core.cache.source_code import code_digests
from tasks.core.cache.source_code import libraries as imported_libraries
from tasks.core.cache.store import Artifact, Store
from tasks.core.competition import method_module_name
from tasks.core.config import Contents, NotInKey
from tasks.core.contract.files import check_used
from tasks.core.contract.folders import folder_of
from tasks.core.locations import expand

NAMED_WEIGHTS = ("imagenet", "none")
"""Values of a `Contents` field that are no paths."""
_PUBLISHED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*|[a-z]+://\S+")
"""Names of presets of keras-hub: its own, and those in collections that it downloads from."""


class Key(NamedTuple):
    """A cache key with its parts, so that two keys can be compared part by part (`key_diff`)."""

    step: str
    inputs: dict[str, Any]
    """JSON by the names of the step's arguments."""
    code: dict[str, str]
    """SHA-256 by module name."""
    libraries: dict[str, str]
    """Version by distribution name."""

    @property
    def digest(self) -> str:
        """SHA-256 of all parts and of the store's format."""
        return key_digest(self.step, self.inputs, self.code, self.libraries)


def make_key(
    step: str,
    arguments: dict[str, Any],
    *,
    module: str,
    uses: tuple[str, ...],
    libraries: tuple[str, ...],
    store: Store,
) -> Key:
    """The key of one call of a step.

    Args:
        module: the module of the step.
        uses: modules of the competition given as an argument; `{method}.training` is the module of the
            method that the settings given as `recipe` name, and of none if they name no method.
        libraries: installed packages whose version decides the result, besides those that the code imports;
            `backend` stands for Keras's backend by its name, and for its packages.

    Raises:
        InvalidSettings: the competition lacks one of these modules.
    """
    try:
        code = code_digests(module, tuple(_used_modules(uses, arguments)))
    except FileNotFoundError:
        if competition := arguments.get("competition"):
            check_used(competition, folder_of(competition), uses)
        raise
    names = sorted({*libraries, *imported_libraries(tuple(code)), *_of_backend(libraries)})
    return Key(
        step=step,
        inputs={name: canonical(value, name, store) for name, value in arguments.items()},
        code=code,
        libraries={name: library_version(name) for name in names},
    )


def _of_backend(libraries: Iterable[str]) -> tuple[str, ...]:
    """Distributions of a backend that is not the default one, whose version the code's imports show."""
    name = library_version("backend") if "backend" in libraries else DEFAULT
    return () if name == DEFAULT else DISTRIBUTIONS.get(name, ())


def _used_modules(uses: Iterable[str], arguments: Mapping[str, Any]) -> Iterator[str]:
    competition, method = arguments.get("competition", ""), getattr(arguments.get("recipe"), "method", None)
    for name in uses:
        folder, _, file = name.rpartition(".")
        if folder != "{method}":
            yield f"tasks.{competition}.{name}"
        elif method is not None:
            yield method_module_name(competition, method, file)


def canonical(value: Any, name: str, store: Store) -> Any:
    """The value as JSON that is equal if, and only if, the value makes no difference to the result.

    Raises:
        TypeError: the value is neither JSON nor settings nor an artifact.
    """
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, Artifact):
        return {"artifact": value.name}
    if isinstance(value, BaseModel):
        return _canonical_settings(value, name, store)
    if isinstance(value, list | tuple):
        return [canonical(item, f"{name}.{index}", store) for index, item in enumerate(value)]
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {key: canonical(item, f"{name}.{key}", store) for key, item in value.items()}
    raise TypeError(
        f"step input {name}: expected JSON, settings or an Artifact, received {type(value).__name__}"
    )


def _canonical_settings(settings: BaseModel, name: str, store: Store) -> dict[str, Any]:
    values = {}
    for field, information in type(settings).model_fields.items():
        value = getattr(settings, field)
        if any(isinstance(mark, NotInKey) for mark in information.metadata):
            continue
        mark = next((each for each in information.metadata if isinstance(each, Contents)), None)
        if mark is not None:
            names = getattr(settings, mark.within) if mark.within else None
            is_name = mark.published and is_published(value)
            values[field] = {"contents": value if is_name else _contents(value, store, names)}
        else:
            values[field] = canonical(value, f"{name}.{field}", store)
    return values


def nested_settings(settings: BaseModel, name: str = "") -> Iterator[tuple[str, BaseModel]]:
    """These settings and all inside them, each with its dotted key below `name`, outer ones first."""
    yield name, settings
    for field in type(settings).model_fields:
        value, key = getattr(settings, field), f"{name}.{field}".lstrip(".")
        if isinstance(value, BaseModel):
            yield from nested_settings(value, key)
        elif isinstance(value, tuple):
            for index, item in enumerate(value):
                if isinstance(item, BaseModel):
                    yield from nested_settings(item, f"{key}.{index}")


def is_published(value: str) -> bool:
    """Whether the value of a field for published weights is their name: nothing lies at such a path.

    >>> [is_published(value) for value in ("bert_base_zh", "hf://somebody/bert", "$WEIGHTS/bert", "")]
    [True, True, False, False]
    """
    return bool(_PUBLISHED.fullmatch(value)) and not expand(value).exists()


def path_fields(settings: BaseModel) -> dict[str, str]:
    """Values of the fields, by name, that name a file, a folder or published weights."""
    return {name: value for name, (value, _) in _marked_fields(settings).items()}


def _marked_fields(settings: BaseModel) -> dict[str, tuple[str, Contents]]:
    fields = type(settings).model_fields.items()
    return {
        name: (getattr(settings, name), mark)
        for name, information in fields
        for mark in information.metadata
        if isinstance(mark, Contents)
    }


def named_paths(settings: BaseModel, name: str = "") -> Iterator[tuple[str, str]]:
    """Dotted key and value of each setting that is the path of a file or folder."""
    for key, value, is_name in _named(settings, name):
        if not is_name:
            yield key, value


def published_names(settings: BaseModel, name: str = "") -> Iterator[tuple[str, str]]:
    """Dotted key and value of each setting that is the name of published weights (`Contents.published`)."""
    for key, value, is_name in _named(settings, name):
        if is_name:
            yield key, value


def _named(settings: BaseModel, name: str) -> Iterator[tuple[str, str, bool]]:
    for place, each in nested_settings(settings, name):
        for field, (value, mark) in _marked_fields(each).items():
            if value and value not in NAMED_WEIGHTS:
                yield f"{place}.{field}".lstrip("."), value, mark.published and is_published(value)


def _contents(value: str, store: Store, names: tuple[str, ...] | None) -> Any:
    """Digests of the files at a path, by name; the value itself if it is no path.

    `names` are those of the files and folders below the path that count; None: all.
    """
    if value in NAMED_WEIGHTS or not value:
        return value
    path = expand(value)
    place = digest_of_json([str(path), names])[:32]
    memory = store.fingerprints(place)
    before = dict(memory)
    digests = contents(path, memory, names=names)
    if memory != before:
        with suppress(OSError):  # without its memory the next call reads the files again
            store.write_fingerprints(place, memory)
    return digests


@lru_cache
def library_version(name: str) -> str:
    """Version of a distribution when this process first asked; for `backend` the name of Keras's backend."""
    if name == "backend":
        return backend()
    return installed_version(name)


def installed_version(name: str) -> str:
    """Installed version of a distribution at this moment, or `absent`."""
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"
