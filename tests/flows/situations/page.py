"""The table of situations as a page for people: `python -m tests.flows.situations.page` writes it."""

from collections.abc import Iterable
from pathlib import Path

from tests.flows.situations.areas import AREAS
from tests.flows.situations.stopping import STOPS

FILE = Path(__file__).resolve().parents[3] / "flows" / "situations.md"
HEAD = """# Situations

What commands print and how they end, from a mistyped name to a stopped run. Each row is a test: its command
is typed as it stands here, and these parts are in what it prints, each once. `DATA`, `OWN`, `CONF`, `STORE`
and `SUBMISSIONS` are folders, `FILE` is a file, `NOWHERE` is not there, `PID` is a process; of `{run,plan}`
each prints the same. Runs are those of a short flow. With exit code 2 nothing is on stdout.

This page is written by `python -m tests.flows.situations.page`.
"""


def page() -> str:
    """The whole page."""
    tables = [
        f"## {title}\n\n"
        + _table(
            ("situation", "command", "it prints", "exit code"),
            ((each.what, _code(each.command), _codes(each.prints), str(each.code)) for each in situations),
        )
        for title, situations in AREAS.items()
    ]
    stops = _table(
        ("what stops a run", "it prints", "exit code", "Prefect shows run and steps as"),
        ((each.what, _codes(each.prints), str(each.code) * each.is_said, each.state) for each in STOPS),
    )
    return "\n".join([HEAD, *tables, f"## Stops\n\n{stops}"])


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [" | ".join(row) for row in (head, ("---",) * len(head), *rows)]
    return "".join(f"| {line} |\n" for line in lines)


def _codes(texts: Iterable[str]) -> str:
    return "<br>".join(_code(text.removeprefix("podium: ")) for text in texts)


def _code(text: str) -> str:
    """A text as code in a cell; one with the mark of code in it is set between two of them."""
    mark = "``" if "`" in text else "`"
    return f"{mark}{text.strip()}{mark}".replace("|", "\\|")


if __name__ == "__main__":
    FILE.write_text(page(), "utf-8")
