"""Raw files of lines: the label list of dogs, sentences and dictionaries, questions, tables and databases."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from random import Random

from tests.dogs.raw_files import LINES
from tests.mutation.inputs import Expected, Input, Maker, Place, podium
from tests.mutation.kinds import content as changes
from tests.mutation.kinds.contests import raw_folder
from tests.nl2sql import written

FILES = {
    "extraction": ("all_50_schemas", "train_data.json", "dev_data.json", "test1_data_postag.json"),
    "nl2sql": tuple(
        f"{part}/{part}{end}" for part in ("train", "val", "test") for end in (".json", ".tables.json")
    ),
}


def json_lines(competition: str) -> Maker:
    """A file of JSON lines of this competition is changed."""

    def make(place: Place, random: Random) -> Input:
        root = place.copy(f"raw-{competition}", raw_folder(competition))
        file = root / random.choice(FILES[competition])
        name, expected = changed(file, random)
        return Input(
            f"{file.name}: {name}", expected, podium("check", competition, "-s", f"data.root={root}")
        )

    return make


def changed(file: Path, random: Random, *, is_lenient: bool = True) -> tuple[str, Expected]:
    """Change a file of JSON lines; what was changed, and what to expect."""
    given = file.read_bytes()
    way = random.randrange(10)
    if way < 2:
        name = random.choice(sorted(changes.BAD_BYTES))
        file.write_bytes(changes.BAD_BYTES[name](given, random))
        return name, "refused"
    if way < 5:
        name, new = changes.bad_json(given, random)
        file.write_bytes(new)
        return name, "refused"
    if way < 6:
        name, new = changes.harmless_json(given, random)
        file.write_bytes(new)
        return name, "accepted"
    if way < 7 and is_lenient:
        name = random.choice(sorted(changes.HARMLESS_BYTES))
        file.write_bytes(changes.HARMLESS_BYTES[name](given, random))
        return name, "accepted"
    if way < 9:
        name, new = changes.other_value(given, random)
    elif random.random() < 0.2:
        changes.sparse(file, after=given if random.random() < 0.5 else b"")
        return "3 GB of nothing", "refused"
    elif random.random() < 0.2:
        file.write_bytes(given + _explosive(random))
        return "a line that takes much memory", "refused"
    else:
        name, new = "noise", changes.noise(given, random)
    file.write_bytes(new)
    return name, "either" if changes.is_strict(new) else "refused"


def _explosive(random: Random) -> bytes:
    """A line of which each byte takes many in memory."""
    piece = random.choice((b"[]", b"{}", b'{"":0}', b'""', b"0.5", b"[[[[]]]]"))
    size = random.choice((30, 60)) << 20
    return b'{"rows": [' + b",".join([piece] * (size // (len(piece) + 1))) + b"]}\n"


LABELS: dict[str, tuple[str, Expected]] = {
    "digits of Arabic": ("a,1 ٣ -", "refused"),
    "digits of full width": ("a,1 ３ -", "refused"),
    "5,000 digits": (f"a,1 {'9' * 5000} -", "refused"),
    "an exponent": ("a,1 1e1 -", "refused"),
    "a fraction": ("a,1 3.0 -", "refused"),
    "a sign": ("a,1 +3 -", "refused"),
    "a minus": ("a,1 -3 -", "refused"),
    "an underscore": ("a,1 3_0 -", "refused"),
    "no label": ("a,1", "refused"),
    "two spaces": ("a,1  3 -", "refused"),
    "tabs": ("a,1\t3\t-", "refused"),
    "another folder": ("../train/a,1 3 -", "refused"),
    "a root": ("/etc/passwd 3 -", "refused"),
    "an escape sequence": ("\x1b[2Ja 3 -", "refused"),
    "no such photograph": ("zz,9 3 -", "refused"),
    "no address": ("a,1 3", "accepted"),
    "more columns": ("a,1 3 - - -", "accepted"),
    "a long address": (f"a,1 3 {'x' * 70_000}", "accepted"),
    "a line of 2 MB": (f"a,1 3 {'x' * (2 << 20)}", "refused"),
    "another label": ("a,1 7 -", "refused"),
    "again": ("a,1 3 -\na,1 3 -", "accepted"),
    "again with another label": ("a,1 3 -\na,1 7 -", "refused"),
}
"""The first of the lines instead, which has one of the two photographs of label 3."""


def label_list(place: Place, random: Random) -> Input:
    """The label list of dogs is changed."""
    root = place.copy("raw-dogs", raw_folder("dogs"))
    file, way = root / "data_train_image.txt", random.randrange(8)
    given, expected = file.read_bytes(), "refused"
    if way < 4:
        name = random.choice(sorted(LABELS))
        line, expected = LABELS[name]
        file.write_text("\n".join([line, *LINES[1:]]) + "\n", "utf-8")
    elif way < 5:
        name = "all photographs of a class in conflict"
        doubled = [*LINES, *(line.replace(" 3 ", " 7 ") for line in LINES[:2])]
        file.write_text("\n".join(random.sample(doubled, len(doubled))) + "\n", "utf-8")
    elif way < 6:
        name = random.choice(sorted(changes.BAD_BYTES))
        file.write_bytes(changes.BAD_BYTES[name](given, random))
    elif way < 7:
        name, expected = random.choice(sorted(changes.HARMLESS_BYTES)), "accepted"
        file.write_bytes(changes.HARMLESS_BYTES[name](given, random))
    elif random.random() < 0.3:
        name = "3 GB of nothing"
        changes.sparse(file, after=given if random.random() < 0.5 else b"")
    else:
        name, expected = "noise", "either"
        file.write_bytes(changes.noise(given, random))
    return Input(name, expected, podium("check", "dogs", "-s", f"data.root={root}"))  # type: ignore[arg-type]


DICTIONARIES: dict[str, tuple[bytes, Expected]] = {
    "as it is": ("陆一舟\t一舟\n宋遥\t遥\n".encode(), "accepted"),
    "a key twice": ("陆一舟\t一舟\n陆一舟\t遥\n".encode(), "accepted"),
    "Windows line ends": ("陆一舟\t一舟\r\n宋遥\t遥\r\n".encode(), "accepted"),
    "blank lines at the end": ("陆一舟\t一舟\n\n\n".encode(), "accepted"),
    "a blank line within": ("陆一舟\t一舟\n\n宋遥\t遥\n".encode(), "refused"),
    "a line of spaces within": ("陆一舟\t一舟\n \t \n宋遥\t遥\n".encode(), "refused"),
    "no alias": ("陆一舟\n".encode(), "refused"),
    "no key": ("\t一舟\n".encode(), "refused"),
    "spaces for tabs": ("陆一舟 一舟\n".encode(), "refused"),
    "nothing": (b"", "refused"),
    "a NUL": ("陆一舟\t一\0舟\n".encode(), "refused"),
    "another encoding": ("陆一舟\t一舟\n".encode("gbk"), "refused"),
    "half a pair": (b"a\t\xed\xa0\x80\n", "refused"),
    "UTF-16": ("陆一舟\t一舟\n".encode("utf-16"), "refused"),
    "a long line": (b"a\t" + b"b" * (2 << 20) + b"\n", "refused"),
}


def dictionary(place: Place, random: Random) -> Input:
    """A dictionary of the scorer of extraction."""
    root = place.copy("raw-extraction", raw_folder("extraction"))
    name = random.choice(sorted(DICTIONARIES))
    given, expected = DICTIONARIES[name]
    setting = random.choice(("alias", "location"))
    (root / "dictionary.txt").write_bytes(given)
    if random.random() < 0.1:
        name, expected = "3 GB of nothing", "refused"
        changes.sparse(root / "dictionary.txt")
    options = ("-s", f"data.root={root}", "-s", f"data.{setting}=dictionary.txt")
    return Input(name, expected, podium("check", "extraction", *options))


STATEMENTS: dict[str, tuple[str, Expected]] = {
    "as it is": ("SELECT 1", "accepted"),
    "a further table": ("CREATE TABLE more (a)", "accepted"),
    "a table less": ('DROP TABLE "Table_land"', "refused"),
    "a row less": ('DELETE FROM "Table_land" WHERE rowid = 1', "refused"),
    "a view": (
        'ALTER TABLE "Table_land" RENAME TO x; CREATE VIEW "Table_land" AS SELECT * FROM x',
        "refused",
    ),
    "a generated column": (
        'CREATE TABLE x AS SELECT * FROM "Table_land"; DROP TABLE "Table_land"; CREATE TABLE "Table_land" '
        "(col_1 TEXT, col_2 TEXT, col_3 REAL, col_4 REAL GENERATED ALWAYS AS (30.0) VIRTUAL); "
        'INSERT INTO "Table_land" SELECT col_1, col_2, col_3 FROM x',
        "refused",
    ),
    "a column of 900 MB": (
        'DROP TABLE "Table_land"; CREATE TABLE "Table_land" (col_1 TEXT, col_2 TEXT, col_3 REAL, '
        "col_4 TEXT GENERATED ALWAYS AS (printf('%.*c', 900000000, 'x')) VIRTUAL); "
        "INSERT INTO \"Table_land\" VALUES ('a', 'b', 1), ('a', 'b', 1), ('a', 'b', 1)",
        "refused",
    ),
    "zeros of 900 kB": (
        'DROP TABLE "Table_land"; CREATE TABLE "Table_land" (col_1, col_2, col_3, col_4); '
        'INSERT INTO "Table_land" VALUES (zeroblob(900000), 1, 0, 0), (1, 1, 1, 1), (1, 1, 1, 1)',
        "accepted",
    ),
    "a table without end": (
        'DROP TABLE "Table_land"; CREATE VIEW "Table_land" AS '
        "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n",
        "refused",
    ),
}


def database(place: Place, random: Random) -> Input:
    """The competition's own database of nl2sql."""
    root = place.copy("raw-nl2sql", raw_folder("nl2sql"))
    file, way = root / "train" / "train.db", random.randrange(4)
    written.write_database(file, written.TRAIN.tables)
    if way < 2:
        name = random.choice(sorted(STATEMENTS))
        statement, expected = STATEMENTS[name]
        with closing(sqlite3.connect(file)) as connection, connection:
            connection.executescript(statement)
    elif way == 2:
        name, expected = "noise", "either"
        file.write_bytes(_noise_behind(file.read_bytes(), random))
    else:
        ways: dict[str, Callable[[], object]] = {
            "a text": lambda: file.write_text("no database"),
            "half": lambda: file.write_bytes(file.read_bytes()[:5000]),
            "3 GB of nothing": lambda: changes.sparse(file),
            "a header only": lambda: file.write_bytes(file.read_bytes()[:100]),
        }
        name, expected = random.choice(sorted(ways)), "refused"
        ways[name]()
    return Input(name, expected, podium("check", "nl2sql", "-s", f"data.root={root}"))  # type: ignore[arg-type]


def _noise_behind(content: bytes, random: Random) -> bytes:
    """The header stays, so that SQLite reads on."""
    return content[:100] + changes.noise(content[100:], random)


KINDS: dict[str, tuple[float, Maker]] = {
    "raw: sentences": (9, json_lines("extraction")),
    "raw: questions and tables": (9, json_lines("nl2sql")),
    "raw: label list": (7, label_list),
    "raw: dictionaries": (3, dictionary),
    "raw: databases": (3, database),
}
