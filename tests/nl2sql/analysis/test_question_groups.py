import numpy as np
import pytest

from tasks.nl2sql import dataset
from tasks.nl2sql.analysis import evaluation, question_groups, table_groups
from tasks.nl2sql.analysis.table_groups import KNOWN_HEADINGS, NEW, SEEN, SHARED, UNIQUE, exposures, families
from tasks.nl2sql.query.schema import Cell, Question, Table
from tests.nl2sql import written
from tests.nl2sql.outcomes import right, scores
from tests.nl2sql.tiny import query
from tests.nl2sql.written import Part, question


def table(
    title: str = "", header: str = "ab", rows: tuple[tuple[Cell, ...], ...] = (), types: str = ""
) -> Table:
    """`types` has a letter a column: t for text, else real."""
    names = tuple({"t": "text"}.get(each, "real") for each in types or "t" * len(header))
    return Table(title, title, title, tuple(header), names, rows)


@pytest.mark.parametrize(
    ("titles", "name"),
    [
        (["甲市2020年公园表", "乙县2021年公园表"], "…#年公园表"),
        (["全国2019年财务表", "全国2022年财务表"], "全国#年财务表"),
        (["价格表", "南屏价格表"], "…价格表"),
        (["甲", "乙"], "a, b"),
        (["", "乙"], "a, b"),
    ],
)
def test_tables_with_the_same_headings_are_called_by_what_their_titles_end_with(titles, name):
    own = [table(title, rows=((title, "1"),)) for title in titles]
    found = families(own)
    assert [found.name(each) for each in own] == [name] * len(own)
    assert found.sharing(own[0]) == SHARED


def test_a_table_of_its_own_headings_is_called_by_its_title_without_numbers():
    own = [table("表_10", "ab"), table("表_2", "abc"), table("", "c"), table("1" * 100 + "长" * 100, "d")]
    found = families([*own, own[0]._replace(id="again")])
    assert [found.name(each) for each in own[:3]] == ["表_#", "表_#", "no title"]
    assert len(found.name(own[3])) <= 61
    assert {found.sharing(each) for each in own} == {UNIQUE}


@pytest.mark.parametrize(
    ("types", "rows", "kind"),
    [
        ("ttr", [("a", "b", 1.0)], "text"),
        ("trr", [("a", 1.0, 2.0)], "real"),
        ("trr", [("a", "1%", "2％"), ("a", "3%", None)], "percent"),
        ("trr", [("a", "1%", 2.0), ("b", 3.0, "")], "real"),
        ("tr", [("a", 1.0)], "mixed"),
        ("r", [], "real"),
    ],
)
def test_tables_are_grouped_by_the_content_of_most_columns(types, rows, kind):
    assert table_groups.content(table(header="abc"[: len(types)], rows=tuple(rows), types=types)) == kind


@pytest.mark.parametrize(
    ("columns", "name"),
    [(1, "up to 5"), (5, "up to 5"), (6, "6 to 10"), (30, "21 to 30"), (31, "more than 30")],
)
def test_tables_are_grouped_by_width(columns, name):
    assert table_groups.width(table(header="x" * columns)) == name


@pytest.mark.parametrize(
    ("written_query", "number", "connection", "operators", "selection"),
    [
        ("0", "0", "no condition", "none", "a column"),
        ("COUNT0 | 1>2", "1", "one condition", ">", "COUNT"),
        ("0,SUM1 | 1>2 and 0==3", "2", "and", ">, ==", "a column, SUM"),
        ("0 | 1==2 or 1==3", "2", "or, one column", "==", "a column"),
        ("0 | 1==2 or 1==3 or 2==1 or 0==1 or 3<1", "4 and more", "or, one column", "<, ==", "a column"),
    ],
)
def test_queries_are_grouped(written_query, number, connection, operators, selection):
    asked = query(written_query)
    assert question_groups.number(asked) == number
    assert question_groups.connection(asked) == connection
    assert question_groups.operators(asked) == operators
    assert question_groups.selection(asked) == selection


def test_validation_questions_are_about_tables_seen_of_known_headings_or_new(tmp_path):
    again = written.table("other id", dict.fromkeys(written.HOUSES["header"], "text"), written.HOUSES["rows"])
    known = {**written.LAND, "id": "more land", "name": "more", "rows": written.LAND["rows"][:1]}
    tables = [again, known, written.PEOPLE]
    asked = [question(each["id"], "问", [(0, 0)]) for each in tables]
    made = written.dataset(tmp_path, {**written.PARTS, "val": Part(tables, asked)})
    own = dataset.tables(made, "validation")
    found = exposures(made, "validation", dataset.questions(made, "validation"), own)
    assert found == [SEEN, KNOWN_HEADINGS, NEW]


def test_out_of_fold_the_held_out_questions_are_no_training_data(tmp_path):
    rows = ("a", "1")
    tables = {each.id: each for each in (table("甲", rows=(rows,)), table("乙"), table("丙", "c"))}
    asked = [Question(str(row), "", id, None) for row, id in enumerate("甲甲乙丙")]

    def of(*folds: int) -> list[str]:
        return exposures(tmp_path, "train", asked, tables, folds=np.array(folds))

    assert of(0, 0, 1, 2) == [KNOWN_HEADINGS, KNOWN_HEADINGS, KNOWN_HEADINGS, NEW]
    assert of(0, 1, 2, 0) == [SEEN, SEEN, KNOWN_HEADINGS, NEW]
    assert of(0, 0, 0, 0) == [NEW] * 4
    assert exposures(tmp_path, "train", asked, tables) == [NEW] * 4


def test_groupings_name_a_group_for_each_question_and_merge_the_rarest(tmp_path, monkeypatch):
    made = written.dataset(tmp_path)
    found = [evaluation.evaluate(made, "train", scores(made, "train", right(made)))]
    groupings = [*question_groups.by_label(found), *question_groups.by_table(found)]
    assert all(set(one.of[0]) == set(one.names) and len(one.of[0]) == 7 for one in groupings)
    compared = next(one for one in groupings if one.title == "compared columns")
    assert compared.of[0] == ["text", "text", "text", "real", "text", "percent, text", "real"]
    monkeypatch.setattr(question_groups, "MOST_GROUPS", 1)
    merged = next(one for one in question_groups.by_label(found) if one.title == "compared columns")
    assert merged.names == ["text", "others"]
    assert merged.of[0].count("others") == 3
