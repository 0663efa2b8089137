import re
from io import BytesIO
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from tasks.core.report.page import Chart
from tasks.learning.report import charts


def history(epochs: int, *, held_out: bool = True) -> list[dict]:
    measured = {"held_out_loss": 1.5, "held_out_accuracy": 0.4} if held_out else {}
    entry = {"loss": 1.0, "accuracy": 0.5, "learning_rate": 1e-3, "seconds": 1.0, **measured}
    return [{"stage": epoch > 2, "epoch": epoch, **entry} for epoch in range(1, epochs + 1)]


def f1_history() -> list[dict]:
    return [{"stage": 1, "epoch": 1, "loss": 1.0, "held_out_f1_of_marks": 0.5, "learning_rate": 1e-3}]


def drawings() -> dict[str, Chart]:
    return {
        "curves": charts.learning_curves({"a, fold 0": history(4), "a, fold 1": history(4)}),
        "curves of one epoch": charts.learning_curves({"a, fold 0": history(1, held_out=False)}),
        "curves of nothing": charts.learning_curves({}),
        "curves of F1": charts.learning_curves({"a, fold 0": f1_history()}),
        "lines": charts.lines([0, 0.5, 1], {"a": [1, 0, 1], "b": [0, 1, 2]}, mark=0.3, x_label="x"),
        "bars": charts.bars(["a", "b"], [1.0, 2.0], title="t"),
        "bars of nothing": charts.bars([], [], title="t"),
        "points": charts.bars(["a", "$b_"], [0.5, 0.6], errors=[0.01, 0.02], title="t"),
        "matrix": charts.matrix(np.array([[5, 1], [0, 0]]), ["pug", "beagle"]),
        "matrix of nothing": charts.matrix(np.zeros((0, 0), int), []),
    }


@pytest.fixture(scope="module")
def drawn() -> dict[str, Chart]:
    return drawings()


def height(chart: Chart) -> int:
    return Image.open(BytesIO(chart.png)).height


def test_every_chart_has_a_valid_svg_and_png(drawn):
    for chart in drawn.values():
        assert ElementTree.fromstring(chart.svg).tag.endswith("svg")
        assert Image.open(BytesIO(chart.png)).format == "PNG"


def test_the_same_numbers_give_the_same_bytes(drawn):
    assert drawings() == drawn


def test_the_svg_takes_its_ink_from_the_readers_theme(drawn):
    for name, chart in drawn.items():
        style, drawing = chart.svg.split("</style>", 1)
        assert "prefers-color-scheme:dark" in style
        assert "currentColor" in drawing or name == "curves of nothing"
        assert charts.INK not in drawing
        assert charts.BLUE not in drawing


def test_charts_ask_for_nothing(drawn):
    for chart in drawn.values():
        links = re.findall(r'href="([^"]*)"', chart.svg)
        assert all(link.startswith("#") for link in links)


def test_each_member_has_a_row_of_curves(drawn):
    members = {f"{member}, fold 0": history(3) for member in ("a", "b")}
    two = height(charts.learning_curves(members))
    assert two == pytest.approx(2 * height(drawn["curves"]), abs=2)


def test_stages_are_told_by_the_epochs_where_they_change():
    stages = [{"stage": stage} for stage in (0, 0, 1, 2)]
    assert charts._stage_starts(stages) == [2, 3]


def test_settings_of_matplotlib_are_left_as_they_were():
    import matplotlib

    before = dict(matplotlib.rcParams)
    charts.bars(["a"], [1.0], title="t")
    assert dict(matplotlib.rcParams) == before


@pytest.mark.parametrize(
    ("given", "measured"),
    [
        (history(1), ["accuracy"]),
        (history(1, held_out=False), ["accuracy"]),
        (f1_history(), ["f1_of_marks"]),
        ([], []),
    ],
)
def test_a_panel_is_drawn_for_what_was_measured_beside_the_loss(given, measured):
    assert charts._figures({"a, fold 0": given}) == measured
