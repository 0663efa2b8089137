"""A mutated input: what it is, what Podium must do with it, and how it is tried."""

import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from typing import Literal, NamedTuple

Expected = Literal["refused", "accepted", "either"]


class Input(NamedTuple):
    """One input."""

    name: str
    """What was changed, in a few words."""
    expected: Expected
    act: Callable[[], object]
    """Tries it: returns if it is accepted, raises SystemExit(2) or a UserError if it is refused."""


class Place:
    """Where the inputs of a worker lie: templates, which are made once, and a folder for each input."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._templates: dict[str, Path] = {}
        self.folder = root / "input"

    def template(self, name: str, make: Callable[[Path], object]) -> Path:
        """A folder that is made once."""
        if name not in self._templates:
            make(self.root / name)
            self._templates[name] = self.root / name
        return self._templates[name]

    def copy(self, name: str, make: Callable[[Path], object]) -> Path:
        """A copy of a template for this input alone."""
        return Path(shutil.copytree(self.template(name, make), self.folder / name))

    def clear(self) -> None:
        """Delete the last input's folder and make an empty one."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)


Maker = Callable[[Place, Random], Input]


def podium(*arguments: str, environment: Mapping[str, str] | None = None) -> Callable[[], None]:
    """The command line with these arguments and variables, in this process."""

    def act() -> None:
        from flows.__main__ import app

        before = dict(os.environ)
        os.environ.update(environment or {})
        try:
            app(list(arguments), prog_name="podium")
        except SystemExit as end:
            if end.code:
                raise
        finally:
            os.environ.clear()
            os.environ.update(before)

    return act
