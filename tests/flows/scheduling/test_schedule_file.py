"""`conf/schedules.toml`: what it may contain, and the messages for errors in it."""

from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path

import pytest

from flows.scheduling import schedule_file
from flows.scheduling.cron import cron_error
from flows.scheduling.schedule_file import Schedule, ScheduleFile
from tasks.core import locations
from tasks.core.errors import InvalidSettings


@pytest.fixture
def conf(tmp_path: Path) -> Path:
    """A folder with two presets of dogs."""
    (tmp_path / "dogs").mkdir()
    for name in ("demo", "best"):
        (tmp_path / "dogs" / f"{name}.toml").write_text("# A preset.\n")
    return tmp_path


def write(conf: Path, text: str) -> ScheduleFile:
    (conf / "schedules.toml").write_text(text)
    return schedule_file.read(root=conf)


def test_the_file_of_this_checkout_can_be_read() -> None:
    assert schedule_file.read(root=locations.presets_folder()).schedules == ()


def test_without_a_file_all_presets_are_shown_and_none_is_scheduled(conf: Path) -> None:
    plan = schedule_file.read(root=conf)
    assert plan == ScheduleFile()
    assert plan.deployed_presets("dogs", root=conf) == ["best", "demo"]


def test_presets_with_a_schedule_are_shown_with_those_listed(conf: Path) -> None:
    plan = write(
        conf,
        '[presets]\ndogs = ["demo"]\n'
        '[[schedules]]\ncompetition = "dogs"\npreset = "best"\ncron = "0 3 * * *"\n'
        '[[schedules]]\ncompetition = "dogs"\npreset = "best"\nevery = "6h"\ntimezone = "Europe/Berlin"\n',
    )
    assert plan.deployed_presets("dogs", root=conf) == ["demo", "best"]
    assert [each.timing for each in plan.schedules_of("dogs", "best")] == [
        "0 3 * * * UTC",
        "every 6h Europe/Berlin",
    ]
    assert plan.schedules_of("dogs", "best")[1].interval == timedelta(hours=6)
    assert plan.schedules_of("dogs", "demo") == []


def test_a_competition_can_be_left_out(conf: Path) -> None:
    assert write(conf, "[presets]\ndogs = []\n").deployed_presets("dogs", root=conf) == []


HEAD = '[[schedules]]\ncompetition = "dogs"\npreset = "demo"\n'
CRON = 'cron = "0 3 * * *"\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[notify]\ncomand = "x"\n', "2: notify.comand: unknown key (did you mean notify.command?)"),
        ("[notify]\ncommand = 1\n", "2: notify.command: expected text"),
        ('[presets]\ndogs = ["bst"]\n', "2: presets.dogs: expected one of best, demo, received 'bst'"),
        ("[presets]\ncats = []\n", "2: presets.cats: expected one of dogs, extraction"),
        ('[[schedules]]\npreset = "demo"\n' + CRON, "1: schedules.0.competition: expected a value"),
        (HEAD, "1: schedules.0.cron: expected cron or every, received neither"),
        (HEAD + CRON + 'every = "6h"\n', "4: schedules.0.cron: expected cron or every, received both"),
        (HEAD.replace("demo", "demi") + CRON, "3: schedules.0.preset: expected one of best, demo, received"),
        (HEAD + 'every = "6 hours"\n', "4: schedules.0.every: expected a number with m, h, d or w"),
        (HEAD + 'every = "0m"\n', "4: schedules.0.every: expected a duration above zero, received '0m'"),
        (HEAD + 'cron = "0 3 * *"\n', "4: schedules.0.cron: expected five fields (minute, hour,"),
        (
            HEAD + CRON + 'timezone = "Europe/Berlyn"\n',
            "5: schedules.0.timezone: expected the name of a time zone, such as Europe/Berlin, "
            "received 'Europe/Berlyn' (did you mean Europe/Berlin?)",
        ),
        (HEAD + CRON + HEAD + CRON, "5: schedules.1: is the same as schedules.0"),
        (HEAD + CRON + HEAD + 'cron = "00 03 * * *"\n', "5: schedules.1: is the same as schedules.0"),
        (HEAD + 'every = "1d"\n' + HEAD + 'every = "24h"\n', "5: schedules.1: is the same as schedules.0"),
        (HEAD + 'cron = "٠ ٣ * * *"\n', "4: schedules.0.cron: minute: expected 0 to 59"),
        (HEAD + 'every = "٦h"\n', "4: schedules.0.every: expected a number with m, h, d or w"),
        (HEAD + "cron = 2026-01-01\n", "4: schedules.0.cron: expected a number, true, false, text"),
        (HEAD + "cron = 0 3\n", "4: expected valid TOML"),
    ],
)
def test_an_error_names_its_line(conf: Path, text: str, message: str) -> None:
    with pytest.raises(InvalidSettings) as caught:
        write(conf, text)
    assert f"schedules.toml:{message}" in str(caught.value)


def test_all_errors_are_listed_at_once(conf: Path) -> None:
    with pytest.raises(InvalidSettings) as caught:
        write(conf, HEAD + 'cron = "61 3 * * *"\ntimezone = "Nowhere"\n')
    assert len(str(caught.value).splitlines()) == 2


def test_of_thousands_of_errors_the_first_are_listed(conf: Path) -> None:
    with pytest.raises(InvalidSettings, match=r"… and more$") as caught:
        write(conf, (HEAD + 'every = "1d"\n') * 9000)
    assert len(str(caught.value).splitlines()) == 21


VALID = [
    "* * * * *",
    "*/5 0-6 1,15 jan-mar mon-fri",
    "0 3 * * 7",
    "0,30 8-18/2 * DEC Sun",
    "0 0 29 2 *",
]
VALID += ["0 0 31 feb,mar *", "0 0 28-31 2 *", "0 0 */31 2 *", "0 0 20/5 2 *"]
INVALID = [
    ("60 * * * *", "minute: expected 0 to 59"),
    ("* 24 * * *", "hour: expected 0 to 23"),
    ("* * 0 * *", "day of the month: expected 1 to 31"),
    ("* * * 13 *", "month: expected 1 to 12 or jan to dec"),
    ("* * * * funday", "day of the week: expected 0 to 7 or sun to sat"),
    ("9-5 * * * *", "received '9-5'"),
    ("*/0 * * * *", "received '*/0'"),
    ("1,,2 * * * *", "received '1,,2'"),
    ("@daily", "received '@daily', which has 1"),
    ("0 0 30 2 *", "day of the month: expected at most 29 in month 2, received '30', so it never fires"),
    ("0 0 30 2 mon", "so it never fires"),
    ("0 0 30,31 feb *", "day of the month: expected at most 29"),
    ("0 0 31 4,6,9,11 */2", "day of the month: expected at most 30"),
    ("0 0 31-31/2 jun *", "so it never fires"),
    ("٣ * * * *", "minute: expected 0 to 59"),
    ("*/٣ * * * *", "minute: expected 0 to 59"),
    (f"{'9' * 5000} * * * *", "minute: expected 0 to 59"),
]


@pytest.mark.parametrize("cron", VALID)
def test_a_valid_expression_is_valid_for_prefect_too(cron: str) -> None:
    from prefect._vendor.croniter import croniter

    assert cron_error(cron) == ""
    assert croniter(cron, datetime(2026, 1, 1, tzinfo=UTC)).get_next()


@pytest.mark.parametrize(("cron", "message"), INVALID)
def test_an_error_in_cron_names_its_field(cron: str, message: str) -> None:
    assert message in cron_error(cron)


def test_days_that_no_month_has_are_those_at_which_prefect_never_fires() -> None:
    from prefect._vendor.croniter import CroniterBadDateError, croniter

    for month, day in product(range(1, 13), range(1, 32)):
        cron = f"0 0 {day} {month} *"
        try:
            croniter(cron, datetime(2026, 1, 1, tzinfo=UTC)).get_next()
        except CroniterBadDateError:
            assert "never fires" in cron_error(cron), cron
        else:
            assert cron_error(cron) == "", cron


def test_a_schedule_keeps_its_name_as_long_as_its_timing_is_the_same() -> None:
    one = Schedule(competition="dogs", preset="demo", cron="0 3 * * *")
    assert one.timing == one.model_copy(update={"preset": "best"}).timing
    assert one.timing != one.model_copy(update={"timezone": "Europe/Berlin"}).timing
    assert one.timing != one.model_copy(update={"cron": "* 3 0 * *"}).timing
