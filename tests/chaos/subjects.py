"""What faults are done to: runs of the three demos, a search, a prediction and a service with a schedule."""

import random
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tasks.core.cache.store import Artifact, Store
from tests.flows import podium_runs

EPOCHS = 12
EPOCH_IS_STEP: Mapping[str, Mapping[str, Any]] = {
    "dogs": {"recipes__0__training__batch_size": 18},
    "extraction": {"recipes__0__training__batch_characters": 100_000},
    "nl2sql": {"recipes__0__training__batch_questions": 24},
}
"""Settings with which an epoch is one step, after each of which there is a checkpoint."""
TRAINING_SHARE, LONG_SHARE = 0.5, 0.2
"""How often a training is to be done, and a further step that a child process computes."""
IN_CHILD = ("augment ", "encode ", "train ", "predict ")
"""Beginnings of the labels of steps that a child process computes."""


class Subject(NamedTuple):
    """A kind of command."""

    name: str
    competition: str
    words: Callable[[Path], list[str]]
    """Its command line after `podium`, by the folder of the subject's reference."""
    results: str
    """What it is for: files below the trial's folder, as a pattern."""
    after: str = ""
    """The subject from whose store and submissions it starts."""
    counts_epochs: bool = True
    """Whether its log tells which epochs of which training are done twice."""
    needs_all: bool = True
    """Whether it uses every record of its store, and so mends whatever is damaged."""
    like: str = ""
    """The subject whose reference it shares, as it computes the same."""
    serves: bool = False
    """Whether it goes on until a signal comes, and does its work on a schedule."""


def _run(competition: str) -> Callable[[Path], list[str]]:
    def words(reference: Path) -> list[str]:
        return [*_command(competition, reference)[3:], "--verbose"]  # a line for every epoch

    return words


def _command(competition: str, reference: Path) -> list[str]:
    settings = {
        "recipes__0__training__stages__0__epochs": EPOCHS,
        "run__checkpoint_seconds": 0,
        **EPOCH_IS_STEP[competition],
    }
    return podium_runs.command(reference / "data", competition, **settings)


def _search(reference: Path) -> list[str]:
    words = _run("extraction")(reference)
    words[0] = "search"
    return [*words, "--trials", "2", "--workers", "1", "--pruner", "none", "--study", "found"]


def _predict(reference: Path) -> list[str]:
    data = f"data.root={reference / 'other-data'}"
    return ["predict", "dogs", "--from", "-demo", "--set", data, "--name", "others", "--verbose"]


SCHEDULE = """[presets]
extraction = []
[[schedules]]
competition = "extraction"
preset = "minutely"
cron = "* * * * *"
"""


def write_schedule(conf: Path, reference: Path) -> None:
    """A preset with the settings of the run of extraction, and a schedule of each minute."""
    from tasks.core.settings.preset_writer import write_preset
    from tasks.core.settings.resolve import resolve

    words = _command("extraction", reference)
    overrides = [word for word, before in zip(words[1:], words, strict=False) if before == "--set"]
    settings = resolve("extraction", preset="demo", overrides=overrides)
    write_preset(conf / "extraction/minutely.toml", settings, ["A run of each minute."])
    (conf / "schedules.toml").write_text(SCHEDULE)


SUBMISSION = "submissions/*/*/submission.*"
SUBJECTS = {
    each.name: each
    for each in (
        Subject("dogs", "dogs", _run("dogs"), SUBMISSION),
        Subject("extraction", "extraction", _run("extraction"), SUBMISSION),
        Subject("nl2sql", "nl2sql", _run("nl2sql"), SUBMISSION),
        Subject("search", "extraction", _search, "conf/extraction/found.toml", "", False, False),
        Subject(
            "serve",
            "extraction",
            lambda reference: ["serve", "extraction"],
            SUBMISSION,
            "",
            False,
            like="extraction",
            serves=True,
        ),
        Subject("predict", "dogs", _predict, "submissions/*/*-others/submission.*", "dogs", True, False),
    )
}


def draw_data(subject: Subject, reference: Path) -> None:
    """Write the raw files of a subject's reference."""
    podium_runs.draw(reference / "data", subject.competition)
    if subject.name == "predict":
        from tasks.dogs import demo

        demo.write(reference / "other-data", breeds=3, photographs=6, test_photographs=5, size_pixels=48)


def results(subject: Subject, folder: Path) -> list[bytes]:
    """The contents of the files that the command is for, the oldest first."""
    return [_lasting(path.read_bytes()) for path in sorted(folder.glob(subject.results)) if path.is_file()]


def _lasting(content: bytes) -> bytes:
    """A preset's comments say when and how long the search was."""
    if not content.startswith(b"#"):
        return content
    return b"\n".join(line for line in content.splitlines() if not line.startswith(b"#"))


def forget_steps(store: Store, generator: random.Random, *, in_child: bool) -> list[str]:
    """Delete what a few steps have computed, some of them in child processes; returns their labels.

    The rest stays, so that the command takes seconds and all that it reads is at hand.

    Args:
        in_child: whether a training is among them in any case.
    """
    records = sorted(store.records(), key=lambda record: str(record["label"]))
    long = [each for each in records if any(mark in each["label"] for mark in IN_CHILD)]
    trainings = [each for each in long if "train " in each["label"]]
    short, chosen = [each for each in records if each not in long], []
    if trainings and (generator.random() < TRAINING_SHARE or in_child):
        chosen.append(generator.choice(trainings))
    if long and generator.random() < LONG_SHARE:
        chosen.append(generator.choice(long))
    chosen += generator.sample(short, min(len(short), generator.randrange(1, 4)))
    for record in chosen:
        store.forget_record(record["key"])
        if artifact := Artifact.of_record(record):
            store.remove(artifact)
    return sorted({str(record["label"]) for record in chosen})


def copy_tree(source: Path, target: Path) -> None:
    """Copy with times, by which artifacts are known to be whole; no links, since faults write in place."""
    if source.exists():
        shutil.copytree(source, target, dirs_exist_ok=True, symlinks=True)
