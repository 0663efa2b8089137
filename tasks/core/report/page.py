"""A report as a list of sections, and its rendering to one self-contained HTML file.

The file loads nothing and runs no script, so that it can be mailed, archived, and opened years later.
`tasks.core.report.markdown` renders the same sections where HTML is not shown.
"""

import re
from base64 import b64encode
from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from tasks.core.competition import Score, Scores
from tasks.core.dataset import Dataset
from tasks.core.printable import printable_lines
from tasks.core.report import formatting

SHORT, LONG = 24, 50
"""Characters of a column's longest text up to which it stays on one line, or above which it gets room."""
NARROW_PIXELS, LEAST_SCALE = 560, 0.6
"""Charts up to this width shrink to this share on a phone; in wider ones texts would become too small."""
LEVELS = 5
"""Shades of weights in each direction."""
LEAST_WEIGHT = 0.01
"""Where no weight is larger, this one has the deepest shade: what decides nothing stays pale."""
TEMPLATE = Path(__file__).with_name("report.html.j2")


class Text(NamedTuple):
    """A paragraph of plain text without markup."""

    text: str


class TableBlock(NamedTuple):
    """Rows of values; columns that hold only numbers are aligned to the right."""

    columns: list[str]
    rows: list[list[Any]]
    caption: str = ""


class Chart(NamedTuple):
    """One drawing in two forms: SVG for the page, PNG where SVG is not shown."""

    svg: str
    png: bytes
    caption: str = ""


class Picture(NamedTuple):
    """A photograph, as PNG or JPEG bytes."""

    data: bytes
    caption: str = ""
    detail: str = ""
    """May have several lines."""


class Pictures(NamedTuple):
    """Photographs side by side, as many a row as the page has room for."""

    items: list[Picture]
    caption: str = ""
    width_pixels: int = 160
    """Least width of a picture on the page."""


class Weighed(NamedTuple):
    """Texts whose characters are underlaid by their weights, orange for and blue against something."""

    texts: list[tuple[str, list[str], list[float]]]
    """Name, characters or other tokens, and as many weights, of each text."""
    caption: str = ""
    detail: str = ""


Block = Text | TableBlock | Chart | Pictures | Weighed


class Section(NamedTuple):
    """A heading and the blocks under it."""

    title: str
    blocks: list[Block]


class SeedScores(NamedTuple):
    """Out-of-fold scores of a member whose trainings differ in their seed alone."""

    averaged: Score
    """Of the mean of their predictions."""
    single: list[Score]
    """Of each seed by itself."""


class Material(NamedTuple):
    """The data of a report; training records are in the dataset's order."""

    dataset: Dataset
    """All parts, and notes on them."""
    folds: np.ndarray
    """(n,) integers: the fold in which a training record is held out."""
    members: dict[str, Scores]
    """Out-of-fold scores of each member."""
    blended: Scores
    """Out-of-fold scores of the ensemble."""
    weights: dict[str, float]
    """Each member's share of the ensemble."""
    score: Callable[[Scores], Score]
    """The official metric of scores for any part of the training records."""
    histories: dict[str, list[dict[str, Any]]]
    """Epochs of each training, by "member, fold f" or, of several, "member, fold f seed s"; for the keys see
    `tasks.learning.report.charts`."""
    steps: list[dict[str, Any]]
    """`step`, `label`, `state` and `seconds` of each step, in the order of the run."""
    config: dict[str, Any]
    """Resolved settings as JSON."""
    validation: dict[str, Score] = {}
    """Scores of the competition's own validation part by member, and under "blend"; empty without one."""
    blended_validation: Scores | None = None
    """The ensemble's scores of that part."""
    nested: Score | None = None
    """Score of weights that are chosen without the fold they are scored on; None if they were not."""
    seeds: dict[str, SeedScores] = {}
    """Scores of seeds by member, of those with several."""
    soup: dict[str, Any] | None = None
    """Of a single member whose weights are the mean of others': what was averaged; else None."""
    models: dict[str, Path] = {}
    """The folder of each training's model, by the names of `histories`."""


def render(
    title: str, subtitle: str, sections: Sequence[Section], *, facts: Sequence[tuple[str, str]] = ()
) -> str:
    """The report as one HTML file; `facts` are short names and values under the title."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True,
        finalize=_printable,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    shown = [
        {
            "anchor": f"{number}-{_slug(section.title)}",
            "title": section.title,
            "blocks": [_html_block(block) for block in section.blocks],
        }
        for number, section in enumerate(sections, 1)
    ]
    return template.render(title=title, subtitle=subtitle, facts=list(facts), sections=shown)


def _printable(value: Any) -> Any:
    """A value that the template shows; its markup is then escaped."""
    return printable_lines(value) if isinstance(value, str) else value


def _slug(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")


def _html_block(block: Block) -> dict[str, Any]:
    """The fields of a block for the template, all values as text."""
    match block:
        case Text(text):
            return {"kind": "text", "text": text}
        case TableBlock(columns, rows, caption):
            lines, numeric = columns_of(rows, len(columns))
            kinds = _kinds(columns, lines, numeric)
            heads = list(zip(columns, kinds, strict=True))
            body = [list(zip(line, kinds, strict=True)) for line in lines]
            return {"kind": "table", "heads": heads, "lines": body, "caption": caption}
        case Chart(svg, _, caption):
            data = uri("svg+xml", svg.encode())
            width = _width_pixels(svg)
            least = width if width > NARROW_PIXELS else round(LEAST_SCALE * width)
            return {"kind": "chart", "uri": data, "width": width, "least": least, "caption": caption}
        case Pictures(items, caption, width_pixels):
            shown = [(picture_uri(item.data), item.caption, item.detail) for item in items]
            return {"kind": "pictures", "items": shown, "caption": caption, "width": width_pixels}
        case Weighed(texts, caption, detail):
            runs = [(name, weight_levels(tokens, weights, texts)) for name, tokens, weights in texts]
            return {"kind": "weighed", "lines": runs, "caption": caption, "detail": detail}


def weight_levels(
    tokens: Sequence[str], weights: Sequence[float], texts: Sequence[tuple[str, list[str], list[float]]]
) -> list[tuple[str, int, float]]:
    """Runs of tokens of one level, from -`LEVELS` to `LEVELS`, with the sum of their weights.

    The largest weight of all texts that are shown together has the highest level.
    """
    largest = max((abs(weight) for _, _, each in texts for weight in each), default=0.0)
    step = max(largest, LEAST_WEIGHT) / LEVELS
    runs: list[tuple[str, int, float]] = []
    for token, weight in zip(tokens, weights, strict=True):
        level = max(-LEVELS, min(LEVELS, round(weight / step)))
        if runs and runs[-1][1] == level and level == 0:
            runs[-1] = (runs[-1][0] + token, 0, runs[-1][2] + weight)
        else:
            runs.append((token, level, weight))
    return runs


def _kinds(columns: Sequence[str], lines: Sequence[Sequence[str]], numeric: Sequence[bool]) -> list[str]:
    """How the cells of each column are set: as numbers, or by the length of the longest text."""
    kinds = []
    for index, is_number in enumerate(numeric):
        longest = max((len(line[index]) for line in lines), default=0)
        kind = "short" if longest <= SHORT else "medium" if longest <= LONG else "long"
        kinds.append("number" if is_number else kind)
    return kinds


def _width_pixels(svg: str) -> int:
    """The drawing's own width, which the page does not exceed."""
    width = re.search(r'<svg[^>]*\swidth="([\d.]+)(pt|px|)"', svg)
    return round(float(width[1]) * (4 / 3 if width[2] == "pt" else 1)) if width else 640


def columns_of(rows: Sequence[Sequence[Any]], count: int) -> tuple[list[list[str]], list[bool]]:
    """Rows as texts, and for each column whether it is numeric."""
    for row in rows:
        if len(row) != count:
            raise ValueError(f"table: expected {count} values a row, received {list(row)!r}")
    columns = [[row[index] for row in rows] for index in range(count)]
    lines = zip(*(formatting.texts(column) for column in columns), strict=True)
    return [list(line) for line in lines], [formatting.is_numeric(column) for column in columns]


def uri(kind: str, data: bytes) -> str:
    return f"data:image/{kind};base64,{b64encode(data).decode()}"


def picture_uri(data: bytes) -> str:
    if data.startswith(b"\x89PNG"):
        return uri("png", data)
    if data.startswith(b"\xff\xd8"):
        return uri("jpeg", data)
    raise ValueError(f"picture: expected PNG or JPEG bytes, received {data[:8]!r}")


def jpeg(photo: np.ndarray | Image.Image, *, side_pixels: int, quality: int = 82) -> bytes:
    """A photograph (height, width, 3) uint8 as JPEG, no side longer than `side_pixels`."""
    image = photo if isinstance(photo, Image.Image) else Image.fromarray(np.asarray(photo))
    image = image.convert("RGB")
    image.thumbnail((side_pixels, side_pixels))
    file = BytesIO()
    image.save(file, "JPEG", quality=quality)
    return file.getvalue()
