import re
from base64 import b64decode
from io import BytesIO

import numpy as np
import pandas
import pytest
from PIL import Image

from tasks.core.report import page
from tasks.core.report.formatting import Estimate, plain, texts
from tasks.core.report.markdown import markdown, page_markdown
from tasks.core.report.page import Chart, Picture, Pictures, Section, TableBlock, Text

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="300pt" height="10pt"></svg>'
EVIL = '<script>alert("1")</script>|*`_'


def photo(side: int = 8, *, seed: int = 0) -> bytes:
    noise = np.random.default_rng(seed).integers(0, 256, (side, side, 3), np.uint8)
    return page.jpeg(noise, side_pixels=side)


def everything(word: str = "word") -> Section:
    picture = Picture(photo(), word, word)
    blocks = [Text(word), TableBlock([word], [[word]], word), Chart(SVG, b"", word)]
    return Section(word, [*blocks, Pictures([picture], word)])


def html(*sections: Section) -> str:
    return page.render("Title", "subtitle", sections, facts=[("name", "value")])


def sizes(text: str) -> list[tuple[int, int]]:
    return [
        Image.open(BytesIO(b64decode(data))).size
        for data in re.findall(r"data:image/jpeg;base64,([^)]+)", text)
    ]


@pytest.mark.parametrize(
    ("column", "shown"),
    [
        ([1, 22_000], ["1", "22,000"]),
        ([0.5, 0.25], ["0.5000", "0.2500"]),
        ([1.0, 0.8953], ["1.0000", "0.8953"]),
        ([0.09975, 0.01], ["0.0998", "0.0100"]),
        ([0.00512], ["0.005120"]),
        ([12.3, 1.0], ["12.30", "1.00"]),
        ([1234.5, 1.0], ["1,234", "1"]),
        ([0.00012, 0.0], ["0.0001200", "0.0000000"]),
        ([float("nan"), 0.5], ["nan", "0.5000"]),
        ([0.0], ["0.0"]),
        ([None, "", "a"], ["–", "–", "a"]),
        ([True, False], ["yes", "no"]),
        ([0.001, "a", 10.0], ["0.001", "a", "10"]),
        ([np.float32(0.5), np.int64(3)], ["0.500", "3"]),
        ([Estimate(0.81, 0.004)], ["0.8100 ± 0.0040"]),
    ],
)
def test_a_column_is_shown_as(column, shown):
    assert texts(column) == shown


@pytest.mark.parametrize(
    "value", [np.float32(1), np.int64(1), np.bool_(True), pandas.Series([1])[0], np.array(1)]
)
def test_numpy_and_pandas_scalars_become_pythons(value):
    assert type(plain(value)) in (float, int, bool)


def test_the_page_holds_every_word_and_picture():
    shown = html(everything("gamayun"))
    assert shown.count("gamayun") >= 8
    assert "data:image/jpeg;base64," in shown
    assert "data:image/svg+xml;base64," in shown
    assert all(word in shown for word in ("Title", "subtitle", "name", "value"))


def test_the_page_asks_for_nothing_and_runs_nothing():
    shown = html(everything())
    links = re.findall(r"""(?:src|href|url)\s*[=(]\s*["']?([^"')\s>]+)""", shown)
    assert links
    assert all(link.startswith(("data:image/", "#")) for link in links)
    assert not re.search(r"<script|<link|@import|\son\w+=|//[a-z]", shown)
    assert "default-src 'none'" in shown


def test_everything_is_escaped_in_the_page():
    shown = page.render(EVIL, EVIL, [everything(EVIL)], facts=[(EVIL, EVIL)])
    assert "<script" not in shown
    assert "&lt;script&gt;" in shown


def test_every_section_is_reached_from_the_contents_even_under_equal_titles():
    shown = html(Section("Équal!", []), Section("Équal!", []))
    anchors = re.findall(r'href="#([^"]+)"', shown)
    assert len(set(anchors)) == 2
    assert anchors == re.findall(r'<section id="([^"]+)"', shown)


def test_columns_of_numbers_only_are_right_aligned():
    section = Section("s", [TableBlock(["n", "t"], [[np.float64(0.5), "a"], [None, 2]])])
    assert '<td class="number">0.5000</td><td class="short">a</td>' in html(section)
    assert "| ---: | --- |\n| 0.5000 | a |" in markdown(section)


def test_a_row_of_the_wrong_length_names_itself():
    with pytest.raises(ValueError, match=r"expected 2 values a row, received \[1\]"):
        html(Section("s", [TableBlock(["a", "b"], [[1, 2], [1]])]))


def test_bytes_that_are_no_picture_are_refused():
    with pytest.raises(ValueError, match="expected PNG or JPEG"):
        html(Section("s", [Pictures([Picture(b"GIF89a")])]))


def test_a_chart_is_as_wide_as_it_was_drawn():
    assert "--natural: 400px" in html(Section("s", [Chart(SVG, b"")]))


def test_markdown_shows_charts_as_png_and_escapes_everything():
    shown = markdown(everything(EVIL))
    assert "data:image/png" in shown
    assert "svg" not in shown
    assert "<" not in shown
    assert "\\|\\*\\`\\_" in shown


def test_markdown_puts_three_pictures_in_a_row_with_their_words_below():
    items = [Picture(photo(), f"p{number}", "one\ntwo") for number in range(5)]
    lines = [line for line in markdown(Section("s", [Pictures(items)])).splitlines() if "|" in line]
    assert all(line.count("|") == 4 for line in lines)
    assert lines[3:6] == ["| p0 | p1 | p2 |", "| one | one | one |", "| two | two | two |"]
    assert lines[7:] == ["| p3 | p4 |  |", "| one | one |  |", "| two | two |  |"]


def test_markdown_gives_a_wide_picture_a_row_of_its_own():
    items = [Picture(photo(), f"p{number}") for number in range(2)]
    shown = markdown(Section("s", [Pictures(items, width_pixels=600)]))
    assert "| p0 |\n" in shown


def test_markdown_shrinks_pictures_then_drops_them_to_stay_under_the_limit():
    items = [Picture(photo(256, seed=seed), f"p{seed}") for seed in range(30)]
    section = Section("s", [Pictures(items, "many")])
    whole = markdown(section, limit_bytes=10_000_000)
    assert sizes(whole) == [(256, 256)] * 30
    for limit, count, side in ((800_000, 24, 179), (250_000, 12, 128), (20_000, 0, 0)):
        shown = markdown(section, limit_bytes=limit)
        assert len(shown.encode()) < limit
        assert sizes(shown) == [(side, side)] * count
        assert f"{30 - count} more are in the HTML report" in shown


def test_pictures_are_made_smaller_but_never_larger():
    for side, limit, expected in ((64, 32, 32), (16, 32, 16)):
        data = page.jpeg(np.zeros((side, side, 3), np.uint8), side_pixels=limit)
        assert Image.open(BytesIO(data)).size == (expected, expected)


def test_columns_are_set_by_their_longest_text():
    rows = [["2026-11-24 05:00", "x" * 30, "y " * 40, 1], ["a", "b", "c", 2]]
    shown = html(Section("s", [TableBlock(["when", "name", "changes", "n"], rows)]))
    assert re.findall(r'<th class="(\w+)"', shown) == ["short", "medium", "long", "number"]


@pytest.mark.parametrize(("width", "least"), [("300pt", 240), ("730", 730)])
def test_narrow_charts_shrink_on_a_phone_and_wide_ones_scroll(width, least):
    svg = SVG.replace('width="300pt"', f'width="{width}"')
    assert f"--least: {least}px" in html(Section("s", [Chart(svg, b"")]))


def test_a_page_of_sections_keeps_their_order_and_its_limit():
    small = [Section(f"small {number}", [Text("word")]) for number in range(3)]
    large = Section("large", [Pictures([Picture(photo(160)) for _ in range(40)])])
    whole = page_markdown([small[0], large, *small[1:]])
    assert re.findall(r"## (\w+ ?\d?)", whole) == ["small 0", "large", "small 1", "small 2"]
    shrunk = page_markdown([small[0], large, *small[1:]], limit_bytes=len(whole.encode()) // 3)
    assert len(shrunk.encode()) <= len(whole.encode()) // 3
    assert "more are in the HTML report" in shrunk
    assert shrunk.count("word") == 3
