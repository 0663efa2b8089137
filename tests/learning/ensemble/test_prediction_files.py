import json

import numpy as np
import pytest

from tasks.core.competition import Scores
from tasks.learning.ensemble.candidates import Candidates, key
from tasks.learning.ensemble.prediction_files import exists, read, write, write_pieces

IDS = ['a"1', "句,2", "c:3", "d\\4", "e\n5"]
ARRAY = np.arange(10, dtype=np.float32).reshape(5, 1, 2)
RECORDS = Candidates.of([{key([id, "作者", "乙"]): (row + 1) / 8} | {"1": 0.5} for row, id in enumerate(IDS)])
KINDS = pytest.mark.parametrize("values", [ARRAY, RECORDS], ids=["array", "candidates"])


@KINDS
def test_what_is_written_reads_back(tmp_path, values):
    write(tmp_path, "held_out", Scores(IDS, values))
    found = read(tmp_path, "held_out")
    assert found.ids == IDS
    if isinstance(values, Candidates):
        assert found.values.records() == values.records()
    else:
        assert found.values.dtype == np.float32
        np.testing.assert_array_equal(found.values, values)
    assert exists(tmp_path, "held_out")
    assert not exists(tmp_path, "test")


def test_candidates_fill_one_file_and_arrays_have_their_ids_beside_them(tmp_path):
    write(tmp_path, "one", Scores(IDS, RECORDS))
    write(tmp_path, "other", Scores(IDS, ARRAY))
    assert {path.name for path in tmp_path.iterdir()} == {"one.jsonl", "other.npy", "other_ids.json"}
    assert json.loads((tmp_path / "other_ids.json").read_text("utf-8")) == IDS


@KINDS
def test_no_records_of_a_part_are_a_part(tmp_path, values):
    write(tmp_path, "test", Scores([], values[np.array([], np.int64)]))
    assert exists(tmp_path, "test")
    assert (read(tmp_path, "test").ids, len(read(tmp_path, "test").values)) == ([], 0)


@KINDS
def test_pieces_make_the_bytes_of_the_whole(tmp_path, values):
    for name in ("whole", "pieces"):
        (tmp_path / name).mkdir()
    pieces = [Scores(IDS[rows], values[rows]) for rows in (slice(0, 2), slice(2, 2), slice(2, 5))]
    write_pieces(tmp_path / "pieces", "a", pieces)
    write(tmp_path / "whole", "a", Scores(IDS, values))
    names = [sorted(path.name for path in folder.iterdir()) for folder in tmp_path.iterdir()]
    assert names[0] == names[1]
    for file in (tmp_path / "whole").iterdir():
        assert (tmp_path / "pieces" / file.name).read_bytes() == file.read_bytes()


def test_a_piece_of_candidates_is_on_the_disk_before_the_next_is_made(tmp_path):
    many = Candidates.of({key([row, "x" * 50]): 0.5} for row in range(1000))
    sizes = []

    def pieces():
        for _ in range(3):
            yield Scores([str(row) for row in range(1000)], many)
            sizes.append((tmp_path / "a.jsonl").stat().st_size)

    write_pieces(tmp_path, "a", pieces())
    assert 50_000 < sizes[0] < sizes[1] < sizes[2]


def test_nothing_predicted_is_refused_and_no_file(tmp_path):
    """A part without records is one empty piece."""
    with pytest.raises(ValueError, match="a: expected at least one piece of scores, received none"):
        write_pieces(tmp_path, "a", [])
    assert list(tmp_path.iterdir()) == []
