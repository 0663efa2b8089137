"""What comes of runs: submissions and their public scores, members, the store."""

from tasks import submit as submission
from tasks.core.cache.store import write_json
from tests import test_submit
from tests.flows.situations.rehearsal import acting, rehearsed
from tests.flows.situations.situation import Here, Preparation, Situation


def submitted(here: Here, competition: str = "dogs") -> None:
    """Two submissions, `one` with a public score."""
    for name, value, public in (("one", 0.88, 0.12), ("two", 0.9, None)):
        here.write("SUBMISSIONS", f"{competition}/2026-{name}/answers.txt", f"a\n{name}\n")
        provenance = {
            "file": "answers.txt",
            "created": "2026-01-31T12:00:00+00:00",
            "score": {"name": "accuracy", "value": value, "standard_error": 0.01},
            "config": {"seed": int(value * 100)},
            "public_score": public,
        }
        write_json(here["SUBMISSIONS"] / competition / f"2026-{name}" / "provenance.json", provenance)


def of(competition: str) -> Preparation:
    """Two submissions of another competition."""
    return lambda here: submitted(here, competition)


def equal(here: Here) -> None:
    """The run ends in what a submission of another name holds."""
    rehearsed(here)
    file = test_submit.answer(here.monkeypatch)

    def submit(name: str) -> None:
        submission.submit.fn("toy", test_submit.Config(), [file], test_submit.ensemble(file), file, name)

    submit("earlier")
    acting("train fold 0", lambda: submit("better"))(here)


SITUATIONS = [
    Situation(
        "`--name` cannot be honoured, for an equal submission has another",
        "podium run dogs --name better --set data.root=DATA",
        0,
        ("-earlier is an equal submission: none named better is written",),
        (equal,),
        on_server=True,
    ),
    Situation(
        "There are no submissions",
        "podium {submissions,submissions list}",
        0,
        ("podium: no submissions in SUBMISSIONS",),
    ),
    Situation(
        "Submissions, which way a public score is better, and what else would help",
        "podium {submissions,submissions list,submissions list dogs}",
        0,
        (
            "dogs/2026-two",
            "0.8800 ± 0.0100  0.12",
            "Public: error rate, the lower the better.",
            "accuracy",
        ),
        (submitted,),
    ),
    Situation(
        "The same as a page",
        "podium submissions list --html PAGE",
        0,
        ("podium: written to PAGE", "dogs/2026-one"),
        (submitted,),
    ),
    Situation(
        "Submissions of what is no competition",
        "podium submissions list nonsense",
        2,
        ("competition: expected one of dogs, extraction, nl2sql, received 'nonsense'",),
        (submitted,),
    ),
    Situation(
        "Submissions of a competition that is gone",
        "podium submissions list cats",
        0,
        ("cats/2026-one", "Public: taken as the higher the better, for its competition cannot be used."),
        (of("cats"),),
    ),
    Situation(
        "A public score, with its direction",
        "podium submissions record-score one 0.119",
        0,
        ("dogs/2026-one: public score 0.119 (error rate, the lower the better)",),
        (submitted,),
    ),
    Situation(
        "A public score in percent",
        "podium submissions record-score one 88",
        2,
        ("score: expected the error rate of dogs, from 0 to 1, received 88; 88 % is 0.88",),
        (submitted,),
    ),
    Situation(
        "An accuracy where the leaderboard shows the error rate",
        "podium submissions record-score one 0.8812",
        0,
        ("dogs/2026-one: public score 0.8812 (error rate,", "record 0.1188 if it is that"),
        (submitted,),
    ),
    Situation(
        "A public score that is no number",
        "podium submissions record-score one nan",
        2,
        ("score: expected a finite number, received nan",),
        (submitted,),
    ),
    Situation(
        "No submission has this name",
        "podium submissions {show,diff one} three",
        2,
        ("received 'three'",),
        (submitted,),
    ),
    Situation(
        "Several submissions have this in their name",
        "podium submissions show 2026",
        2,
        ("received '2026'",),
        (submitted,),
    ),
    Situation(
        "The file to check is not there",
        "podium submissions validate NOWHERE --competition dogs",
        2,
        ("NOWHERE: expected a file, received none",),
    ),
    Situation(
        "No run has left a member", "podium members list dogs", 0, ("podium: no members of dogs in STORE",)
    ),
    Situation(
        "A blend without members",
        "podium blend dogs --preset demo --no-server --set data.root=DATA",
        2,
        ("member",),
    ),
    Situation(
        "A prediction by a submission that is not there",
        "podium predict dogs --from nonsense --no-server --set data.root=DATA",
        2,
        ("received 'nonsense'",),
    ),
    Situation(
        "A bundle of a submission that is not there",
        "podium bundle nonsense --output PAGE.zip",
        2,
        ("received 'nonsense'",),
    ),
    Situation(
        "A bundle that is no zip file",
        "podium bundle one --output PAGE",
        2,
        ("--output: expected",),
        (submitted,),
    ),
    Situation("Nothing to clean", "podium clean", 0, ("0 artifacts removed, 0 kept, 0 B freed",)),
    Situation(
        "An age that is no duration",
        "podium clean --older-than soon",
        2,
        ("--older-than: expected a number with m, h, d or w",),
    ),
    Situation(
        "Nothing is damaged", "podium clean --verify", 0, ("0 artifacts, 0 B read: nothing is damaged",)
    ),
]
