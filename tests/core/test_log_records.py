"""Records of the log: nothing for a terminal to obey, no forged lines, no passwords, for every handler."""

import logging
from collections.abc import Iterator

import pytest

from tasks.core.log_records import clean_records


@pytest.fixture(autouse=True)
def factory() -> Iterator[None]:
    before = logging.getLogRecordFactory()
    clean_records()
    yield
    logging.setLogRecordFactory(before)


def logged(caplog: pytest.LogCaptureFixture, name: str, text: str, *arguments: object) -> str:
    with caplog.at_level(logging.INFO):
        logging.getLogger(name).warning(text, *arguments)
    return caplog.records[-1].getMessage()


def test_what_is_put_into_a_message_stays_on_its_line(caplog: pytest.LogCaptureFixture) -> None:
    name = "a\n12:00:00 podium forged\x1b[2J"
    assert logged(caplog, "podium", "%s: left out", name) == r"a\n12:00:00 podium forged\x1b[2J: left out"
    assert logged(caplog, "podium", "two\nlines of %d", 2) == "two\nlines of 2"


def test_messages_of_other_libraries_keep_their_lines_only(caplog: pytest.LogCaptureFixture) -> None:
    assert logged(caplog, "another", "%s", "a\nb\x1b[2J\x07") == "a\nb\\x1b[2J\\x07"
    assert logged(caplog, "other", "%d per cent, 100 %%", 50) == "50 per cent, 100 %"


def test_no_record_holds_a_password(caplog: pytest.LogCaptureFixture) -> None:
    address = "postgresql://u:hunter2@db/x"
    assert logged(caplog, "sqlalchemy", "no answer: %s", ValueError(address)) == (
        "no answer: postgresql://u:***@db/x"
    )
    assert "hunter2" not in str(vars(caplog.records[-1]))
    assert logged(caplog, "podium", "%(url)s", {"url": address}) == "postgresql://u:***@db/x"


def test_a_traceback_is_cleaned_too(caplog: pytest.LogCaptureFixture) -> None:
    try:
        raise ValueError("postgresql://u:hunter2@db/x\x1b[2J")
    except ValueError:
        with caplog.at_level(logging.INFO):
            logging.getLogger("podium").exception("failed")
    shown = logging.Formatter().format(caplog.records[-1])
    assert shown.endswith("ValueError: postgresql://u:***@db/x\\x1b[2J")


def test_arguments_that_do_not_fit_are_left_to_the_handler(caplog: pytest.LogCaptureFixture) -> None:
    record = logging.getLogRecordFactory()("podium", logging.INFO, "", 1, "%d", ("x",), None)
    assert record.args == ("x",)
