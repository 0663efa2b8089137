"""Hostile text stays text wherever it is shown: in the terminal, in logs, on report pages and in artifacts.

Ids, names, sentences and headings come from files that others have made. Each place shows each text of the
table whole; no terminal, browser or renderer of Markdown finds anything in it to obey.
"""

import json
import logging
import re
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from uuid import UUID
from xml.etree import ElementTree

import numpy as np
import pytest
from markdown_it import MarkdownIt

from flows.__main__ import main
from flows.commands.runs import validated_name
from flows.console import CompactHandler, aligned, inform, say, with_exit_codes
from tasks.core.errors import InvalidData, InvalidSettings, Problem, UserError
from tasks.core.log_records import clean_records
from tasks.core.printable import printable
from tasks.core.report import page, publishing
from tasks.core.report.markdown import escaped, markdown
from tasks.core.report.page import Chart, Picture, Pictures, Section, TableBlock, Text
from tasks.core.step import step
from tasks.learning.report import charts

TEXTS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "\"><svg onload='alert(1)'>",
    "</td></table><iframe src=//evil.example>",
    "&lt;b&gt; &amp; &#x3c;",
    "{{ 7 * 7 }} {% include 'x' %} {# gone #}",
    "{config.run.name} {0} ${HOME} %s %(x)s",
    "[link](javascript:alert(1)) ![picture](http://evil.example/x.png)",
    "http://evil.example/x www.evil.example ana@evil.example",
    "# heading * bold_ `code` ~~gone~~ | cell | $x$",
    "- item",
    "1. item",
    "===",
    "\x1b[2J\x1b[31mred\x1b]0;title\x07",
    "\x1b]8;;http://evil.example\x1b\\link\x1b]8;;\x1b\\",
    "\x9b2J and \x7f\x08\x08 gone\x00",
    "one\ntwo\r\nthree\rfour",
    "12:00:00 done\n12:00:01 forged: exit 0",
    "\u202egnp.exe \u2066x\u2069 \u2028 \u2029 \ufeff",
    "\ud800 half of a pair \U000e0041",
]
OBEYED = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2028\u2029\u2066-\u2069\ud800-\udfff\U000e0041]"
)
"""What a terminal obeys, but for the line end."""
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="300pt" height="10pt"></svg>'

hostile = pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))


def test_the_table_has_twenty_texts() -> None:
    assert len(set(TEXTS)) == 20


# Terminal


@pytest.fixture
def shown(capsys: pytest.CaptureFixture[str]) -> Callable[[Callable[[], Any]], str]:
    """What a call prints, on both streams."""

    def printed(call: Callable[[], Any]) -> str:
        call()
        return "".join(capsys.readouterr())

    return printed


@hostile
def test_a_terminal_shows_it_on_its_line(text: str, shown: Callable[[Callable[[], Any]], str]) -> None:
    problem = InvalidData([Problem(text, 1, text, text)])
    assert shown(lambda: say(aligned([("name", text), (text, "end")]))).count("\n") == 2
    assert shown(lambda: inform(str(problem))).count("\n") == 1
    for call in (lambda: say(text), lambda: inform(text), lambda: say(aligned([(text,)]))):
        printed = shown(call)
        assert not OBEYED.search(printed)
        assert printable(text).replace("\\n", "\n") in printed.replace("\\n", "\n")


@hostile
def test_an_error_of_a_command_shows_it(text: str, shown: Callable[[Callable[[], Any]], str]) -> None:
    def fails() -> None:
        raise UserError(text)

    def run() -> None:
        with pytest.raises(SystemExit, match="2"):
            with_exit_codes(fails)()

    assert not OBEYED.search(shown(run))


def test_a_traceback_shows_it(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def fails(**_: Any) -> None:
        raise RuntimeError("\n".join(TEXTS))

    monkeypatch.setattr("flows.__main__.app", fails)
    with pytest.raises(SystemExit, match="1"):
        main()
    printed = capsys.readouterr().err
    assert printed.startswith("Traceback")
    assert not OBEYED.search(printed)
    assert "<img src=x onerror=alert(1)>" in printed


@hostile
def test_a_log_shows_it_on_its_line(text: str, shown: Callable[[Callable[[], Any]], str]) -> None:
    logger, handler = logging.getLogger("podium.hostile"), CompactHandler()
    logger.propagate, before = False, logging.getLogRecordFactory()
    handler.console.width, handler.console.file = 10_000, sys.stderr
    clean_records()
    logger.addHandler(handler)
    try:
        printed = shown(lambda: logger.warning("%s: x", text))
    finally:
        logger.removeHandler(handler)
        logging.setLogRecordFactory(before)
    assert not OBEYED.search(printed)
    assert printed.count("\n") == 1
    assert printable(text) in printed


# Report pages


class Parsed(HTMLParser):
    """Elements with their attributes, and the text between them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, tuple[str, ...]]] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, tuple(name for name, _ in attrs)))
        self.words += [value for _, value in attrs if value]

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def everything(text: str) -> Section:
    photo = page.jpeg(np.zeros((4, 4, 3), np.uint8), side_pixels=4)
    pictures = Pictures([Picture(photo, text, text)], text)
    return Section(text, [Text(text), TableBlock([text], [[text]], text), Chart(SVG, b"", text), pictures])


def html(texts: list[str]) -> Parsed:
    title, sections = " ".join(texts), [everything(text) for text in texts]
    return Parsed(page.render(title, title, sections, facts=[(text, text) for text in texts]))


def test_a_page_shows_them_and_has_no_other_elements() -> None:
    plain, found = html(["plain"] * len(TEXTS)), html(TEXTS)
    assert found.elements == plain.elements
    assert not any(OBEYED.search(word) for word in found.words)
    words = [word.replace("\r\n", "\n").replace("\r", "\n").replace("\\n", "\n") for word in found.words]
    for text in TEXTS:
        expected = printable(text).replace("\\n", "\n")
        times = sum(word == "plain" for word in plain.words) / len(TEXTS)
        assert sum(word == expected for word in words) == times, text


def test_a_chart_shows_them_and_can_be_read() -> None:
    for chart in (
        charts.bars(TEXTS, [1.0] * len(TEXTS), title="share"),
        charts.matrix(np.eye(len(TEXTS), dtype=int), TEXTS),
    ):
        assert not OBEYED.search(chart.svg)
        elements = {element.tag.rpartition("}")[2] for element in ElementTree.fromstring(chart.svg).iter()}
        assert elements.isdisjoint({"script", "a", "image", "iframe", "foreignObject"})


# Artifacts


@hostile
def test_markdown_shows_it_and_has_no_other_elements(text: str) -> None:
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])

    def kinds(text: str) -> list[str]:
        inside = [child for token in parser.parse(text) for child in (token, *(token.children or ()))]
        return [token.type for token in inside]

    lines = "\n".join("plain" for _ in text.split("\n"))  # the detail of a picture may have several
    shown, plain = markdown(everything(text)), markdown(everything(lines))
    assert kinds(shown) == kinds(plain)
    assert not OBEYED.search(shown)
    assert not re.search(r"https?://|www\.|\w@", shown.replace("data:image", ""))  # renderers link these
    rendered = Parsed(parser.render(escaped(text)))
    expected = printable(" ".join(text.split()))
    assert "".join(rendered.words).strip() == expected


@hostile
def test_an_artifact_has_a_key_and_a_description_of_text(text: str) -> None:
    made = publishing.artifact([everything(text)], under="dogs", of=text, run=str(UUID(int=1)))
    assert re.fullmatch(r"[a-z0-9-]+", made.key)
    assert made.description == escaped(f"{text}{text}")


# Names


@hostile
def test_it_names_no_run_and_fills_no_template(text: str) -> None:
    with pytest.raises(InvalidSettings):
        validated_name(text)

    @step(label="train {name}")
    def train(name: str) -> None:
        pass

    assert train.label({"name": text}) == f"train {text}"


@hostile
def test_a_file_of_json_keeps_it(text: str, tmp_path: Path) -> None:
    file = tmp_path / "facts.json"
    file.write_text(json.dumps({"name": text}))
    assert not OBEYED.search(file.read_text())
    assert json.loads(file.read_text()) == {"name": text}
