"""Digests of the code that decides a step's result.

A step is a thin function over pure functions, so its own lines are not enough. The digests cover the step's
module, the competition's modules that it names in `uses`, and all modules of `tasks` and `flows` that these
import, directly or indirectly, at the top or inside functions. Imports are read from the syntax tree: nothing
is imported to make a key. Comments, docstrings and layout do not change a digest.

The code of a competition of one's own, which lies in a folder of its own, is read like Podium's
(`tasks.core.contract.folders`). Every other library that it imports counts by its version, since
`DECIDING` lists those of Podium's code alone.

Two kinds of modules are not covered, so nothing in them may decide a result: `tasks.core`, which stores and
moves results (`store.FORMAT`, in every key, stands for it), and `config` modules, whose values are inputs of
steps.
"""

import ast
import hashlib
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from importlib.util import find_spec, resolve_name
from pathlib import Path

from tasks.core.cache.python_syntax import dumped, parse, with_line
from tasks.core.contract.folders import outside
from tasks.core.errors import InvalidSettings

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


def code_digests(module: str, extra: tuple[str, ...] = (), root: Path = ROOT) -> dict[str, str]:
    """Digest of each module that `module` and `extra` are or import and that decides results, by its name.

    Raises:
        FileNotFoundError: one of the named modules does not exist.
    """
    return _code_digests((module, *extra), (root, *outside()))


@cache
def _code_digests(names: tuple[str, ...], places: tuple[Path, ...]) -> dict[str, str]:
    for name in names:
        if _file(name, places) is None:
            raise FileNotFoundError(f"module {name}: no such file below {places[0]}")
    return _follow(names, places, include=decides_results)


def all_digests(names: Iterable[str], root: Path = ROOT, *, now: bool = False) -> dict[str, str]:
    """Digest of every module of our packages that these are or import, by its name.

    Names without a file below `root` are skipped. With `now` the files are read now, else their contents are
    those that this process first read.
    """
    return _follow(names, (root, *outside()), include=lambda name: True, now=now)


def _follow(
    names: Iterable[str],
    places: tuple[Path, ...],
    *,
    include: Callable[[str], bool],
    now: bool = False,
    strict: bool = True,
) -> dict[str, str]:
    """Digests of these modules and of those that they import, by name; only included ones are followed.

    Raises:
        InvalidSettings: one is no Python; if not `strict`, nothing is followed from there instead.
    """
    file, read = (_file, _read_now) if now else (_known_file, _read if strict else _read_if_python)
    waiting, digests = list(names), dict[str, str]()
    while waiting:
        name = waiting.pop()
        path = file(name, places)
        if name in digests or path is None or not include(name):
            continue
        digests[name], imports = read(path)
        waiting.extend(each for each in _absolute(imports, name) if each.split(".")[0] in PACKAGES)
    return dict(sorted(digests.items()))


def _absolute(imports: Iterable[str], module: str) -> Iterator[str]:
    """Imported names, those that are relative to the package of a module as absolute ones."""
    package = module.rpartition(".")[0]
    return (resolve_name(name, package) if name.startswith(".") else name for name in imports)


def libraries(modules: tuple[str, ...], root: Path = ROOT) -> tuple[str, ...]:
    """Distributions that decide results and that these modules import themselves, sorted.

    They are those of `DECIDING`, and all that a competition of one's own imports.

    Raises:
        InvalidSettings: such a competition imports a module that is neither in its folder nor installed as
            part of a distribution, so that no edit of it would be noticed.
    """
    return _libraries(modules, (root, *outside()))


@cache
def _libraries(modules: tuple[str, ...], places: tuple[Path, ...]) -> tuple[str, ...]:
    paths = [path for module in modules if (path := _known_file(module, places))]
    names = {name.split(".")[0] for path in paths for name in _read(path)[1]}
    found = {DECIDING[name] for name in names & DECIDING.keys()}
    own = [path for path in paths if any(path.is_relative_to(place) for place in places[1:])]
    others = {name.split(".")[0]: path for path in own for name in _read(path)[1]}
    unknown = others.keys() - {"", *DECIDING, *PACKAGES, *sys.stdlib_module_names}
    return tuple(sorted(found.union(*(_distributions(name, others[name]) for name in unknown))))


def _distributions(name: str, importer: Path) -> tuple[str, ...]:
    """The distributions that a module outside our packages is part of; of none if it is not installed."""
    owners = _owners().get(name)
    if owners is None and find_spec(name) is not None:
        raise InvalidSettings(
            f"{importer}: imports {name}, which is neither in this folder nor of an installed package, so "
            "that edits of it would go unnoticed; move it here and import it as "
            f"tasks.{importer.parent.name}.{name}"
        )
    return tuple(owners or ())


@cache
def _owners() -> dict[str, list[str]]:
    """Distributions by the name of a package in them."""
    from importlib.metadata import packages_distributions

    return {name: list(owners) for name, owners in packages_distributions().items()}


@cache
def _content(path: Path) -> bytes:
    return path.read_bytes()


def _read(path: Path) -> tuple[str, list[str]]:
    """Digest of a file as this process first read it, and the names of the modules that it imports.

    Raises:
        InvalidSettings: it is no Python.
    """
    return _parsed_file(path, _content(path))


def _read_now(path: Path) -> tuple[str, list[str]]:
    return _parsed_file(path, path.read_bytes())


def _read_if_python(path: Path) -> tuple[str, list[str]]:
    """`_read`, but nothing of a file that is no Python: it is an error only where it is used."""
    try:
        return _read(path)
    except InvalidSettings:
        return "", []


def _parsed_file(path: Path, content: bytes) -> tuple[str, list[str]]:
    try:
        return _parsed(content)
    except SyntaxError as error:
        raise InvalidSettings(with_line(path, error)) from None


@cache
def _parsed(content: bytes) -> tuple[str, list[str]]:
    tree = parse(content)
    names = imported(tree)
    return hashlib.sha256(dumped(without_docstrings(tree)).encode()).hexdigest(), names


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
    _follow(_modules_outside(), (root, *outside()), include=lambda name: True, strict=False)


def _modules_outside() -> Iterator[str]:
    """Modules at the top of each competition of one's own, and of its methods."""
    for place in outside():
        for contract in place.glob("*/competition.py"):
            folder = contract.parent
            yield from (f"tasks.{folder.name}.{file.stem}" for file in folder.glob("[!_]*.py"))
            yield from (
                f"tasks.{folder.name}.{method.parent.name}.{file.stem}"
                for method in folder.glob("*/training.py")
                for file in method.parent.glob("[!_]*.py")
            )


def edited(names: Iterable[str], root: Path = ROOT) -> list[str]:
    """The modules whose code on the disk differs from what this process first read."""
    paths = {name: _file(name, (root, *outside())) for name in names}
    return [name for name, path in paths.items() if path and _read(path) != _read_now(path)]


def decides_results(name: str) -> bool:
    """Whether a module of our packages belongs into keys."""
    parts = name.split(".")
    return parts[:2] != ["tasks", "core"] and parts[-1] != "config"


def imported(tree: ast.AST) -> list[str]:
    """Names of modules that are imported anywhere in a syntax tree; `from a import b` gives `a` and `a.b`.

    Relative imports keep their dots: `from . import b` gives `.b`.
    """
    names: list[str] = []
    for node in _statements(tree):
        if isinstance(node, ast.Import):
            names.extend(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            names.extend([module] if node.module else [])
            dot = "." if node.module else ""
            names.extend(f"{module}{dot}{alias.name}" for alias in node.names)
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


def _file(name: str, places: tuple[Path, ...]) -> Path | None:
    """The file of a module; None for a package (its `__init__` is empty) and for a name inside a module.

    `places` are the root of our packages and the folders of competitions of one's own.
    """
    package, *inner = name.split(".")
    folders = [places[0] / package, *(places[1:] if package == "tasks" else ())]
    paths = (folder.joinpath(*inner).with_suffix(".py") for folder in folders if inner)
    return next((path for path in paths if path.is_file()), None)


@cache
def _known_file(name: str, places: tuple[Path, ...]) -> Path | None:
    """The file of a module as this process first found it."""
    return _file(name, places)
