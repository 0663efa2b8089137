"""Servers, schedules and workers; stops of `podium serve` are tested in `test_serve.py`."""

from tests.flows.situations.situation import Here, Preparation, Situation, unset


def schedules(text: str) -> Preparation:
    """A file of schedules."""

    def prepare(here: Here) -> None:
        here.monkeypatch.setenv("PODIUM_CONF", str(here["CONF"]))
        here.write("CONF", "schedules.toml", text)

    return prepare


LINE = '[[schedules]]\ncompetition = "dogs"\npreset = "demo"\n'
SITUATIONS = [
    Situation(
        "No server of this machine is running",
        "podium ui --stop",
        0,
        ("podium: no local Prefect server is running",),
        (unset("PREFECT_API_URL"),),
    ),
    Situation("The address of the pages", "podium ui", 0, ("http://",), on_server=True),
    Situation(
        "Nobody is at the server's address",
        "PREFECT_API_URL=http://127.0.0.1:9/api podium {ui,schedules list}",
        2,
        ("PREFECT_API_URL: expected a Prefect server that answers, received none at http://127.0.0.1:9/api",),
    ),
    Situation(
        "There are no schedules",
        "podium schedules list",
        0,
        ("podium: no schedules: conf/schedules.toml has none",),
        on_server=True,
    ),
    Situation(
        "There is no deployment of this name",
        "podium schedules pause dogs/nonsense",
        2,
        ("deployment: expected",),
        on_server=True,
    ),
    Situation(
        "A schedule never comes",
        "podium {serve,deploy}",
        2,
        ("CONF/schedules.toml:4: schedules.0.cron: day of the month: expected at most 29 in month 2",),
        (schedules(f'{LINE}cron = "0 0 30 2 *"\n'),),
    ),
    Situation(
        "A schedule has a misspelled key",
        "podium {serve,deploy}",
        2,
        ("CONF/schedules.toml:4: schedules.0.corn: unknown key (did you mean schedules.0.cron?)",),
        (schedules(f'{LINE}corn = "0 0 1 2 *"\n'),),
    ),
    Situation(
        "There is no competition of this name to serve",
        "podium {serve,deploy} dgos",
        2,
        ("received 'dgos' (did you mean dogs?)",),
    ),
]
