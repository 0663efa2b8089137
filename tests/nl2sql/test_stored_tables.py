import pytest

from tasks.nl2sql import stored_tables
from tasks.nl2sql.dataset import tables
from tasks.nl2sql.stored_tables import StoredTables
from tests.nl2sql import written


@pytest.mark.parametrize("kept", [1, 2, 100])
@pytest.mark.parametrize("part", ["train", "validation", "test"])
def test_tables_are_those_that_are_read_at_once(tmp_path, monkeypatch, part, kept):
    monkeypatch.setattr(stored_tables, "KEPT", kept)
    folder = written.dataset(tmp_path, written.PARTS)
    expected = tables(folder, part)
    found = StoredTables(folder, part)
    assert (list(found), len(found)) == (list(expected), len(expected))
    for id in [*expected, *reversed(expected), *expected]:
        assert found[id] == expected[id]


def test_a_table_that_is_asked_for_again_is_the_same_object(tmp_path):
    """Indexes of tables are cached by identity."""
    found = StoredTables(written.dataset(tmp_path, written.PARTS), "train")
    assert all(found[id] is found[id] for id in found)


def test_an_unknown_table_is_a_key_error(tmp_path):
    found = StoredTables(written.dataset(tmp_path, written.PARTS), "train")
    with pytest.raises(KeyError):
        found["none"]
