"""Names of the functions that differ between two versions of a module, where git has the earlier one."""

import ast
import subprocess
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from tasks.core.cache.python_syntax import dumped, parse
from tasks.core.cache.source_code import ROOT, digest_of_source, without_docstrings

MOST_VERSIONS = 20
"""Newest commits of a file in which its earlier version is looked for."""


def changed_functions(
    before: Mapping[str, str], after: Mapping[str, str], root: Path = ROOT
) -> dict[str, list[str]]:
    """The functions and classes that differ, by module, of those modules whose earlier source is found.

    Args:
        before: digests of modules, as keys hold them; `after`: those of today.
        root: the folder of our packages.
    """
    changed = [name for name in before.keys() & after.keys() if before[name] != after[name]]
    found = {name: _names(name, before[name], after[name], root) for name in sorted(changed)}
    return {name: list(names) for name, names in found.items() if names}


@cache
def _names(module: str, before: str, after: str, root: Path) -> tuple[str, ...]:
    path = root.joinpath(*module.split(".")).with_suffix(".py")
    try:
        now = path.read_bytes()
    except OSError:
        return ()
    if digest_of_source(now) != after:  # edited since this process read it
        return ()
    earlier = next((each for each in _versions(path, root) if digest_of_source(each) == before), None)
    if earlier is None:
        return ()
    one, two = _definitions(earlier), _definitions(now)
    return tuple(name for name in dict.fromkeys([*one, *two]) if one.get(name) != two.get(name))


def _versions(path: Path, root: Path) -> Iterator[bytes]:
    """Contents of a file in the newest commits that changed it, the newest first, where they are Python."""
    relative = path.relative_to(root).as_posix()
    commits = _git(root, "log", f"-{MOST_VERSIONS}", "--format=%H", "--", relative)
    for commit in (commits or b"").decode().split():
        content = _git(root, "show", f"{commit}:./{relative}")
        if content is not None and _can_be_parsed(content):
            yield content


def _can_be_parsed(content: bytes) -> bool:
    try:
        dumped(parse(content))
    except SyntaxError:
        return False
    return True


def _definitions(content: bytes) -> dict[str, str]:
    """What stands at the top of a module by its name; all but functions and classes in one."""
    found: dict[str, str] = {}
    for node in without_docstrings(parse(content)).body:
        is_named = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        name = str(getattr(node, "name", "")) if is_named else "the module's own lines"
        found[name] = found.get(name, "") + dumped(node)
    return found


def _git(root: Path, *arguments: str) -> bytes | None:
    try:
        command = ["git", "-C", str(root), *arguments]
        return subprocess.run(command, capture_output=True, timeout=20, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return None
