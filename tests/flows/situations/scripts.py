"""What scripts read: `--json`, versions, completion; the fields are tested in `test_json_output.py`."""

from flows.commands import catalogue, search
from flows.runtime.server_loss import FlowOutcome
from tests.flows.situations.results import submitted
from tests.flows.situations.situation import Here, Preparation, Situation

SCHEMA = '"schema": 1'


def counted(here: Here) -> None:
    """The raw files are read and good."""
    report = {"counts": {"photographs": 3}, "notes": []}
    here.monkeypatch.setattr(catalogue, "count", lambda competition, data: report)


def searched(here: Here) -> None:
    """A search has come to an end, and no trial was better than the preset."""
    score = {"name": "accuracy", "value": 0.5, "standard_error": 0.1}
    found = {"preset": None, "report": "/r.html", "trials": {"complete": 3}, "best": 0}
    outcome = FlowOutcome({**found, "score": score, "start": score}, recorded=True)
    here.monkeypatch.setattr(search, "_run", lambda *arguments, url: outcome)
    here.monkeypatch.setattr("flows.runtime.prefect_settings.apply", lambda url: None)


def asking(words: str) -> Preparation:
    """The shell asks which words may follow."""
    asked = {"_PODIUM_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}

    def prepare(here: Here) -> None:
        for name, value in asked.items():
            here.monkeypatch.setenv(name, value)

    return prepare


def _json(command: str, object_of: str, *prepare: Preparation) -> Situation:
    return Situation(
        f"`{object_of}` in a script",
        f"podium {command} --json",
        0,
        (SCHEMA, f'"command": "{object_of}"'),
        prepare,
    )


SITUATIONS = [
    _json("list", "list"),
    _json("check dogs --set data.root=DATA", "check", counted),
    _json("plan dogs --preset demo --set data.root=DATA", "plan"),
    _json("search dogs --preset demo --no-server --set data.root=DATA", "search", searched),
    _json("members list dogs", "members list"),
    _json("submissions list", "submissions list", submitted),
    _json("submissions show one", "submissions show", submitted),
    _json("submissions diff one two", "submissions diff", submitted),
    _json("clean --dry-run", "clean"),
    _json("clean --reread", "clean --reread"),
    _json("clean --verify", "clean --verify"),
    Situation(
        "An error in a script: stdout is empty",
        "podium {check,plan} dogs --preset nonsense --json",
        2,
        ("received 'nonsense'",),
    ),
    Situation(
        "A search that found nothing better writes no preset",
        "podium search dogs --preset demo --no-server --set data.root=DATA",
        0,
        ("preset  none: no trial was better than the settings at the start", "trials  3 complete"),
        (searched,),
    ),
    Situation("The version, and those of what decides results", "podium --version", 0, ("podium ",)),
    Situation(
        "Help", "podium --help", 0, ("Usage: podium [OPTIONS] COMMAND", "Exit codes: 0 done, 1 internal")
    ),
    Situation("A shell completes commands", "podium", 0, ("submissions",), (asking("podium subm"),)),
]
