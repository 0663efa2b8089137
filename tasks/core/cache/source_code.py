"""Digests of the code that decides a step's result.

A step is a thin function over pure functions, so its own lines are not enough. The digests cover the step's
module, the competition's modules that it names in `uses`, and all modules of `tasks` and `flows` that these
import, directly or indirectly, at the top or inside functions. Imports are read from the syntax tree: nothing
is imported to make a key. Comments, docstrings and layout do not change a digest.

Two kinds of modules are not covered, so nothing in them may decide a result: `tasks.core`, which stores and
moves results (`store.FORMAT`, in every key, stands for it), and `config` modules, whose values are inputs of
steps.
"""

import ast
import hashlib
import threading
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PACKAGES = ("tasks", "flows")
"""Packages whose modules are followed."""
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
"""Libraries whose version can change a result: distribution by the name of the import."""
BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")
"""Fields of syntax trees that hold statements, or parts of statements that hold some."""
PARSING = threading.Lock()
"""Python 3.11 counts the depth of all threads' trees together: two parses at once can raise SystemError."""


@cache
def code_digests(module: str, extra: tuple[str, ...] = (), root: Path = ROOT) -> dict[str, str]:
    """Digest of each module that `module` and `extra` are or import and that decides results, by its name.

    Raises:
        FileNotFoundError: one of the named modules does not exist.
    """
    names = [module, *extra]
    for name in names:
        if _file(name, root) is None:
            raise FileNotFoundError(f"module {name}: no such file below {root}")
    return _follow(names, root, include=decides_results)


def all_digests(names: Iterable[str], root: Path = ROOT, *, now: bool = False) -> dict[str, str]:
    """Digest of every module of our packages that these are or import, by its name.

    Names without a file below `root` are skipped. With `now` the files are read now, else their contents are
    those that this process first read.
    """
    return _follow(names, root, include=lambda name: True, now=now)


def _follow(
    names: Iterable[str],
    root: Path,
    *,
    include: Callable[[str], bool],
    now: bool = False,
) -> dict[str, str]:
    """Digests of these modules and of those that they import, by name; only included ones are followed."""
    file, read = (_file, _read_now) if now else (_known_file, _read)
    waiting, digests = list(names), dict[str, str]()
    while waiting:
        name = waiting.pop()
        path = file(name, root)
        if name in digests or path is None or not include(name):
            continue
        digests[name], imports = read(path)
        waiting.extend(each for each in imports if each.split(".")[0] in PACKAGES)
    return dict(sorted(digests.items()))


@cache
def libraries(modules: tuple[str, ...], root: Path = ROOT) -> tuple[str, ...]:
    """Distributions of `DECIDING` that these modules import themselves, sorted."""
    paths = [_known_file(module, root) for module in modules]
    names = {name.split(".")[0] for path in paths if path for name in _read(path)[1]}
    return tuple(sorted(DECIDING[name] for name in names & DECIDING.keys()))


@cache
def _content(path: Path) -> bytes:
    return path.read_bytes()


def _read(path: Path) -> tuple[str, list[str]]:
    """Digest of a file as this process first read it, and the names of the modules that it imports."""
    return _parsed(_content(path))


def _read_now(path: Path) -> tuple[str, list[str]]:
    return _parsed(path.read_bytes())


@cache
def _parsed(content: bytes) -> tuple[str, list[str]]:
    with PARSING:
        tree = ast.parse(content)
    names = imported(tree)
    return hashlib.sha256(ast.dump(without_docstrings(tree)).encode()).hexdigest(), names


def digest_of_source(content: bytes) -> str:
    """The digest of a module's source, as keys hold it; raises SyntaxError if it is none."""
    return _parsed(content)[0]


@cache
def snapshot(root: Path = ROOT) -> None:
    """Read all files of our packages now, so that keys hold the code that this process runs, not later edits.

    They are parsed later, when a key needs them: parsing all takes as long as importing Prefect.
    """
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            _content(path)


def edited(names: Iterable[str], root: Path = ROOT) -> list[str]:
    """The modules whose code on the disk differs from what this process first read."""
    paths = {name: _file(name, root) for name in names}
    return [name for name, path in paths.items() if path and _read(path) != _read_now(path)]


def decides_results(name: str) -> bool:
    """Whether a module of our packages belongs into keys."""
    parts = name.split(".")
    return parts[:2] != ["tasks", "core"] and parts[-1] != "config"


def imported(tree: ast.AST) -> list[str]:
    """Names of modules that are imported anywhere in a syntax tree; `from a import b` gives `a` and `a.b`."""
    names: list[str] = []
    for node in _statements(tree):
        if isinstance(node, ast.Import):
            names.extend(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.append(node.module)
            names.extend(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def without_docstrings(tree: ast.Module) -> ast.Module:
    """The same tree without docstrings, which are all expressions that are only a string."""
    for node in _statements(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            statements = [item for item in body if not _is_text(item)]
            node.body = statements or [ast.Pass()]  # type: ignore[attr-defined]
    return tree


def _statements(tree: ast.AST) -> Iterator[ast.AST]:
    """A tree and all statements in it, without going into expressions, in which none lies."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        for field in BLOCKS:
            block = getattr(node, field, None)
            if isinstance(block, list):  # the body of a lambda is an expression
                waiting += block


def _is_text(node: ast.AST) -> bool:
    value = node.value if isinstance(node, ast.Expr) else None
    return isinstance(value, ast.Constant) and isinstance(value.value, str)


def _file(name: str, root: Path) -> Path | None:
    """The file of a module; None for a package (its `__init__` is empty) and for a name inside a module."""
    path = root.joinpath(*name.split(".")).with_suffix(".py")
    return path if path.is_file() else None


@cache
def _known_file(name: str, root: Path) -> Path | None:
    """The file of a module as this process first found it."""
    return _file(name, root)
