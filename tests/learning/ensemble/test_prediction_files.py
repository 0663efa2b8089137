import json

import numpy as np
import pytest

from tasks.core.competition import Scores
from tasks.learning.ensemble import prediction_files
from tasks.learning.ensemble.candidates import Candidates, key
from tasks.learning.ensemble.prediction_files import (
    exists,
    read,
    read_pieces,
    read_together,
    write,
    write_pieces,
)

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


def records_of(values):
    return values.records() if isinstance(values, Candidates) else values.tolist()


@KINDS
@pytest.mark.parametrize("size", [1, 2, 5, 9])
def test_what_is_read_in_pieces_is_the_whole(tmp_path, monkeypatch, values, size):
    monkeypatch.setattr(prediction_files, "PIECE", size)
    write(tmp_path, "a", Scores(IDS, values))
    pieces = list(read_pieces(tmp_path, "a"))
    assert [len(piece.values) for piece in pieces] == [len(piece.ids) for piece in pieces]
    assert max(len(piece.ids) for piece in pieces) == min(size, 5)
    assert [id for piece in pieces for id in piece.ids] == IDS
    assert [record for piece in pieces for record in records_of(piece.values)] == records_of(
        read(tmp_path, "a").values
    )


@KINDS
def test_no_records_are_one_empty_piece(tmp_path, values):
    write(tmp_path, "a", Scores([], values[np.array([], np.int64)]))
    (piece,) = read_pieces(tmp_path, "a")
    assert (piece.ids, len(piece.values)) == ([], 0)
    if not isinstance(values, Candidates):
        assert piece.values.shape == (0, 1, 2)


@pytest.mark.parametrize("count", [0, 1, 7, 10**6])
def test_arrays_have_the_bytes_that_numpy_writes(tmp_path, count):
    array = np.arange(count * 2, dtype=np.float32).reshape(count, 2)
    write_pieces(tmp_path, "a", [Scores([str(row) for row in range(count)], array)])
    np.save(tmp_path / "expected.npy", array)
    assert (tmp_path / "a.npy").read_bytes() == (tmp_path / "expected.npy").read_bytes()


@pytest.mark.parametrize("other", [ARRAY.astype(np.float64), ARRAY[:, :, :1]])
def test_pieces_of_another_type_or_shape_are_refused(tmp_path, other):
    with pytest.raises(ValueError, match=r"a: expected pieces of float32 \(1, 2\), received float"):
        write_pieces(tmp_path, "a", [Scores(IDS, ARRAY), Scores(IDS, other)])


def test_scores_of_more_records_than_ids_are_refused(tmp_path):
    write(tmp_path, "a", Scores(IDS, ARRAY))
    (tmp_path / "a_ids.json").write_text(json.dumps(IDS[:4]))
    with pytest.raises(ValueError, match="a: expected scores of 4 records, received 5"):
        list(read_pieces(tmp_path, "a"))


@KINDS
@pytest.mark.parametrize("rows", [[1, 0, 2, 3, 4], [0, 1, 2, 3], [0, 1, 2, 3, 4, 4], [0, 1]])
def test_predictions_of_other_records_are_not_read_together(tmp_path, monkeypatch, values, rows):
    monkeypatch.setattr(prediction_files, "PIECE", 2)
    for name, chosen in (("one", list(range(5))), ("other", rows)):
        (tmp_path / name).mkdir()
        write(tmp_path / name, "a", Scores([IDS[row] for row in chosen], values[np.array(chosen)]))
    folders = [tmp_path / "one", tmp_path / "other"]
    with pytest.raises(ValueError, match="a: expected the same ids in the same order from every model"):
        list(read_together(folders, "a", what="model"))
    assert len(list(read_together(folders[:1] * 2, "a", what="model"))) == 3
