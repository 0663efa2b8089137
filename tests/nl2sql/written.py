"""Small raw files of the competition, and datasets made of them, for tests."""

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from tasks.nl2sql.config import Data
from tasks.nl2sql.query.schema import AND, NONE, Cell
from tasks.text import dataset_files


class Part(NamedTuple):
    """What one part's two files hold, a JSON value a line."""

    tables: Sequence[dict[str, Any]]
    questions: Sequence[dict[str, Any]]


def table(
    id: str,
    columns: Mapping[str, str],
    rows: Iterable[Sequence[Cell]],
    *,
    name: str | None = None,
    title: str = "表",
) -> dict[str, Any]:
    """A line of `<part>.tables.json`; `columns` gives each heading its type."""
    return {
        "id": id,
        "name": f"Table_{id}" if name is None else name,
        "title": title,
        "header": list(columns),
        "types": list(columns.values()),
        "rows": [list(row) for row in rows],
    }


def question(
    table: str,
    text: str,
    select: Iterable[tuple[int, int]] | None = None,
    conditions: Iterable[tuple[int, int, str]] = (),
    connector: int | None = None,
) -> dict[str, Any]:
    """A line of `<part>.json`: `select` pairs of column and aggregate, None for a test question; without a
    connector, several conditions are joined by `and`.
    """
    value: dict[str, Any] = {"table_id": table, "question": text}
    if select is not None:
        chosen, listed = list(select), [list(one) for one in conditions]
        value["sql"] = {
            "sel": [column for column, _ in chosen],
            "agg": [aggregate for _, aggregate in chosen],
            "cond_conn_op": connector if connector is not None else AND if len(listed) > 1 else NONE,
            "conds": listed,
        }
    return value


HOUSES = table(
    "houses",
    {"项目名称": "text", "成交均价": "real", "成交套数": "real", "年月": "text"},
    [
        ("青石花园", 31250.5, 12.0, "2022年05月"),
        ("临江小区", 18000.0, 3.0, "2022年05月"),
        ("北窗公寓", 26400.0, 7.0, "2022年06月"),
    ],
    name="南屏市商品房成交价格表",
    title="南屏市商品房成交价格表",
)
LAND = table(
    "land",
    {"地块名称": "text", "所属集团": "text", "容积率": "real", "绿化率(%)": "real"},
    [("A12地块", "远帆集团", 2.5, 30.0), ("B7地块", "晚舟集团", "1.8-2.2", 35.0), ("C3地块", None, 1.2, "")],
    title="海州市土地成交信息表",
)
COMPANIES = table(
    "table_0",
    {
        "年度": "real",
        "公司": "text",
        "省份": "text",
        "营业收入": "real",
        "用户增长率": "real",
        "负责人": "text",
    },
    [
        (2020.0, "远帆公司", "山西", 2620.04, "69.92%", "宋遥"),
        (2021.0, "晚舟公司", "山西", 1470.88, "31.43%", "何景"),
        (2021.0, "雨前公司", "海南", 5120.0, "8.5%", "林岸"),
    ],
    title="表_0",
)
PEOPLE = table(
    "table_1",
    {"姓名": "text", "部门": "text", "工资": "real", "入职日期": "text"},
    [("陆一舟", "销售部", 9500.0, "2019-03-01"), ("何景", "研发部", 12800.0, "2020-11-15")],
    title="表_1",
)

TRAIN = Part(
    (HOUSES, LAND, COMPANIES),
    (
        question("houses", "请问青石花园的成交均价是多少？", [(1, 0)], [(0, 2, "青石花园")]),
        question(
            "houses",
            "青石花园和临江小区各自的成交套数是多少？",
            [(2, 0)],
            [(0, 2, "青石花园"), (0, 2, "临江小区")],
            2,
        ),
        question("land", "A12地块属于哪个集团？", [(1, 0)], [(0, 2, "A12地块")]),
        question("land", "容积率大于1.5的地块有几个", [(0, 4)], [(2, 0, "1.5")]),
        question("table_0", "山西省的公司营业收入合计是多少", [(3, 5)], [(2, 2, "山西")]),
        question(
            "table_0",
            "用户增长率低于31.43%，且负责人不是宋遥的公司有哪些",
            [(1, 0)],
            [(4, 1, "31.43%"), (5, 3, "宋遥")],
        ),
        question("table_0", "2021年最高的营业收入是多少", [(3, 2)], [(0, 2, "2021")]),
    ),
)
VALIDATION = Part(
    (HOUSES, PEOPLE),
    (
        question("houses", "临江小区的成交均价是多少？", [(1, 0)], [(0, 2, "临江小区")]),
        question("table_1", "工资超过10000的人叫什么", [(0, 0)], [(2, 0, "10000")]),
    ),
)
TEST = Part(
    (COMPANIES, PEOPLE),
    (question("table_0", "海南的公司有哪些"), question("table_1", "何景在哪个部门")),
)
PARTS = {"train": TRAIN, "val": VALIDATION, "test": TEST}


def write(root: Path, parts: Mapping[str, Part] = PARTS) -> Path:
    """A root folder as the competition hands it out: a folder for each part, without databases.

    The parts as they stand here give the notes `real_text`, `real_empty` and `same_column` only.
    """
    for name, part in parts.items():
        folder = root / name
        folder.mkdir(parents=True)
        write_lines(folder / f"{name}.tables.json", part.tables)
        write_lines(folder / f"{name}.json", part.questions)
    return root


def dataset(folder: Path, parts: Mapping[str, Part] = PARTS) -> Path:
    """The dataset that `load` makes of such parts, in a new folder within this one."""
    made = folder / "dataset"
    made.mkdir(parents=True)
    load(write(folder / "raw", parts), made)
    return made


def load(root: Path, folder: Path) -> Path:
    """All parts of these raw files, in one folder, which exists."""
    from tasks.nl2sql import data

    for part in dataset_files.PARTS:
        data.load(Data(root=str(root)), part, folder)
    return folder


def write_database(file: Path, tables: Iterable[dict[str, Any]]) -> None:
    """SQLite as the competition hands it out."""
    with closing(sqlite3.connect(file)) as connection, connection:
        for one in tables:
            columns = ", ".join(f"col_{i} {type_.upper()}" for i, type_ in enumerate(one["types"], 1))
            connection.execute(f'CREATE TABLE "{one["name"]}" ({columns})')
            places = ", ".join("?" * len(one["types"]))
            connection.executemany(f'INSERT INTO "{one["name"]}" VALUES ({places})', one["rows"])


def write_lines(file: Path, values: Iterable[Any]) -> None:
    """One JSON value a line, Chinese as it is."""
    file.write_bytes("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in values).encode())
