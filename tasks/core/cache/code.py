"""Digest of the code a step really rests on.

A step's own lines are not enough: with a thin step over a pure function, an edit of the function would
go unseen. So the digest takes the step's module, the competition's files it names, and everything of
ours these import, wherever the import stands. Comments, docstrings and layout do not count.

Left out: `tasks.core`, which moves results and does not make them (its `store.FORMAT` is in every key),
and `config` modules, whose values arrive as inputs.
"""

import ast
import hashlib
import threading
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
OURS = ("tasks", "flows")
DECIDING = {
    "ahocorasick": "pyahocorasick",
    "albumentations": "albumentations",
    "cv2": "opencv-python-headless",
    "rjieba": "rjieba",
    "keras": "keras",
    "keras_hub": "keras-hub",
    "numpy": "numpy",
    "PIL": "pillow",
    "sklearn": "scikit-learn",
    "tensorflow": "tensorflow",
}
"""Libraries that decide numbers: the name they are imported by, and that of their distribution."""
PARSING = threading.Lock()
"""Python 3.11 counts the depth of all threads' trees in one number: two at once can raise SystemError."""


@cache
def code_digests(module: str, extra: tuple[str, ...] = (), root: Path = ROOT) -> dict[str, str]:
    """Digest of each module reached from `module` and `extra`, by module name.

    Raises:
        FileNotFoundError: one of the named modules does not exist.
    """
    waiting = [module, *extra]
    for name in waiting:
        if _file(name, root) is None:
            raise FileNotFoundError(f"module {name}: no such file below {root}")
    return _walked(waiting, root, read=_read, wanted=counts)


def reached(names: Iterable[str], root: Path = ROOT, *, now: bool = False) -> dict[str, str]:
    """Digest of every module of ours that these reach, those that only move results too, by name.

    Args:
        names: modules; one that has no file below `root` is left out.
        root: where the packages lie.
        now: as the files are at this moment, not as this process first read them.
    """
    return _walked(names, root, read=_read_now if now else _read, wanted=lambda name: True)


def _walked(
    names: Iterable[str],
    root: Path,
    *,
    read: Callable[[Path], tuple[str, list[str]]],
    wanted: Callable[[str], bool],
) -> dict[str, str]:
    """Digests of these modules and of all ours that they lead to, as far as they are wanted."""
    waiting, found = list(names), dict[str, str]()
    while waiting:
        name = waiting.pop()
        path = _file(name, root)
        if name in found or path is None or not wanted(name):
            continue
        found[name], more = read(path)
        waiting.extend(each for each in more if each.split(".")[0] in OURS)
    return dict(sorted(found.items()))


@cache
def libraries(modules: tuple[str, ...], root: Path = ROOT) -> tuple[str, ...]:
    """Distributions that these modules of ours import and whose version decides numbers, sorted."""
    paths = [_file(module, root) for module in modules]
    names = {name.split(".")[0] for path in paths if path for name in _read(path)[1]}
    return tuple(sorted(DECIDING[name] for name in names & DECIDING.keys()))


@cache
def _content(path: Path) -> bytes:
    return path.read_bytes()


def _read(path: Path) -> tuple[str, list[str]]:
    """Digest of a file as this process first read it, and names of the modules it imports."""
    return _parsed(_content(path))


def _read_now(path: Path) -> tuple[str, list[str]]:
    return _parsed(path.read_bytes())


@cache
def _parsed(content: bytes) -> tuple[str, list[str]]:
    with PARSING:
        tree = ast.parse(content)
    names = imported(tree)
    return hashlib.sha256(ast.dump(without_docstrings(tree)).encode()).hexdigest(), names


@cache
def snapshot(root: Path = ROOT) -> None:
    """Read all our code now: what this process has loaded, whatever is edited while it runs.

    Only what a key asks for is parsed later: to parse everything takes as long as to import Prefect.
    """
    for package in OURS:
        for path in sorted((root / package).rglob("*.py")):
            _content(path)


def edited(names: Iterable[str], root: Path = ROOT) -> list[str]:
    """Those modules whose code on the disk is no longer what `code_digests` read."""
    paths = {name: _file(name, root) for name in names}
    return [name for name, path in paths.items() if path and _read(path) != _read_now(path)]


def counts(name: str) -> bool:
    """Whether a module of ours decides results."""
    parts = name.split(".")
    return parts[:2] != ["tasks", "core"] and parts[-1] != "config"


def imported(tree: ast.AST) -> list[str]:
    """Names of modules imported anywhere in a syntax tree; `from a import b` may name `a.b`."""
    names: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.extend(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.append(node.module)
            names.extend(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def without_docstrings(tree: ast.Module) -> ast.Module:
    """The same tree with every docstring (a string standing alone) removed."""
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            kept = [item for item in body if not _is_text(item)]
            node.body = kept or [ast.Pass()]  # type: ignore[attr-defined]
    return tree


def _is_text(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _file(name: str, root: Path) -> Path | None:
    """The file of a module; None for a package (its `__init__` is empty) or a name inside a module."""
    path = root.joinpath(*name.split(".")).with_suffix(".py")
    return path if path.is_file() else None
