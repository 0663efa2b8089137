"""A study in a journal that was torn, and in a database."""

import traceback
from pathlib import Path

import pytest

from tasks.core.errors import InvalidSettings
from tests.learning.studies import begin, carried_out, study, told


def test_a_line_that_was_cut_off_is_forgotten():
    carried_out(3)
    journal = study().folder / "one.journal"
    with open(journal, "ab") as file:
        file.write(b'{"op_code":6,"wor')
    assert len(carried_out(5)) == 5
    assert journal.read_bytes().endswith(b"\n")


def test_a_database_serves_as_well(tmp_path: Path):
    url = f"sqlite:///{tmp_path / 'studies.db'}"
    assert told(carried_out(12, storage=url)) == told(carried_out(12))
    own = study(storage=url)
    with own.register_owner() as owner:
        begin(own, owner)
    assert own.trials()[12].state == "running"
    assert len(carried_out(14, storage=url)) == 14


@pytest.mark.parametrize(
    "url", ["mystery://u:hunter2@here/x", "postgresql://u:hunter2@127.0.0.1:1/x?sslpassword=hunter2"]
)
def test_the_password_of_a_database_is_not_in_the_message(url: str):
    with pytest.raises(InvalidSettings, match=r"u:\*\*\*@") as caught:
        study(storage=url)
    assert "hunter2" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("url", ["nonsense", "mystery://here", "sqlite:////nowhere/at/all.db"])
def test_a_database_that_does_not_answer_is_the_persons_mistake(url: str):
    with pytest.raises(InvalidSettings, match=f"storage: expected the URL of a database .*received '{url}'"):
        study(storage=url)
