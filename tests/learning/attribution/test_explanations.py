"""Explanations as files, as pictures, and as sections of a page."""

from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from tasks.core.report import page
from tasks.core.report.markdown import markdown
from tasks.core.report.page import Weighed
from tasks.learning.attribution import explanations
from tasks.learning.attribution.explanations import Characters, Explanation, Reason
from tasks.learning.attribution.heat_maps import full_weight, heat_map
from tasks.learning.report.explanation_section import explanation_section, figures, pictures

TEXT = Characters("sentence", list("甲写了<b>"), [0.5, 0.0, -0.25, 0.0, 0.0, 0.0])
WRONG = Reason("(甲, 作者, 乙)", True, False, 0.75, 0.0, 0.001, 17, (TEXT,))
OF_TEXT = Explanation("train:3", "train", 1, "(甲, 作者, 乙)", "no triple", (WRONG,))
PHOTOGRAPH = np.full((32, 32, 3), 200, np.uint8)
HEAT = np.zeros((32, 32), np.float32)
HEAT[4:12, 4:12], HEAT[20:28, 20:28] = 1.0, -0.5
OF_PHOTOGRAPH = Explanation(
    "7,8", "test", 3, "10", None, (Reason("10", True, None, 0.9, 0.1, 0.2, 400, heat=HEAT),), PHOTOGRAPH
)


def test_they_come_back_from_their_files_as_they_were(tmp_path: Path) -> None:
    explanations.write(tmp_path, [OF_TEXT, OF_PHOTOGRAPH])
    text, photograph = explanations.read(tmp_path)
    assert text == OF_TEXT
    np.testing.assert_array_equal(photograph.photograph, PHOTOGRAPH)
    np.testing.assert_array_equal(photograph.reasons[0].heat, HEAT)
    assert photograph.reasons[0]._replace(heat=None) == OF_PHOTOGRAPH.reasons[0]._replace(heat=None)


def test_they_stand_in_the_order_that_is_asked_for_not_by_fold() -> None:
    made = [
        OF_TEXT._replace(id=id, part=part) for part, id in (("train", "2"), ("train", "1"), ("test", "1"))
    ]
    order = [("test", "1"), ("train", "1"), ("train", "2")]
    found = explanations.in_order(made, order)
    assert [(each.part, each.id) for each in found] == order
    assert explanations.in_order(made, ()) == made


def test_names_for_people_replace_answers_labels_and_reasons() -> None:
    (found,) = explanations.renamed([OF_PHOTOGRAPH._replace(label="10")], {"10": "beagle (10)"})
    assert (found.answer, found.label, found.reasons[0].name) == ("beagle (10)",) * 3


def test_a_heat_map_is_orange_where_pixels_speak_for_the_answer_and_blue_against() -> None:
    drawn = heat_map(PHOTOGRAPH, HEAT).astype(int)
    red, blue = drawn[..., 0], drawn[..., 2]
    assert (red - blue)[8, 8] > 100
    assert (blue - red)[24, 24] > 40
    assert abs(red - blue)[16, 0] <= 1  # grey
    pale = heat_map(PHOTOGRAPH, HEAT, scale=10 * full_weight([HEAT])).astype(int)
    assert 0 < (pale[..., 0] - pale[..., 2])[8, 8] < (red - blue)[8, 8]
    assert heat_map(PHOTOGRAPH, np.zeros((32, 32))).max() < 255  # no weight at all is no error


def test_weights_are_runs_of_shades_up_to_the_largest_of_what_is_shown_together() -> None:
    texts = [("one", ["甲", "乙", "丙", "丁"], [0.0, 0.0, 0.5, -0.25]), ("two", ["a"], [1.0])]
    assert page.weight_levels(*texts[0][1:], texts) == [("甲乙", 0, 0.0), ("丙", 2, 0.5), ("丁", -1, -0.25)]
    assert page.weight_levels(["a"], [1.0], texts) == [("a", page.LEVELS, 1.0)]
    small = [("", ["a", "b"], [1e-4, 1e-5])]
    assert {level for _, level, _ in page.weight_levels(*small[0][1:], small)} == {0}


def test_a_page_shows_each_reason_with_marked_characters() -> None:
    section = explanation_section("Why", [OF_TEXT], member="gplinker")
    html = page.render("Title", "", [section])
    assert '<mark class="for5" title="+0.5000">甲</mark>' in html
    assert '<mark class="against2" title="-0.2500">了</mark>&lt;b&gt;' in html
    assert "by a model that has not seen it. Answered: (甲, 作者, 乙). Labelled: no triple." in html
    assert "answered, wrong: 0.750, blank 0.000" in html
    assert "<strong>甲</strong>写了&lt;b&gt;" in markdown(section)


def test_a_page_shows_photographs_beside_their_heat_maps() -> None:
    names = [name for name, _ in pictures(OF_PHOTOGRAPH)]
    assert names == ["photograph", "10"]
    section = explanation_section("Why", [OF_PHOTOGRAPH], member="small")
    (items,) = (block.items for block in section.blocks if isinstance(block, page.Pictures))
    assert [Image.open(BytesIO(item.data)).size for item in items] == [(224, 224)] * 2  # enlarged
    assert items[1].detail.endswith("; the weights lack 20% of the difference after 400 steps")
    assert "3 models" in section.blocks[1].text


def test_nothing_explained_is_an_empty_section() -> None:
    assert explanation_section("Why", [], member="small").blocks == []


def test_what_should_have_been_answered_is_missed() -> None:
    assert figures(WRONG._replace(answered=False, right=True)).startswith("not answered, missed: 0.750")


def test_texts_without_weights_are_shown_too() -> None:
    block = Weighed([("empty", [], [])])
    assert "empty" in page.render("Title", "", [page.Section("Section", [block])])
