import json

import numpy as np
import pytest

from tasks.core.competition import Scores
from tasks.learning.candidates import Candidates, key
from tasks.learning.score_files import holds, read, write

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
    assert holds(tmp_path, "held_out")
    assert not holds(tmp_path, "test")


def test_candidates_fill_one_file_and_arrays_have_their_ids_beside_them(tmp_path):
    write(tmp_path, "one", Scores(IDS, RECORDS))
    write(tmp_path, "other", Scores(IDS, ARRAY))
    assert {path.name for path in tmp_path.iterdir()} == {"one.jsonl", "other.npy", "other_ids.json"}
    assert json.loads((tmp_path / "other_ids.json").read_text("utf-8")) == IDS


@KINDS
def test_no_records_of_a_part_are_a_part(tmp_path, values):
    write(tmp_path, "test", Scores([], values[np.array([], np.int64)]))
    assert holds(tmp_path, "test")
    assert (read(tmp_path, "test").ids, len(read(tmp_path, "test").values)) == ([], 0)
