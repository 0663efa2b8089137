"""What files and servers of others cannot do: run code, leave an archive, reach this machine.

What their contents are refused for is tested where they are read; here are the rules that no code may break.
"""

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted(path for package in ("flows", "tasks") for path in (ROOT / package).rglob("*.py"))
UNPICKLING = {"pickle", "cPickle", "_pickle", "cloudpickle", "dill", "joblib", "shelve", "yaml"}
"""Modules whose reading functions run what a file says."""
UNSAFE_CALLS = {"eval", "exec", "enable_unsafe_deserialization", "extractall", "unpack_archive"}
UNSAFE_OPTIONS = {
    "allow_pickle": False,
    "safe_mode": True,
    "shell": False,
    "trust_remote_code": False,
    "weights_only": True,
}
"""The only value with which an option may be given; all are the default where it matters."""
EXTRACTS = {"flows/bundling/predict_script.py"}
"""Unpacks a bundle's own files, whose names its manifest holds and which stay in their folder."""


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@functools.cache
def nodes(path: Path) -> list[ast.AST]:
    return list(ast.walk(ast.parse(path.read_text("utf-8"))))


def calls(path: Path) -> Iterator[ast.Call]:
    return (node for node in nodes(path) if isinstance(node, ast.Call))


def called(call: ast.Call) -> str:
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def test_no_code_reads_pickles() -> None:
    found = {
        (name(path), module)
        for path in SOURCES
        for node in nodes(path)
        for module in (
            [each.name for each in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
        if module.partition(".")[0] in UNPICKLING
    }
    assert found == set()


def test_nothing_runs_or_unpacks_what_a_file_holds() -> None:
    found = {
        (name(path), called(call)) for path in SOURCES for call in calls(path) if called(call) in UNSAFE_CALLS
    }
    assert found == set()
    extracting = {name(path) for path in SOURCES for call in calls(path) if called(call) == "extract"}
    assert extracting <= EXTRACTS


def test_no_option_switches_a_check_off() -> None:
    found = {
        (name(path), each.arg, ast.unparse(each.value))
        for path in SOURCES
        for call in calls(path)
        for each in call.keywords
        if each.arg in UNSAFE_OPTIONS and ast.unparse(each.value) != str(UNSAFE_OPTIONS[each.arg])
    }
    assert found == set()


def test_servers_listen_on_this_machine_alone() -> None:
    anywhere = re.compile(r"""["']0\.0\.0\.0["']|(host|address)\w*=["'](::)?["']|bind\(\(["'](::)?["']""")
    assert [name(path) for path in SOURCES if anywhere.search(path.read_text("utf-8"))] == []
    spawn = (ROOT / "flows/runtime/local_server.py").read_text("utf-8")
    assert '"--host", "127.0.0.1"' in spawn
    assert "start(webserver=False)" in (ROOT / "flows/scheduling/serve.py").read_text("utf-8")


def test_commands_print_in_one_way() -> None:
    """`say` and `inform` make text printable; a bare `print` does not."""
    places = ("flows/commands", "flows/scheduling", "flows/runtime", "flows/console.py")
    found = [name(path) for path in SOURCES for call in calls(path) if called(call) == "print"]
    assert {each for each in found if each.startswith(places)} <= {"flows/console.py"}
