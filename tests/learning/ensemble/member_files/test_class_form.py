"""Tables of class scores: what is written reads back the same; wrong files are refused with their place."""

import gzip
import io
import pickle
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tasks.core.competition import Scores
from tasks.core.errors import InvalidData, UserError
from tasks.learning.ensemble.member_files.class_form import ClassForm
from tasks.learning.ensemble.member_files.records import ExpectedRecords, ExportedPart

IDS = ["a", "b", "c"]
CLASSES = ["cat", "dog"]
EXPECTED = ExpectedRecords("out_of_fold", IDS, {"a": 0, "b": 1, "c": 0}, {"t1": "test"})
FORM = ClassForm(CLASSES)
SUFFIXES = [".csv", ".parquet", ".npz"]


@pytest.fixture(params=SUFFIXES)
def suffix(request: pytest.FixtureRequest) -> str:
    if request.param == ".parquet":
        pytest.importorskip("pyarrow")
    return str(request.param)


# What is written reads back


def exported(ids: list[str], values: np.ndarray) -> list[ExportedPart]:
    folds = [row % 2 for row in range(len(ids))]
    truth = np.arange(len(ids)) % values.shape[1]
    test = Scores([f"test of {id}" for id in ids], values[::-1])
    return [ExportedPart("out_of_fold", Scores(ids, values), folds, truth), ExportedPart("test", test)]


def test_scores_read_back_to_the_bit_and_in_the_expected_order(tmp_path: Path, suffix: str) -> None:
    random = np.random.default_rng(0)
    values = random.dirichlet(np.full(5, 0.05), 500).astype(np.float32)
    form, ids = ClassForm([*"abcde"]), [f"r{row}" for row in range(500)]
    form.write(file := tmp_path / f"a{suffix}", exported(ids, values))
    shuffled = random.permutation(500)
    folds = {id: row % 2 for row, id in enumerate(ids)}
    found = form.read(file, ExpectedRecords("out_of_fold", [ids[row] for row in shuffled], folds))
    assert found.ids == [ids[row] for row in shuffled]
    assert found.values.dtype == np.float32
    np.testing.assert_array_equal(found.values, values[shuffled])
    test = form.read(file, ExpectedRecords("test", [f"test of {id}" for id in ids]))
    np.testing.assert_array_equal(test.values, values[::-1])


@pytest.mark.parametrize("ids", [['a"1', "句,2", "d\n4"], ["007", " b", "-1"]])
def test_ids_of_any_characters_read_back(tmp_path: Path, suffix: str, ids: list[str]) -> None:
    values = np.array([[0.25, 0.75], [1, 0], [0.5, 0.5]], np.float32)
    FORM.write(file := tmp_path / f"a{suffix}", exported(ids, values))
    np.testing.assert_array_equal(FORM.read(file, ExpectedRecords("out_of_fold", ids)).values, values)


def test_the_same_scores_give_the_same_bytes(tmp_path: Path, suffix: str) -> None:
    parts = exported(IDS, np.full((3, 2), 0.5, np.float32))
    files = [tmp_path / f"{name}{suffix}" for name in "ab"]
    for file in files:
        FORM.write(file, parts)
    assert files[0].read_bytes() == files[1].read_bytes()


def test_a_table_names_part_fold_and_truth(tmp_path: Path) -> None:
    FORM.write(file := tmp_path / "a.csv", exported(["x", "y"], np.array([[0.1, 0.9], [1, 0]], np.float32)))
    assert file.read_text().splitlines() == [
        "id,part,fold,truth,cat,dog",
        "x,out_of_fold,0,cat,0.100000001,0.899999976",
        "y,out_of_fold,1,dog,1,0",
        "test of x,test,,,1,0",
        "test of y,test,,,0.100000001,0.899999976",
    ]


def test_another_ending_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(
        InvalidData, match=r"expected a name that ends in \.csv or \.parquet or \.npz, received '\.xls'"
    ):
        FORM.write(tmp_path / "a.xls", exported(IDS, np.full((3, 2), 0.5)))


# What other programs write


@pytest.mark.parametrize(
    "text",
    [
        "id,cat,dog\na,1,0\nb,0.5,0.5\nc,0,1\n",
        "id,dog,cat\nc,1,0\na,0,1\nb,5e-1,.5",
        "\ufeffid,cat,dog\r\na,1,0\r\nb,0.5,0.5\r\nc,0,1\r\n\r\n",
        "id,cat,dog\ra,1,0\rb,0.5,0.5\rc,0,1\r",
        '"id","fold","cat","dog"\n"a",,1,0\n"b",1,0.5,0.5\n"c",0,0,1\n',
        "part,id,cat,dog\nout_of_fold,a,1,0\ntest,a,0,1\n,b,0.5,0.5\nout_of_fold,c,0,1\n",
        "id,truth,cat,dog\na,bird,1,0\nb,,0.4999,0.5\nc,,0,1\n",
        "id,cat,dog\na,1.0000001,-0.0000001\nb,0.5,0.5\nc,0,1\n",
        "id,part,fold,cat,dog\na,out_of_fold,0.0,1,0\nt1,test,,1,0\nb,,nan,0.5,0.5\nc,,0,0,1\n",
    ],
    ids=[
        "plain",
        "any order",
        "bom and crlf",
        "cr",
        "quoted, with folds",
        "parts",
        "truth, rounded",
        "float32",
        "folds that pandas made fractions",
    ],
)
def test_harmless_csv_is_read(tmp_path: Path, text: str) -> None:
    (file := tmp_path / "a.csv").write_text(text, "utf-8", newline="")
    found = FORM.read(file, EXPECTED)
    np.testing.assert_allclose(found.values, [[1, 0], [0.5, 0.5], [0, 1]], atol=2e-4)


def test_parquet_of_pandas_with_numbers_as_ids_is_read(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    import pandas

    frame = pandas.DataFrame({"id": [2, 1], "cat": [0.25, 1.0], "dog": [0.75, 0.0]})
    frame.to_parquet(file := tmp_path / "a.parquet", index=False)
    found = FORM.read(file, ExpectedRecords("test", ["1", "2"]))
    assert found.values.tolist() == [[1, 0], [0.25, 0.75]]


def test_npz_needs_ids_and_scores_alone(tmp_path: Path) -> None:
    np.savez(file := tmp_path / "a.npz", ids=["c", "b", "a"], scores=np.array([[0, 1], [1, 0], [1, 0]]))
    assert FORM.read(file, EXPECTED).values.tolist() == [[1, 0], [1, 0], [0, 1]]
    np.savez(file, ids=IDS, scores=np.array([[0.0, 1], [1, 0], [1, 0]]), classes=["dog", "cat"])
    assert FORM.read(file, EXPECTED).values.tolist() == [[1, 0], [0, 1], [0, 1]]


def test_parquet_without_pyarrow_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow.parquet", None)
    (tmp_path / "a.parquet").write_bytes(b"PAR1")
    with pytest.raises(UserError, match=r"podium\[parquet\]"):
        FORM.read(tmp_path / "a.parquet", EXPECTED)


# What is refused


def refused(file: Path) -> str:
    """The message, without the folder."""
    with pytest.raises(InvalidData) as caught:
        FORM.read(file, EXPECTED)
    return str(caught.value).replace(f"{file.parent}/", "")


GOOD = "a,1,0\nb,0.5,0.5\nc,0,1\n"
HEADER = "id,cat,dog\n"
WRONG_CSV: dict[str, tuple[str | bytes, str]] = {
    "empty": ("", "a.csv: expected scores of records, received an empty file (0 bytes)"),
    "blank": (
        "\n\n",
        ("a.csv:1: expected a header with 'id' and a column for each class, received an empty line"),
    ),
    "header only": (HEADER, "a.csv: expected a line for each record, received a header only"),
    "no header": (
        GOOD,
        ("a.csv:1: expected a header with 'id' and a column for each of 2 classes, received 'a', '1', '0'"),
    ),
    "semicolons": (
        "id;cat;dog\na;1;0\n",
        ("a.csv:1: expected commas between columns, received 'id;cat;dog'"),
    ),
    "tabs": ("id\tcat\tdog\n", r"a.csv:1: expected commas between columns, received 'id\tcat\tdog'"),
    "no ids": ("cat,dog\n1,0\n", "a.csv:1: expected the column 'id' of the ids, received none"),
    "no class": ("id,cat\na,1\n", "a.csv:1: expected the column 'dog' of a class, received none"),
    "misspelled": (
        "id,cat,dgo\n",
        ("a.csv:1: expected the column 'dog' of a class, received none (did you mean dgo?)"),
    ),
    "unknown column": (
        "id,cat,dog,owl\n",
        (
            "a.csv:1: expected columns 'id', 'part', 'fold', 'truth' and those of the classes only"
            ", received 'owl'"
        ),
    ),
    "index column": (
        ",id,cat,dog\n0,a,1,0\n",
        (
            "a.csv:1: expected columns 'id', 'part', 'fold', 'truth' and those of the classes only"
            ", received ''"
        ),
    ),
    "column twice": ("id,cat,dog,cat\n", ("a.csv:1: expected each column once, received 'cat' 2 times")),
    "short line": (
        HEADER + "a,1\nb,0.5,0.5\nc,0,1\n",
        ("a.csv:2: expected 3 columns as in the header, received 2"),
    ),
    "long line": (
        HEADER + "a,1,0\nb,0,1,0\nc,0,1\n",
        ("a.csv:3: expected 3 columns as in the header, received 4"),
    ),
    "blank line": (
        HEADER + "a,1,0\n\nb,0,1\nc,0,1\n",
        ("a.csv:3: expected 3 columns as in the header, received a blank line"),
    ),
    "open quote": (
        HEADER + 'a,1,0\n"b,0,1\n',
        (
            "a.csv:3: expected cells with commas between them, quoted where needed"
            ", received broken CSV (unexpected end of data)"
        ),
    ),
    "missing": (
        HEADER + "a,1,0\n",
        ("a.csv: expected scores of each of 3 out-of-fold records, received none for 2: 'b', 'c'"),
    ),
    "twice": (
        HEADER + GOOD + "a,1,0\n",
        ("a.csv:5: expected each id once, received 'a' again, first in line 2"),
    ),
    "unknown": (
        HEADER + GOOD + "d,1,0\n",
        ("a.csv:5: expected the id of one of 3 out-of-fold records, received 'd'"),
    ),
    "of test": (
        HEADER + GOOD + "t1,1,0\n",
        (
            "a.csv:5: expected the id of one of 3 out-of-fold records"
            ", received 't1', which is a record of test"
        ),
    ),
    "spaces": (
        HEADER + "a ,1,0\nb,0,1\nc,0,1\n",
        (
            "a.csv:2: expected the id of one of 3 out-of-fold records"
            ", received 'a ', with white space around it"
        ),
    ),
    "empty id": (HEADER + GOOD + ",1,0\n", "a.csv:5: expected an id, received an empty one"),
    "blank id": (HEADER + GOOD + "  ,1,0\n", "a.csv:5: expected an id, received white space only"),
    "word": (
        HEADER + "a,yes,0\nb,0,1\nc,0,1\n",
        ("a.csv:2: expected a number for class 'cat', received 'yes'"),
    ),
    "decimal comma": (
        HEADER + 'a,"0,5","0,5"\nb,0,1\nc,0,1\n',
        ("a.csv:2: expected a number for class 'cat', received '0,5'"),
    ),
    "underscore": (
        HEADER + "a,0_1,0\nb,0,1\nc,0,1\n",
        ("a.csv:2: expected a number for class 'cat', received '0_1'"),
    ),
    "empty cell": (
        HEADER + "a,,1\nb,0,1\nc,0,1\n",
        ("a.csv:2: expected a number for class 'cat', received an empty cell"),
    ),
    "nan": (
        HEADER + "a,1,0\nb,nan,1\nc,0,1\n",
        ("a.csv:3: expected a probability of 0 to 1 for class 'cat', received NaN"),
    ),
    "infinite": (
        HEADER + "a,1,0\nb,0,1\nc,0,inf\n",
        ("a.csv:4: expected a probability of 0 to 1 for class 'dog', received inf"),
    ),
    "overflow": (
        HEADER + "a,1,0\nb,0,1\nc,0,1e999\n",
        ("a.csv:4: expected a probability of 0 to 1 for class 'dog', received inf"),
    ),
    "negative": (
        HEADER + "a,1.5,-0.5\nb,0,1\nc,0,1\n",
        ("a.csv:2: expected a probability of 0 to 1 for class 'dog', received -0.5"),
    ),
    "huge": (
        HEADER + "a,-1e300,0\nb,0,1\nc,0,1\n",
        ("a.csv:2: expected a probability of 0 to 1 for class 'cat', received -1e+300"),
    ),
    "percent": (
        HEADER + "a,100,0\nb,0,1\nc,0,1\n",
        ("a.csv:2: expected a probability of 0 to 1 for class 'cat', received 100"),
    ),
    "sum": (
        HEADER + "a,0.7,0.2\nb,0,1\nc,0,1\n",
        ("a.csv:2: expected probabilities that sum to 1 (within 0.001), received a sum of 0.9"),
    ),
    "fold": (
        "id,fold,cat,dog\na,1,1,0\nb,1,0,1\nc,0,0,1\n",
        ("a.csv:2: expected fold 0 for 'a', or no fold, received fold 1"),
    ),
    "part": (
        "id,part,cat,dog\na,oof,1,0\nb,,0,1\nc,,0,1\n",
        ("a.csv:2: expected a part of out_of_fold, validation, test, or none, received 'oof'"),
    ),
    "other part": (
        "id,part,cat,dog\na,test,1,0\nb,,0,1\nc,,0,1\n",
        ("a.csv: expected scores of each of 3 out-of-fold records, received none for 1: 'a'"),
    ),
    "latin-1": (
        "id,cat,dog\na,1,0\né,0,1\n".encode("latin-1"),
        ("a.csv:3: expected text in UTF-8, received byte 0xe9"),
    ),
    "utf-16": (
        f"{HEADER}{GOOD}".encode("utf-16"),
        ("a.csv: expected text in UTF-8, received UTF-16 (a byte order mark says so)"),
    ),
    "gbk": (
        f"{HEADER}a,1,0\n狗,0,1\n".encode("gbk"),
        ("a.csv:3: expected text in UTF-8, received byte 0xb9"),
    ),
    "utf-16 without a mark": (
        f"{HEADER}{GOOD}".encode("utf-16-le"),
        ("a.csv:1: expected text in UTF-8, received a NUL byte (of UTF-16, or of a binary file)"),
    ),
    "id of blanks": (
        HEADER + "a\t,1,0\nb,0,1\nc,0,1\n",
        (
            "a.csv:2: expected the id of one of 3 out-of-fold records"
            ", received 'a\\t', with white space around it"
        ),
    ),
    "fold of a word": (
        "id,fold,cat,dog\na,x,1,0\nb,1,0,1\nc,0,0,1\n",
        ("a.csv:2: expected fold 0 for 'a', or no fold, received fold x"),
    ),
    "two files in one": (
        HEADER + GOOD + HEADER + GOOD,
        ("a.csv:5: expected the id of one of 3 out-of-fold records, received 'id'"),
    ),
    "nul": (
        HEADER.encode() + b"a\0,1,0\n",
        ("a.csv:2: expected text in UTF-8, received a NUL byte (of UTF-16, or of a binary file)"),
    ),
    "gzip": (
        gzip.compress(f"{HEADER}{GOOD}".encode())[:-4],
        ("a.csv: expected text in UTF-8, received a file compressed by gzip"),
    ),
    "parquet as csv": (b"PAR1\0", "a.csv: expected text in UTF-8, received a Parquet file"),
    "xlsx as csv": (
        b"PK\x03\x04",
        ("a.csv: expected text in UTF-8, received a zip archive, such as npz or xlsx"),
    ),
}


@pytest.mark.parametrize("kind", WRONG_CSV)
def test_wrong_csv_is_refused_with_its_line(tmp_path: Path, kind: str) -> None:
    content, message = WRONG_CSV[kind]
    (file := tmp_path / "a.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    assert message in refused(file).split("\n")


@pytest.mark.parametrize(
    ("name", "make", "message"),
    [
        (
            "a.csv",
            lambda file: None,
            ("a.csv: expected a file with scores (.csv or .parquet or .npz), received nothing of this name"),
        ),
        (
            "a.csv",
            Path.mkdir,
            ("a.csv: expected a file with scores (.csv or .parquet or .npz), received a folder"),
        ),
        (
            "a.txt",
            Path.touch,
            ("a.txt: expected a name that ends in .csv or .parquet or .npz, received '.txt'"),
        ),
        (
            "a.csv.gz",
            Path.touch,
            ("a.csv.gz: expected a name that ends in .csv or .parquet or .npz, received '.gz'"),
        ),
        (
            "a.csv",
            lambda file: file.symlink_to("/proc/self/mem"),
            ("a.csv: expected a readable file, received one that cannot be read (Input/output error)"),
        ),
        ("a", Path.touch, ("a: expected a name that ends in .csv or .parquet or .npz, received none")),
    ],
    ids=["absent", "folder", "suffix", "compressed", "unreadable", "no suffix"],
)
def test_what_is_no_file_of_scores_is_refused(
    tmp_path: Path, name: str, make: Callable[[Path], Any], message: str
) -> None:
    make(file := tmp_path / name)
    assert refused(file) == message


def test_many_problems_of_a_kind_are_counted_and_all_kinds_are_told(tmp_path: Path) -> None:
    lines = "".join(f"x{row},0.5,0.5\n" for row in range(10))
    (file := tmp_path / "a.csv").write_text(f"{HEADER}{GOOD}{lines}a,2,-1\n")
    message = refused(file)
    assert "a.csv: expected the id of one of 3 out-of-fold records, received 7 more like these" in message
    assert message.count("received 'x") == 3
    assert "received 'a' again" in message
    assert "received 2" in message
    assert "received -1" in message


def test_an_error_in_the_last_of_many_lines_is_found_without_the_file_in_memory(tmp_path: Path) -> None:
    count, form = 5000, ClassForm([f"c{number:03}" for number in range(20)])
    line = ",".join(["0.05" + "0" * 100] * 20)
    with (file := tmp_path / "a.csv").open("w") as lines:
        lines.write(",".join(["id", *form.classes]) + "\n")
        lines.writelines(f"r{row},{line}\n" for row in range(count - 1))
        lines.write(f"r{count - 1},x{line}\n")
    expected = ExpectedRecords("test", [f"r{row}" for row in range(count)])
    tracemalloc.start()
    with pytest.raises(InvalidData) as caught:
        form.read(file, expected)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert f"{file}:{count + 1}: expected a number for class 'c000', received 'x0.0500" in str(caught.value)
    assert peak < file.stat().st_size / 2


SCORES = np.array([[1, 0], [0, 1], [0, 1]], np.float64)
WRONG_NPZ: dict[str, tuple[dict[str, Any], str]] = {
    "no ids": ({"scores": SCORES}, "a.npz: expected an array 'ids', received 'scores'"),
    "no scores": ({"ids": IDS}, "a.npz: expected an array 'scores', received 'ids'"),
    "unnamed": ({"arr_0": SCORES}, "a.npz: expected an array 'scores', received 'arr_0'"),
    "unknown": (
        {"ids": IDS, "scores": SCORES, "x": IDS},
        ("a.npz: expected no arrays but ids, scores, classes, parts, folds and truth, received 'x'"),
    ),
    "objects": (
        {"ids": np.array([*IDS, 1][:3], object), "scores": SCORES},
        ("a.npz: expected arrays of text and numbers, received pickled objects, which are not read"),
    ),
    "flat": (
        {"ids": IDS, "scores": SCORES[:, 0]},
        ("a.npz: expected 'scores' of shape (3, 2), received (3,)"),
    ),
    "heads": (
        {"ids": IDS, "scores": SCORES[:, None]},
        ("a.npz: expected 'scores' of shape (3, 2), received (3, 1, 2)"),
    ),
    "classes": (
        {"ids": IDS, "scores": np.ones((3, 3)) / 3},
        ("a.npz: expected 'scores' of shape (3, 2), received (3, 3)"),
    ),
    "fewer": (
        {"ids": IDS, "scores": SCORES[:2]},
        ("a.npz: expected 'scores' of shape (3, 2), received (2, 2)"),
    ),
    "one id": (
        {"ids": np.array("a"), "scores": SCORES},
        ("a.npz: expected 'ids' of shape (0,), received ()"),
    ),
    "words": (
        {"ids": IDS, "scores": np.array([["1", "0"]] * 3)},
        ("a.npz: expected numbers in 'scores', received the type <U1"),
    ),
    "complex": (
        {"ids": IDS, "scores": SCORES * 1j},
        ("a.npz: expected numbers in 'scores', received the type complex128"),
    ),
    "float ids": (
        {"ids": SCORES[:, 0], "scores": SCORES},
        ("a.npz: expected text or whole numbers in 'ids', received the type float64"),
    ),
    "other classes": (
        {"ids": IDS, "scores": SCORES, "classes": ["cat", "owl"]},
        ("a.npz: expected 'classes' to name the 2 classes once each, received unknown ones: ['owl']"),
    ),
    "class twice": (
        {"ids": IDS, "scores": SCORES, "classes": ["cat", "cat"]},
        ("a.npz: expected 'classes' to name the 2 classes once each, received some of them more than once"),
    ),
    "nan": (
        {"ids": IDS, "scores": SCORES * np.nan},
        ("a.npz:1: expected a probability of 0 to 1 for class 'cat', received NaN"),
    ),
    "logits": (
        {"ids": IDS, "scores": SCORES * 5},
        ("a.npz:1: expected a probability of 0 to 1 for class 'cat', received 5"),
    ),
    "folds": (
        {"ids": IDS, "scores": SCORES, "folds": [0, 1, 2]},
        ("a.npz:3: expected fold 0 for 'c', or no fold, received fold 2"),
    ),
    "no rows": (
        {"ids": np.array([], str), "scores": SCORES[:0]},
        ("a.npz: expected scores of each record, received arrays without rows"),
    ),
}


@pytest.mark.parametrize("kind", WRONG_NPZ)
def test_wrong_arrays_are_refused(tmp_path: Path, kind: str) -> None:
    arrays, message = WRONG_NPZ[kind]
    np.savez(file := tmp_path / "a.npz", **arrays)
    assert message in refused(file).split("\n")


class Trap:
    """Touches a file where it is unpickled."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Path]]:
        return Path.touch, (self.file,)


def test_nothing_in_an_npz_file_runs(tmp_path: Path) -> None:
    np.savez(file := tmp_path / "a.npz", ids=np.array([Trap(tmp_path / "sprung")], object), scores=SCORES)
    assert "pickled objects, which are not read" in refused(file)
    file.write_bytes(pickle.dumps(Trap(tmp_path / "sprung")))
    assert "expected a whole npz file" in refused(file)
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.99])
def test_damaged_files_are_refused(tmp_path: Path, suffix: str, share: float) -> None:
    if suffix == ".csv":
        pytest.skip("a part of a CSV file is one with fewer lines")
    FORM.write(file := tmp_path / f"a{suffix}", exported(IDS, SCORES))
    content = file.read_bytes()
    file.write_bytes(content[: int(len(content) * share)])
    assert "expected a whole" in refused(file)


def test_any_changed_byte_is_refused_or_harmless(tmp_path: Path, suffix: str) -> None:
    """No other exception than InvalidData, whatever byte of the file is wrong."""
    folds = {"a": 0, "b": 1, "c": 0}
    FORM.write(file := tmp_path / f"a{suffix}", exported(IDS, SCORES))
    content, random = file.read_bytes(), np.random.default_rng(0)
    for place in random.integers(0, len(content), 300).tolist():
        changed = io.BytesIO(content)
        changed.seek(place)
        changed.write(bytes([content[place] ^ int(random.integers(1, 256))]))
        file.write_bytes(changed.getvalue())
        try:
            found = FORM.read(file, ExpectedRecords("out_of_fold", IDS, folds))
        except InvalidData:
            continue
        assert found.values.shape == (3, 2)
        assert np.isfinite(found.values).all()


def wrong_parquet(file: Path, columns: dict[str, Any]) -> str:
    pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    parquet.write_table(pyarrow.table(columns), file)
    return refused(file)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (
            {"id": IDS, "cat": [1.0, 0, 0]},
            ("a.parquet:1: expected the column 'dog' of a class, received none"),
        ),
        (
            {"id": IDS, "cat": ["1", "0", "0"], "dog": [0.0, 1, 1]},
            ("a.parquet: expected numbers in the column 'cat', received the type string"),
        ),
        (
            {"id": IDS, "cat": [[1.0]] * 3, "dog": [0.0, 1, 1]},
            ("a.parquet: expected numbers in the column 'cat', received the type list<element: double>"),
        ),
        (
            {"id": IDS, "cat": [1.0, None, 0], "dog": [0.0, 1, 1]},
            ("a.parquet:2: expected a number for class 'cat', received an empty cell"),
        ),
        (
            {"id": ["a", None, "c"], "cat": [1.0, 0, 0], "dog": [0.0, 1, 1]},
            ("a.parquet:2: expected text as id, received None"),
        ),
        (
            {"id": [1.5, 2, 3], "cat": [1.0, 0, 0], "dog": [0.0, 1, 1]},
            ("a.parquet:1: expected text as id, received 1.5"),
        ),
        (
            {"id": IDS, "cat": [1.0, 0, 0], "dog": [0.0, 1, 2]},
            ("a.parquet:3: expected a probability of 0 to 1 for class 'dog', received 2"),
        ),
        (
            {"id": ["a", "b", "b"], "cat": [1.0, 0, 0], "dog": [0.0, 1, 1]},
            ("a.parquet:3: expected each id once, received 'b' again, first in line 2"),
        ),
        (
            {"id": IDS, "cat": [1.0, 0, 0], "dog": [0.0, 1, 1], "__index_level_0__": [0, 1, 2]},
            (
                "a.parquet:1: expected columns 'id', 'part', 'fold', 'truth' and those of the classes only"
                ", received '__index_level_0__'"
            ),
        ),
    ],
)
def test_wrong_parquet_is_refused(tmp_path: Path, columns: dict[str, Any], message: str) -> None:
    assert message in wrong_parquet(tmp_path / "a.parquet", columns).split("\n")
