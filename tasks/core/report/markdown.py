"""Render a section of a report as GitHub markdown, for places without SVG and with a limit on the size."""

import re
from collections.abc import Sequence
from io import BytesIO
from itertools import zip_longest
from typing import Any, NamedTuple

from PIL import Image

from tasks.core.printable import printable
from tasks.core.report.page import (
    Block,
    Chart,
    Picture,
    Pictures,
    Section,
    TableBlock,
    Text,
    Weighed,
    columns_of,
    jpeg,
    picture_uri,
    uri,
    weight_levels,
)

BOLD_LEVEL = 2
"""Least level of a weight in bold (`page.LEVELS`)."""
ROW_PIXELS = 480
"""Width for pictures side by side, since markdown cannot fit them to the reader's window."""


class _Allowance(NamedTuple):
    """How much of a section is rendered."""

    scale: float
    """Factor on the sides of pictures."""
    pictures: int
    rows: int
    charts: bool = True


ALLOWANCES = (
    _Allowance(1.0, 1000, 1000),
    _Allowance(0.7, 24, 200),
    _Allowance(0.5, 12, 200),
    _Allowance(0.5, 0, 50),
    _Allowance(0.5, 0, 50, charts=False),
)
"""Tried in this order until the section is small enough."""


def markdown(section: Section, *, limit_bytes: int = 1_000_000) -> str:
    """The section as GitHub markdown; to stay under the limit, pictures are shrunk, then left out."""
    text = ""
    for allowance in ALLOWANCES:
        blocks = [_markdown_block(block, allowance) for block in section.blocks]
        text = "\n\n".join([f"## {escaped(section.title)}", *filter(None, blocks)]) + "\n"
        if len(text.encode()) < limit_bytes:
            break
    return text


def page_markdown(sections: Sequence[Section], *, limit_bytes: int = 1_000_000) -> str:
    """All sections as one page; to stay under the limit, the largest ones are shrunk as `markdown` does."""
    texts = [markdown(section, limit_bytes=limit_bytes) for section in sections]
    left = limit_bytes
    by_size = sorted(range(len(texts)), key=lambda place: len(texts[place].encode()))
    for number, place in enumerate(by_size):
        share = left // (len(texts) - number)
        if len(texts[place].encode()) >= share:
            texts[place] = markdown(sections[place], limit_bytes=share)
        left = max(left - len(texts[place].encode()) - 1, 0)
    return "\n".join(texts)


def _markdown_block(block: Block, allowance: _Allowance) -> str:
    match block:
        case Text(text):
            return escaped(text)
        case TableBlock(columns, rows, caption):
            return _markdown_table(columns, rows[: allowance.rows], _left_out(caption, rows, allowance.rows))
        case Chart(_, png, caption):
            drawn = f"![chart]({uri('png', png)})" if allowance.charts else ""
            return "\n\n".join(filter(None, [escaped(caption), drawn]))
        case Pictures(items, caption, width_pixels):
            left = _left_out(caption, items, allowance.pictures)
            shown = items[: allowance.pictures]
            a_row = max(1, min(len(shown), ROW_PIXELS // width_pixels))
            drawn = _markdown_pictures(shown, a_row, scale=allowance.scale) if shown else ""
            return "\n\n".join(filter(None, [escaped(left), drawn]))
        case Weighed(texts, caption, detail):
            lines = [_markdown_weighed(texts, *each) for each in texts]
            return "\n\n".join(filter(None, [escaped(f"{caption} {detail}".strip()), *lines]))


def _markdown_weighed(
    texts: list[tuple[str, list[str], list[float]]], name: str, tokens: list[str], weights: list[float]
) -> str:
    """A text with its heavier characters in bold: markdown has no colours."""
    runs: list[tuple[str, bool]] = []
    for text, level, _ in weight_levels(tokens, weights, texts):
        bold = level >= BOLD_LEVEL
        runs = (
            [*runs[:-1], (runs[-1][0] + text, bold)]
            if runs and runs[-1][1] == bold
            else [*runs, (text, bold)]
        )
    return f"{escaped(name)}: " + "".join(
        f"<strong>{escaped(text)}</strong>" if bold else escaped(text) for text, bold in runs
    )


def _left_out(caption: str, items: Sequence[Any], shown: int) -> str:
    note = f"{len(items) - shown} more are in the HTML report." if len(items) > shown else ""
    return " ".join(filter(None, [caption, note]))


def _markdown_table(columns: Sequence[str], rows: Sequence[Sequence[Any]], caption: str) -> str:
    lines, numeric = columns_of(rows, len(columns))
    rule = ["---:" if number else "---" for number in numeric]
    table = [
        [escaped(name) for name in columns],
        rule,
        *([escaped(text) for text in line] for line in lines),
    ]
    drawn = "\n".join(_line(line) for line in table)
    return f"{escaped(caption)}\n\n{drawn}" if caption else drawn


def _markdown_pictures(items: Sequence[Picture], a_row: int, *, scale: float) -> str:
    """A table of pictures; each line of their captions is a row, since Prefect does not wrap cells."""
    lines = [[""] * a_row, ["---"] * a_row]
    for start in range(0, len(items), a_row):
        row = items[start : start + a_row]
        gap = [""] * (a_row - len(row))
        images = [f"![]({picture_uri(_scaled(item.data, scale))})" for item in row]
        words = [[escaped(line) for line in [item.caption, *item.detail.split("\n")]] for item in row]
        lines += [[*line, *gap] for line in [images, *zip_longest(*words, fillvalue="")] if any(line)]
    return "\n".join(_line(line) for line in lines)


def _line(texts: Sequence[str]) -> str:
    return f"| {' | '.join(texts)} |"


def _scaled(data: bytes, scale: float) -> bytes:
    if scale == 1:
        return data
    image = Image.open(BytesIO(data))
    return jpeg(image, side_pixels=max(1, round(max(image.size) * scale)), quality=75)


def escaped(text: str) -> str:
    """Text that markdown shows as it is, on one line."""
    text = printable(" ".join(text.split()))
    text = re.sub(r"([\\`*_{}\[\]#|~$@])", r"\\\1", text)
    text = re.sub(r"^(?:[-+](?=\s|$|-)|=(?==*$)|\d{1,9}(?=[.)](?:\s|$)))", _block_mark, text)
    text = re.sub(r"(?i)(:)(?=//)|(?<=\bwww)(\.)", lambda found: f"\\{found[0]}", text)
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _block_mark(found: re.Match[str]) -> str:
    """The beginning of a line so that it starts no list, rule or heading: a number's sign follows it."""
    return f"{found[0]}\\" if found[0].isdigit() else f"\\{found[0]}"
