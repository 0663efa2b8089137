import json
from pathlib import Path

import numpy as np

from tasks.core.jobs import AugmentJob
from tasks.nl2sql import dataset as files
from tasks.nl2sql.dataset import VIEW_FILE, read_view
from tasks.nl2sql.demo import tables_with_questions
from tasks.nl2sql.query.schema import from_json
from tasks.nl2sql.synthetic.tables import make_table
from tasks.nl2sql.views import augment

EVERYTHING = {"values": 1.0, "columns": 1.0, "refill": 1.0}
NOTHING = {"values": 0.0, "columns": 0.0, "refill": 0.0}
TABLES, FOLDS = 16, 2


def dataset(folder: Path) -> Path:
    """A training part of the demo's questions, and folds by table: neighbours in topic share a fold."""
    folder.mkdir()
    questions: list[dict] = []
    tables, folds = [], []
    for number, (invented, lines) in enumerate(tables_with_questions("train", range(TABLES), 160)):
        tables.append(invented)
        for line in lines:
            questions.append(
                {
                    "id": f"train:{len(questions) + 1}",
                    "text": line["question"],
                    "table": line["table_id"],
                    "query": line["sql"],
                }
            )
            folds.append(number // (TABLES // FOLDS))
    for name, lines in (("train", questions), ("train.tables", tables)):
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        (folder / f"{name}.jsonl").write_text(text, "utf-8")
    np.save(folder / "folds.npy", np.array(folds))
    return folder


def view(folder: Path, number: int = 0, *, settings=EVERYTHING, **fields):
    """The questions of a view, as the step's child writes them, and those they were made of."""
    data = folder / "data"
    if not data.exists():
        dataset(data)
    output = folder / f"view{number}"
    output.mkdir(exist_ok=True)
    given = {"settings": {"augmentation": settings}, "seed": 1, "dataset": data, "folds": data, **fields}
    augment(AugmentJob(competition="nl2sql", view=number, output=output, partial=folder / "partial", **given))
    return read_view(output), files.questions(data, "train")


def test_a_view_has_every_question_in_its_place(tmp_path):
    found, given = view(tmp_path)
    assert [each.id for each in found] == [each.id for each in given]
    changed = [one != other for one, other in zip(found, given, strict=True)]
    assert sum(changed) > len(given) / 2


def test_a_query_keeps_its_shape(tmp_path):
    for one, other in zip(*view(tmp_path), strict=True):
        assert one.query.connector == other.query.connector
        assert [each[1] for each in one.query.select] == [each[1] for each in other.query.select]
        operators = [[each.operator for each in query.conditions] for query in (one.query, other.query)]
        assert operators[0] == operators[1]


def test_values_are_cells_of_their_columns_wherever_they_are_new(tmp_path):
    found, given = view(tmp_path)
    tables = files.tables(tmp_path / "data", "train")
    for one, other in zip(found, given, strict=True):
        old = {condition.value for condition in other.query.conditions}
        for column, _, value in one.query.conditions:
            cells = {str(row[column]) for row in tables[one.table].rows}
            assert value in old or value in one.text
            assert value in old or value in cells or f"{value}.0" in cells


def test_tables_and_cells_that_enter_a_question_are_of_its_own_fold(tmp_path):
    found, given = view(tmp_path, settings={**NOTHING, "refill": 1.0})
    data = tmp_path / "data"
    folds = np.load(data / "folds.npy")
    home = {each.table: fold for each, fold in zip(given, folds, strict=True)}
    assert any(one.table != other.table for one, other in zip(found, given, strict=True))
    assert [home[each.table] for each in found] == folds.tolist()


def test_a_question_does_not_change_with_tables_of_other_folds(tmp_path):
    found, _ = view(tmp_path)
    data = tmp_path / "data"
    lines = (data / "train.tables.jsonl").read_text("utf-8").splitlines()
    other = make_table(1, seed=9).table._asdict()
    lines[0] = json.dumps(
        json.loads(lines[0]) | {"rows": [row[::-1] for row in json.loads(lines[0])["rows"]]}
    )
    assert other["id"] not in lines[0]
    (data / "train.tables.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    again, _ = view(tmp_path)
    rows = np.flatnonzero(np.load(data / "folds.npy") == 1)
    assert [again[row] for row in rows] == [found[row] for row in rows]
    assert again != found


def test_a_view_is_a_function_of_seed_and_number(tmp_path):
    first = view(tmp_path)[0]
    assert view(tmp_path)[0] == first
    assert view(tmp_path, 1)[0] != first
    assert view(tmp_path, seed=2)[0] != first


def test_nothing_to_be_done_leaves_the_questions_alone(tmp_path):
    found, given = view(tmp_path, settings=NOTHING)
    assert found == given


def test_lines_end_at_line_feeds_only(tmp_path):
    data = dataset(tmp_path / "data")
    lines = (data / "train.jsonl").read_text("utf-8").splitlines()
    entry = json.loads(lines[0])
    lines[0] = json.dumps(entry | {"text": entry["text"] + "\u2028"}, ensure_ascii=False)
    (data / "train.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    found, _ = view(tmp_path, settings=NOTHING)
    assert found[0].text.endswith("\u2028")
    assert found[0].query == from_json(entry["query"])
    assert (tmp_path / "view0" / VIEW_FILE).read_bytes().count(b"\n") == len(found)


def test_invented_questions_are_about_the_same_tables(tmp_path):
    found, given = view(tmp_path, settings=NOTHING | {"invented": 1.0})
    assert [(one.id, one.table) for one in found] == [(other.id, other.table) for other in given]
    assert sum(one.text != other.text for one, other in zip(found, given, strict=True)) > 0.9 * len(given)


def test_a_share_of_a_view_is_invented_and_the_rest_is_as_without(tmp_path):
    found, given = view(tmp_path, settings=NOTHING | {"invented": 0.5})
    changed = sum(one != other for one, other in zip(found, given, strict=True))
    assert 0.3 * len(given) < changed < 0.7 * len(given)
