"""`podium new` and `podium demo`: a competition of one's own, and made-up raw files to try one with."""

import keyword
import os
import shlex
import unicodedata
from pathlib import Path
from typing import Annotated

import typer

from flows.commands.options import Competition
from flows.console import aligned, say
from tasks.core import locations
from tasks.core.errors import InvalidSettings

PREFIX = "my_"
"""Names of the templates' folders begin with it; a competition's name takes the place of the whole."""
MOST_CHARACTERS = 64
"""Of a name: files whose names are longer, in up to 4 bytes a character, fit on every disk."""
COPIED = (".py", ".toml", ".md")


def new(
    name: Annotated[str, typer.Argument(help="Name of the competition: small letters, digits and _.")],
    like: Annotated[str, typer.Option(help="What its records are: images, table or texts.")] = "images",
    folder: Annotated[
        Path | None,
        typer.Option(help="Where to make it; else the first of $PODIUM_COMPETITIONS, else competitions/."),
    ] = None,
    metric: Annotated[str, typer.Option(help="Name of a metric of scikit-learn.")] = "accuracy",
) -> None:
    """Write a folder with a whole competition, which runs as it is, with comments where to change it."""
    from tasks.learning.classification.metric import check_name

    check_name(metric)
    parent = _parent(folder)
    written = create(name, like, parent, metric=metric)
    say(f"wrote {locations.display_path(written)}/, which runs as it is:\n")
    if parent not in locations.competitions_folders():
        say(f"  export PODIUM_COMPETITIONS={shlex.quote(str(parent))}    # so that the commands find it\n")
    lines = [
        (f"podium demo {name}", "make up raw files"),
        (f"podium run {name} --preset demo", "from these to a checked submission"),
        (f"podium check {name}", f"your own raw files, in data/{name} or --set data.root=FOLDER"),
        (f"podium run {name} --preset quick", "from these to a submission, with two folds"),
    ]
    say(aligned([("", f"{command}  ", f"# {purpose}") for command, purpose in lines]))
    say("\nEach file says at its head what it is for and what to fill in.")


def demo(
    competition: Competition,
    folder: Annotated[Path | None, typer.Argument(help="Where; else where its demo preset reads.")] = None,
) -> None:
    """Write made-up raw files for a competition's demo preset."""
    from tasks.core.competition import find, module_of
    from tasks.core.settings.resolve import resolve

    find(competition)
    root = locations.expand(folder or resolve(competition, preset="demo").data.root)  # type: ignore[attr-defined]
    module_of(competition, "demo").write(root)
    say(f"wrote {locations.display_path(root)}; podium run {competition} --preset demo reads it")


def create(name: str, like: str, parent: Path, *, metric: str = "accuracy") -> Path:
    """Write the folder of a new competition, whole or not at all, and return it.

    Raises:
        InvalidSettings: the name cannot be one or is taken, there is no such template, or no folder for it.
    """
    from tasks.core.contract.files import defined
    from tasks.core.contract.folders import competition_names, is_taken
    from tasks.core.files.temporary import hidden_folder

    known = templates()
    if not known:
        raise InvalidSettings("--like: this installation lacks the templates; install Podium from its wheel")
    if like not in known:
        raise InvalidSettings(f"--like: expected one of {', '.join(sorted(known))}, received {like!r}")
    if not _is_module_name(name):
        raise InvalidSettings(
            f"name: expected at most {MOST_CHARACTERS} small letters, digits and _, a letter first, "
            f"received {name[: MOST_CHARACTERS + 1]!r}"
        )
    bound = defined(known[like] / "flow.py") - {known[like].name}  # the flow's function has the name too
    if is_taken(name) or name in competition_names() or name in bound:
        raise InvalidSettings(
            f"name: {name} is that of a competition or of a module of Podium; choose another"
        )
    target = parent / name
    if os.path.lexists(target):
        raise InvalidSettings(f"{target}: expected nothing of this name, received a file or folder")
    parent.mkdir(parents=True, exist_ok=True)
    with hidden_folder(target) as temporary:
        written = temporary / "written"
        _copy(known[like], written, name)
        file = written / "metric.py"
        text = file.read_text("utf-8")
        file.write_text(text.replace('METRIC = "accuracy"', f'METRIC = "{metric}"'), "utf-8")
        written.rename(target)
    return target


def _is_module_name(name: str) -> bool:
    """Whether a module can have the name, and code can import it: Python reads `ﬁ` as `fi`."""
    is_plain = name == name.lower() == unicodedata.normalize("NFKC", name) and not name.startswith("_")
    return name.isidentifier() and not keyword.iskeyword(name) and is_plain and len(name) <= MOST_CHARACTERS


def templates() -> dict[str, Path]:
    """Folders of the templates that come with Podium, by what their records are."""
    folder = locations.shipped_folder("conf/templates")
    found = sorted(folder.glob(f"{PREFIX}*/competition.py")) if folder else []
    return {file.parent.name.removeprefix(PREFIX): file.parent for file in found}


def _copy(template: Path, target: Path, name: str) -> None:
    for file in sorted(template.rglob("*")):
        if file.is_file() and file.suffix in COPIED and "__pycache__" not in file.parts:
            place = target / str(file.relative_to(template)).replace(template.name, name)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(file.read_text("utf-8").replace(template.name, name), "utf-8")


def _parent(folder: Path | None) -> Path:
    """Where to make a competition: where the other commands will find it."""
    if folder is not None:
        return locations.named_folder("--folder", str(folder))
    known = locations.competitions_folders()
    return known[0] if known else locations.root() / "competitions"
