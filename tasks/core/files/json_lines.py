"""Read whole files of JSON lines that Podium has written."""

import json
from pathlib import Path
from typing import Any


def read_json_lines(file: Path) -> list[Any]:
    """The value on each line; as one list they are parsed in a quarter of the time that one by one takes."""
    # Split at line feeds only: texts may hold characters that `splitlines` takes for line ends.
    lines = file.read_text("utf-8").split("\n")[:-1]
    values: list[Any] = json.loads(f"[{','.join(lines)}]")
    return values
