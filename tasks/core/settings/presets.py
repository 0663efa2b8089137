"""Preset files: found by name and read as TOML, with the line of each key for messages."""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from tasks.core.did_you_mean import suggestion
from tasks.core.errors import InvalidSettings
from tasks.core.locations import display_path
from tasks.core.printable import printable
from tasks.core.settings import toml_files
from tasks.core.settings.overrides import SHARED_RECIPE, Location, dotted, merged

MOST_HEADER_BYTES = 1 << 16
_COMMAND = re.compile(r"(\w+=\S* )*(podium|make|python3?) |--\w|\$ ")
"""The beginning of a line of a header that is a command, or options of one."""
_SENTENCE = re.compile(r".+?[.!?](?=\s|$)|.+")


class Preset(NamedTuple):
    """A preset's name, and the comment lines at the head of its file without the `#`."""

    name: str
    header: str

    @property
    def sentence(self) -> str:
        """The first sentence of the header, whose commands are passed over; empty if it has none."""
        words: list[str] = []
        before = ""
        for line in self.header.splitlines():
            is_command = bool(_COMMAND.match(line)) or before.endswith("\\")
            before = line if is_command else ""
            if not (is_command or not line):
                words.append(line)
            elif words:
                break
        found = _SENTENCE.match(" ".join(words))
        return found[0] if found else ""


class PresetFile(NamedTuple):
    """The settings of a file, and the line of each."""

    path: Path
    tree: dict[str, Any]
    lines: Mapping[Location, int]

    def place(self, location: Sequence[str | int]) -> str:
        """`file:line` of the setting, or of the nearest table around it that the file has."""
        for length in range(len(location), 0, -1):
            part = tuple(location[:length])
            shared = (SHARED_RECIPE, *part[2:]) if part[0] == "recipes" and length > 2 else part
            if line := self.lines.get(part, self.lines.get(shared)):
                return f"{display_path(self.path)}:{line}"
        return display_path(self.path)


def listed(folders: Sequence[Path]) -> list[Preset]:
    """Presets in a competition's folders, by name; of equal names that of the first folder."""
    return [Preset(name, _header(_start(file))) for name, file in sorted(_files(folders).items())]


def _files(folders: Sequence[Path]) -> dict[str, Path]:
    """Files by name of the preset."""
    files = (file for folder in reversed(folders) for file in folder.glob("*.toml"))
    return {file.stem: file for file in files if file.is_file()}


def _start(file: Path) -> str:
    """The beginning of a file, with room for its header; nothing of one that cannot be read."""
    with suppress(OSError), file.open("rb") as content:
        return content.read(MOST_HEADER_BYTES).decode("utf-8", "replace")
    return ""


def read(folders: Sequence[Path], name: str) -> PresetFile:
    """Read `<folder>/<name>.toml` of the first folder that has it.

    Raises:
        InvalidSettings: none has it, or it is not valid TOML.
    """
    files = _files(folders)
    if name not in files:
        expected = f"one of {', '.join(map(printable, sorted(files)))}"
        if not files:
            expected = f"a file in {display_path(folders[0])}, which has none"
        raise InvalidSettings(
            f"preset: expected {expected}, received {name!r}{suggestion(name, list(files))}"
        )
    path = files[name]
    text = toml_files.read_text(path)
    try:
        tree = toml_files.parse(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidSettings(_syntax_message(path, text, str(error))) from None
    except toml_files.Unusable as error:
        place = PresetFile(path, {}, dict(_lines(text))).place(error.location)
        key = dotted(error.location)
        raise InvalidSettings(f"{place}: {key and f'{key}: '}{error}") from None
    return PresetFile(path, with_shared_recipe(tree), dict(_lines(text)))


def _syntax_message(path: Path, text: str, message: str) -> str:
    """A message with file and line; the parser's ends in `(at line 3, column 5)` or `(at end …)`."""
    lines = text.splitlines() or [""]
    reason, _, _ = message.rpartition(" (at ")
    match = re.search(r"\(at line (\d+), column (\d+)\)$", message)
    if match is None:
        place = f"{display_path(path)}:{len(lines)}"
        return f"{place}: expected valid TOML, received the end of the file ({reason})"
    line, column = int(match[1]), int(match[2])
    received = f"{lines[min(line, len(lines)) - 1].strip()!r} ({reason}, column {column})"
    return f"{display_path(path)}:{line}: expected valid TOML, received {received}"


def _header(text: str) -> str:
    lines: list[str] = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.removeprefix("#").strip())
    return "\n".join(lines)


def with_shared_recipe(tree: dict[str, Any]) -> dict[str, Any]:
    """The tree of a preset, whose `[recipe]`, if any, is merged into each of its `[[recipes]]`."""
    shared, recipes = tree.get(SHARED_RECIPE), tree.get("recipes")
    if not isinstance(shared, dict) or not isinstance(recipes, list):
        return tree
    recipes = [merged(shared, each) if isinstance(each, dict) else each for each in recipes]
    return {key: value for key, value in tree.items() if key != SHARED_RECIPE} | {"recipes": recipes}


_TABLE = re.compile(r"\s*(\[\[?)([^\[\]]+)\]\]?\s*(#.*)?$")
_KEY = re.compile(r"""\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")


def _lines(text: str) -> Iterator[tuple[Location, int]]:
    """Tables and keys with their lines; lines inside a value of several lines may be taken for keys."""
    counts: dict[Location, int] = {}
    table: Location = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if match := _TABLE.match(line):
            table = _within_arrays(_keys(match[2]), counts)
            if match[1] == "[[":
                counts[table] = counts.get(table, -1) + 1
                if counts[table] == 0:
                    yield table, number
                table = (*table, counts[table])
            yield table, number
        elif match := _KEY.match(line):
            yield (*table, *_keys(match[1])), number


def _keys(dotted: str) -> list[str]:
    return [part.strip().strip("\"'") for part in dotted.split(".")]


def _within_arrays(keys: Sequence[str], counts: Mapping[Location, int]) -> Location:
    """The keys with the index of the last `[[recipes]]` so far put in: `[recipes.head]` belongs to it."""
    location: Location = ()
    for position, key in enumerate(keys):
        location = (*location, key)
        if location in counts and position < len(keys) - 1:
            location = (*location, counts[location])
    return location
