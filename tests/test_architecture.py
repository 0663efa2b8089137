"""Rules of the code that no single file can keep: directions of imports, sizes, what is loaded when."""

import ast
import re
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.core.cache import source_code as code
from tasks.core.competition import competition_names

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("flows", "tasks")
MOST_FILES = 25
"""Source files that a folder shows a reader at once."""
HEAVY = (
    *("tensorflow", "keras", "albumentations", "cv2", "matplotlib", "sklearn", "pandas", "scipy"),
    *("distributed", "ray", "prefect"),
)
LISTED = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def run(*command: str) -> str:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def tracked() -> list[Path]:
    """Files of the repository, new ones too; outside a checkout those of the packages and the tests."""
    try:
        listing = run("git", "ls-files", "--cached", "--others", "--exclude-standard")
    except (AssertionError, FileNotFoundError):
        return [*LISTED, *(ROOT / "tests").rglob("*.py")]
    return [path for line in listing.splitlines() if (path := ROOT / line).is_file()]


def test_imports_run_in_one_direction() -> None:
    code = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    assert "0 broken" in run(sys.executable, "-c", code)


def test_the_rule_of_directions_names_every_step_and_every_competition() -> None:
    layers = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    named = {each for layer in layers[0]["layers"] for each in layer.split(" | ")}
    steps = {f"tasks.{path.stem}" for path in (ROOT / "tasks").glob("*.py") if path.stem != "__init__"}
    assert steps | {f"tasks.{competition}" for competition in competition_names()} <= named


def imports_of_modules() -> dict[str, set[str]]:
    """Modules of ours that each module of ours imports, wherever the import stands."""
    modules = {
        name(path).removesuffix(".py").replace("/", "."): path for path in LISTED if path.stem != "__init__"
    }
    trees = {module: ast.parse(path.read_bytes()) for module, path in modules.items()}
    return {module: set(code.imported(tree)) & modules.keys() - {module} for module, tree in trees.items()}


def test_no_modules_import_each_other_in_a_circle() -> None:
    """Remove modules that import nothing that is left; what cannot be removed is a circle or rests on one."""
    left = imports_of_modules()
    while free := {module for module, found in left.items() if not found & left.keys()}:
        left = {module: found for module, found in left.items() if module not in free}
    assert left == {}


def test_no_folder_shows_too_many_files() -> None:
    counts = Counter(path.parent for path in LISTED if path.stem != "__init__")
    assert {name(folder): count for folder, count in counts.items() if count > MOST_FILES} == {}


def test_a_class_name_is_used_once() -> None:
    """A search for a public class finds one class; contract files may repeat the names of the contract."""
    files: dict[str, list[str]] = {}
    for path in LISTED:
        for node in ast.parse(path.read_bytes()).body:
            if isinstance(node, ast.ClassDef) and path.stem != "config":
                files.setdefault(node.name, []).append(name(path))
    assert {each: found for each, found in files.items() if len(found) > 1} == {}


@pytest.mark.parametrize("path", LISTED, ids=name)
def test_every_file_says_what_it_is_for(path: Path) -> None:
    text = path.read_text("utf-8")
    assert not text if path.name == "__init__.py" else ast.get_docstring(ast.parse(text))


def test_packages_have_an_init_file() -> None:
    """Code digests find modules by their path; so must imports, also where it is installed."""
    folders = {path.parent for path in LISTED}
    assert [name(folder) for folder in folders if not (folder / "__init__.py").is_file()] == []


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative import: the digest of the code would not follow it"
            yield node.module or ""


@pytest.mark.parametrize("path", LISTED, ids=name)
def test_imports_are_absolute(path: Path) -> None:
    assert "" not in set(imported(ast.parse(path.read_bytes())))


def test_the_digest_of_the_code_sees_every_import() -> None:
    """`import_module` hides what it imports; each use of it is known, and no result rests on it."""
    users = {name(path) for path in LISTED if "import_module(" in path.read_text("utf-8")}
    known = {
        "tasks/core/competition.py",
        "tasks/core/contract/files.py",
        "tasks/core/execution/child_process.py",
        "tasks/learning/estimators/class_names.py",
    }
    assert {user for user in users if user.startswith("tasks/")} <= known


def is_validator(function: ast.FunctionDef) -> bool:
    return any("validator" in ast.unparse(decorator) for decorator in function.decorator_list)


def test_nothing_below_flows_calls_a_function_of_a_config_module() -> None:
    """Keys leave config modules out, so steps may execute only validators, and what these call."""
    settings = [path for path in LISTED if path.name == "config.py"]
    nodes = [node for path in settings for node in ast.walk(ast.parse(path.read_bytes()))]
    functions = {n.name for n in nodes if isinstance(n, ast.FunctionDef) and not is_validator(n)}
    assert functions >= {"for_training", "for_prediction", "reads_words"}
    for path in LISTED:
        if path.is_relative_to(ROOT / "tasks") and path not in settings:
            nodes = list(ast.walk(ast.parse(path.read_bytes())))
            names = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
            names |= {node.id for node in nodes if isinstance(node, ast.Name)}
            assert not names & functions, name(path)


@pytest.mark.parametrize(
    "code",
    [
        *(f"import flows.{name}" for name in competition_names()),
        *(f"from tasks.core.competition import find; find({name!r})" for name in competition_names()),
        *(f"import tasks.{name}.demo" for name in competition_names()),
        "import flows.budget.plan, flows.budget.accepting",
        "import flows.__main__, flows.commands.runs, flows.commands.submissions",
        "from tasks.core.context import run_id; assert run_id() is None",
    ],
)
def test_nothing_heavy_is_loaded_before_work_begins(code: str) -> None:
    told = run(sys.executable, "-c", f"{code}\nimport sys\nprint([n for n in {HEAVY} if n in sys.modules])")
    assert told.splitlines()[-1] == "[]"


INDEX_HOSTS = ("pypi" + ".org", "pythonhosted" + ".org", "conda" + ".anaconda")
OWN_PLACES = re.compile(r"(?<![\w.$}])/(?:home|root|work|Users|tmp/(?!pytest))/?\w+")


def test_no_file_names_a_package_index_or_a_place_on_one_machine() -> None:
    found = []
    for path in tracked():
        text = path.read_bytes().decode("utf-8", "ignore")
        found += [f"{name(path)}: {host}" for host in INDEX_HOSTS if host in text]
        if path.suffix in (".py", ".toml", ".md", ".j2") and path != Path(__file__).resolve():
            found += [f"{name(path)}: {place}" for place in OWN_PLACES.findall(text)]
    assert found == []
