"""What steps need of a competition's folder, checked before a run in one message.

`PROMISES` is the list of the contract files with the function that each must have and who calls it. Files are
looked for and read, not executed, so that one message names everything that is missing.
"""

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from tasks.core.cache.python_syntax import parse, with_line
from tasks.core.errors import InvalidSettings, UserError


class Promise(NamedTuple):
    """A function or class that a contract file must have."""

    file: str
    name: str
    use: str
    """Who uses it, and how."""
    optional: bool = False


PROMISES = (
    Promise("competition", "COMPETITION", "steps find the competition's functions in it"),
    Promise("config", "Config", "its fields are the settings of a run"),
    Promise("data", "load", "step load calls data.load(settings, part, folder)"),
    Promise("dataset", "fold_key", "step split calls dataset.fold_key(dataset)"),
    Promise("dataset", "ids", "step decode calls dataset.ids(dataset, part)"),
    Promise("overlap", "overlap", "step compare calls overlap.overlap(dataset)"),
    Promise("comparison", "features", "step compare calls comparison.features(dataset, part)"),
    Promise("comparison", "excerpt", "step compare calls comparison.excerpt(dataset, part, rows)"),
    Promise("training", "build", "step train calls training.build(job)"),
    Promise("predict", "predict", "step predict calls predict.predict(job)"),
    Promise("metric", "scorer", "step gather calls metric.scorer(dataset, part, settings)"),
    Promise("submission", "decode", "step decode calls submission.decode(pieces, dataset, decision)"),
    Promise("submission", "write", "step decode calls submission.write(ids, answers, file)"),
    Promise("submission", "check", "step decode calls submission.check(file, ids, dataset)"),
    Promise("report", "sections", "step report calls report.sections(material)"),
    Promise("suggest", "suggest", "podium search calls suggest.suggest(trial, config)"),
    Promise("views", "augment", "step augment calls views.augment(job)", optional=True),
    Promise("encode", "encode", "step encode calls encode.encode(job)", optional=True),
    Promise("language_model", "pretrain", "step pretrain calls language_model.pretrain(job)", optional=True),
    Promise(
        "member_form", "member_form", "podium members calls member_form.member_form(dataset)", optional=True
    ),
)
SETTINGS = ("data", "folds", "seed", "recipes", "blend", "run")
"""Fields that every `Config` has."""


def imported(competition: str, folder: Path, file: str) -> ModuleType:
    """The module `file` of a competition.

    Raises:
        InvalidSettings: the folder lacks something that steps need, or the module of a competition that does
            not come with Podium cannot be imported.
    """
    try:
        return import_module(f"tasks.{competition}.{file}")
    except UserError:
        raise
    except (Exception, SystemExit) as error:
        if problems := missing(competition, folder):
            raise InvalidSettings(_message(competition, folder, problems)) from None
        if place := _place(error, folder):
            raise InvalidSettings(f"{place}: {type(error).__name__}: {error}") from error
        raise


def check_files(competition: str, folder: Path) -> None:
    """Check that the folder has what steps need; tests do so for those that come with Podium.

    Raises:
        InvalidSettings: with all that is missing.
    """
    if problems := missing(competition, folder):
        raise InvalidSettings(_message(competition, folder, problems))


def check_used(competition: str, folder: Path, used: Iterable[str]) -> None:
    """Check that a competition has these files, though they are optional: its flow asks for their steps.

    Raises:
        InvalidSettings: with those that are missing.
    """
    lacking = [each for each in PROMISES if each.file in used and not (folder / f"{each.file}.py").is_file()]
    if lacking:
        problems = [f"{each.file}.py: missing; {each.use}, as its flow or a recipe wants" for each in lacking]
        raise InvalidSettings(_message(competition, folder, problems))


def check(competition: str, folder: Path, found: Any, expected: type) -> None:
    """Check that `COMPETITION` is one, of this name, with every function that there is a file for.

    Raises:
        InvalidSettings: it is not.
    """
    problems = list[str]()
    if not isinstance(found, expected):
        problems = [f"competition.py: COMPETITION must be a Competition, received a {type(found).__name__}"]
    elif found.name != competition:  # type: ignore[attr-defined]
        received = found.name  # type: ignore[attr-defined]
        problems = [f"competition.py: name must be that of the folder, {competition!r}, not {received!r}"]
    else:
        problems = [
            f"competition.py: COMPETITION lacks {each.name}={each.file}.{each.name}; {each.use}"
            for each in PROMISES
            if each.optional
            and getattr(found, each.name) is None
            and each.name in _defined_if_there(folder / f"{each.file}.py")
        ]
    if problems:
        raise InvalidSettings(_message(competition, folder, problems))


def _message(competition: str, folder: Path, problems: Iterable[str]) -> str:
    lines = "\n".join(f"  {problem}" for problem in problems)
    return f"competition {competition}: {folder} lacks what steps need:\n{lines}"


@cache
def missing(competition: str, folder: Path) -> tuple[str, ...]:
    """What steps need and the folder does not have, a line each."""
    return tuple(_missing(competition, folder))


def _missing(competition: str, folder: Path) -> Iterator[str]:
    for promise in (*PROMISES, *_flow(competition, folder)):
        file = folder / f"{promise.file}.py"
        if not file.is_file():
            if not promise.optional:
                yield f"{file.name}: missing; {promise.use}"
            continue
        try:
            names = defined(file)
        except SyntaxError as error:
            yield with_line(file.name, error)
            continue
        if promise.name not in names:
            yield f"{file.name}: {promise.name} is missing; {promise.use}"
    package = folder / "__init__.py"
    if package.is_file() and package.read_bytes().strip():
        yield "__init__.py: must be empty; no cache key would notice an edit of its code"


def _flow(competition: str, folder: Path) -> tuple[Promise, ...]:
    """What a competition's flow must be; that of one that comes with Podium lies in `flows`."""
    if folder.parent == Path(__file__).resolve().parents[2]:
        return ()
    return (Promise("flow", competition, f"podium run calls flow.{competition}(config)"),)


def defined(file: Path) -> set[str]:
    """Names that a module binds at its top: functions, classes, values and imports."""
    names = set[str]()
    for node in parse(file.read_bytes()).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {target.id for target in targets if isinstance(target, ast.Name)}
    return names


def _defined_if_there(file: Path) -> set[str]:
    return defined(file) if file.is_file() else set()


def _place(error: BaseException, folder: Path) -> str:
    """`file:line` of the last line in the folder that an error came from; empty if it came from elsewhere."""
    if isinstance(error, SyntaxError) and error.filename and Path(error.filename).is_relative_to(folder):
        return f"{error.filename}{f':{error.lineno}' if error.lineno else ''}"
    place, traceback = "", error.__traceback__
    while traceback:
        file = Path(traceback.tb_frame.f_code.co_filename)
        if file.is_relative_to(folder):
            place = f"{file}:{traceback.tb_lineno}"
        traceback = traceback.tb_next
    return place
