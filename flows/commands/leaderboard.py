"""`podium submissions` and `podium submissions list`: a table of submissions, and the same as a page."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from flows import json_output
from flows.console import aligned, inform, say
from flows.json_output import Json, say_json
from tasks.core import locations
from tasks.core.errors import UserError
from tasks.core.locations import display_path

IS_NAME = re.compile(r"[\w.-]+")
HtmlFile = Annotated[
    Path | None, typer.Option("--html", metavar="FILE", help="Also write a page with a plot of the history.")
]


def overview(
    context: typer.Context,
    competition: Annotated[
        str | None, typer.Option("--competition", "-c", help="Only submissions of this competition.")
    ] = None,
    html: HtmlFile = None,
    as_json: Json = False,
) -> None:
    """List, show and compare submissions, check files, record public scores; without a command, list."""
    if context.invoked_subcommand is None:
        show(competition, html=html, as_json=as_json)


def list_(
    competition: Annotated[str | None, typer.Argument(help="Only submissions of this competition.")] = None,
    html: HtmlFile = None,
    as_json: Json = False,
) -> None:
    """List submissions, newest first: out-of-fold and public scores, and what changed since the last."""
    show(competition, html=html, as_json=as_json)


def show(competition: str | None, *, html: Path | None = None, as_json: bool = False) -> None:
    """Print a table for each competition, and write the page if a file is given.

    Raises:
        InvalidSettings: there is neither a competition of this name nor a folder of its submissions.
    """
    from tasks.core.competition import raise_if_unknown
    from tasks.core.submissions import leaderboard, submissions

    root = locations.submissions_folder()
    if competition is not None and not (IS_NAME.fullmatch(competition) and (root / competition).is_dir()):
        raise_if_unknown(competition)
    entries = submissions.listed(root, competition)
    if not entries:
        inform(f"no submissions{f' of {competition}' if competition else ''} in {root}")
    names = dict.fromkeys(each.folder.parent.name for each in entries)
    boards = {
        name: leaderboard.entries([each for each in entries if each.folder.parent.name == name])
        for name in names
    }
    if as_json:
        found = {name: _agreement(name, board) for name, board in boards.items()}
        say_json("submissions list", json_output.submissions(boards, found, root))
    agreements = {name: _agreement_text(name, board) for name, board in boards.items()}
    if entries and not as_json:
        say("\n\n".join(_table(name, board, agreements[name]) for name, board in boards.items()))
    if html and entries:
        _write_page(html, boards, agreements)
        inform(f"written to {display_path(html.absolute())}")


def _agreement(competition: str, entries: Sequence[Any]) -> Any:
    from tasks.core.submissions.leaderboard import agreement
    from tasks.core.submissions.public_scores import higher_is_better

    if _recorded(entries) < 2:
        return None  # without importing the competition
    return agreement(entries, public_higher_is_better=higher_is_better(competition))


def _agreement_text(competition: str, entries: Sequence[Any]) -> str:
    from tasks.core.submissions.leaderboard import agreement_text

    return agreement_text(_agreement(competition, entries), recorded=_recorded(entries))


def _recorded(entries: Sequence[Any]) -> int:
    return sum(entry.public is not None for entry in entries)


def _table(competition: str, entries: Sequence[Any], agreement: str) -> str:
    """The entries as aligned columns, with one for the validation part if any has a score on it."""
    from tasks.core.submissions.public_scores import meaning

    metric = next((entry.metric for entry in entries if entry.metric), "")
    validated = any(entry.validation for entry in entries)
    header = ["submission", "when (UTC)", metric or "out of fold", *(["validation"] if validated else [])]
    rows = [
        [
            f"{competition}/{entry.name}",
            f"{entry.when:%Y-%m-%d %H:%M}" if entry.when else "",
            _estimate(entry.score),
            *([_estimate(entry.validation)] if validated else []),
            "" if entry.public is None else f"{entry.public:g}",
            entry.changed,
        ]
        for entry in entries
    ]
    text = f"{aligned([[*header, 'public', 'changed since the one before'], *rows])}\n{agreement}"
    return f"{text}\nPublic: {meaning(competition)}." if _recorded(entries) else text


def _estimate(score: Any) -> str:
    return f"{score.value:.4f} ± {score.standard_error:.4f}" if score else ""


def _write_page(file: Path, boards: dict[str, Any], agreements: dict[str, str]) -> None:
    from tasks.core.cache.store import write_atomically
    from tasks.core.report.page import render
    from tasks.core.submissions.public_scores import higher_is_better
    from tasks.learning.report.leaderboard_section import section

    sections = [
        section(name, board, agreements[name], public_higher_is_better=higher_is_better(name))
        for name, board in boards.items()
    ]
    count = sum(map(len, boards.values()))
    facts = [("Submissions", f"{count:,}"), *((name, _best(board)) for name, board in boards.items())]
    try:
        write_atomically(file.absolute(), render("Submissions", "", sections, facts=facts).encode())
    except OSError as error:
        raise UserError(f"--html: expected a file that can be written, received {file} ({error})") from None


def _best(entries: Sequence[Any]) -> str:
    """The best out-of-fold score."""
    scored = [entry for entry in entries if entry.score]
    if not scored:
        return "no score"
    best = max(scored, key=lambda each: each.score.value if each.higher_is_better else -each.score.value)
    return f"best {best.metric} {best.score.value:.4f}"
