"""The guide in tasks/README.md, followed to the letter: from an empty folder to a submission."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from typer.testing import CliRunner

import tasks
from flows.__main__ import app
from flows.budget.plan import plan
from flows.runtime.registry import find_flow
from tasks.core.settings.resolve import resolve
from tests.conftest import PLACES
from tests.flows.sequential import Run, walk
from tests.own_competitions.conftest import forget

GUIDE = Path(__file__).resolve().parents[2] / "tasks" / "README.md"


class Block(NamedTuple):
    """A block of code in the guide; `python` or commands."""

    language: str
    text: str


def blocks(heading: str) -> list[Block]:
    """The blocks after a heading in bold, up to the next one."""
    section = GUIDE.read_text("utf-8").partition(f"**{heading}")[2].partition("\n**")[0]
    found = [Block(*each) for each in re.findall(r"```(\w*)\n(.*?)```", section, re.S)]
    assert found
    return found


class Reader:
    """Somebody who does what the guide says, in a folder that was empty."""

    def __init__(self, folder: Path, *settings: str) -> None:
        self.folder, self.settings = folder, settings
        self.runs: list[Run] = []
        self.printed: list[str] = []

    def follow(self, heading: str) -> "Reader":
        for block in blocks(heading):
            if not block.language:
                for line in block.text.splitlines():
                    self.type(*line.split())
            elif block.text.startswith("def "):
                self.write(block.text)
            else:
                exec(compile(block.text, "guide", "exec"), {})
        return self

    def type(self, program: str, command: str, name: str, *options: str) -> None:
        assert program == "podium"
        self.name = name
        if command == "run":
            assert options[0] == "--preset"
            config = resolve(name, preset=options[1], overrides=self.settings)
            self.runs.append(walk(find_flow(name), self.folder, config))
            return
        result = CliRunner().invoke(app, [command, name, *options])
        assert result.exit_code == 0, result.output
        self.printed.append(result.output)

    def write(self, function: str) -> None:
        """Put a function in the place of that of its name in `training.py`, which ends with it."""
        file = self.folder / "competitions" / self.name / "training.py"
        head = file.read_text("utf-8").partition(function.splitlines()[0])[0]
        assert head != file.read_text("utf-8")
        file.write_text(head + function, "utf-8")
        forget(self.name)

    def planned(self, state: str, *settings: str) -> set[str]:
        """The steps that a run of preset quick would repeat (`run`), or repeat if others differ (`maybe`)."""
        config = resolve(self.name, preset="quick", overrides=(*self.settings, *settings))
        return {step.step for step in plan(self.name, config) if step.state == state}

    def edit(self, file: str, old: str, new: str) -> None:
        """Change a line of the competition's code or data."""
        path = self.folder / file
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), "utf-8")
        forget(self.name)

    def submission(self) -> list[str]:
        return Path(self.runs[-1].result["submission"]).read_text("utf-8").splitlines()

    def score(self) -> float:
        value: float = self.runs[-1].result["score"]["value"]
        return value


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PODIUM_COMPETITIONS", str(tmp_path / "competitions"))
    monkeypatch.setattr(tasks, "__path__", list(tasks.__path__))
    yield tmp_path
    for name in ("digits", "digits_table"):
        forget(name)
        vars(tasks).pop(name, None)


def test_little_is_written_by_hand() -> None:
    """Nothing for pictures but what makes the example's files; for a table, an estimator."""
    pictures, table = (
        [block.text for block in blocks(heading) if block.language] for heading in ("A folder of", "A table")
    )
    assert not [text for text in pictures if "tasks" in text or text.startswith("def ")]
    assert sum(len(text.splitlines()) for text in table) < 20


def test_a_table_with_scikit_learn(folder: Path) -> None:
    reader = Reader(folder, "recipe.estimator.count=10").follow("A table")
    first, again = (run.runner.ran() for run in reader.runs)
    assert len([label for label in first if label.startswith("train boosting fold")]) == 2
    unchanged = ("load", "common", "split", "encode", "compare")
    assert not [label for label in again if label.startswith(unchanged)]
    assert {label.split()[0] for label in again} >= {
        "train",
        "predict",
        "gather",
        "average",
        "blend",
        "submit",
    }
    assert "train    1,437" in reader.printed[1]
    lines = reader.submission()
    assert lines[0] == "id,label"
    assert [line.split(",")[0] for line in lines[1:]] == [str(number) for number in range(0, 1797, 5)]
    assert reader.score() > 0.96
    reader.type("podium", "run", "digits_table", "--preset", "quick")
    assert {label.split()[0] for label in reader.runs[-1].runner.ran()} <= {"submit", "report"}
    bundled(reader)
    each_change_touches_only_what_rests_on_it(reader)


def each_change_touches_only_what_rests_on_it(reader: Reader) -> None:
    code = f"competitions/{reader.name}"
    ends = {"submit", "report"}
    assert reader.planned("run") <= ends
    assert reader.planned("run", "recipe.estimator.learning_rate=0.2") - ends == {"train"}
    assert reader.planned("run", "recipe.encoding.buckets=8") - ends == {"encode"}
    assert reader.planned("run", "blend.bags=3") - ends == {"blend"}
    reader.edit(f"{code}/metric.py", 'METRIC = "accuracy"', 'METRIC = "f1_macro"')
    assert {"gather", "blend"} <= reader.planned("run")
    assert not reader.planned("run") & {"load", "encode", "train", "predict"}
    reader.edit(f"{code}/metric.py", 'METRIC = "f1_macro"', 'METRIC = "accuracy"')
    reader.edit("data/digits_table/test.csv", "0,0.0,0.0,5.0", "0,0.0,0.0,6.0")
    assert reader.planned("run") - ends == {"load"}
    assert not reader.planned("maybe") & {"split", "train", "gather"}
    assert {"encode", "predict", "average", "decode"} <= reader.planned("maybe")
    reader.edit("data/digits_table/test.csv", "0,0.0,0.0,6.0", "0,0.0,0.0,5.0")
    reader.edit(f"{code}/training.py", "ExtraTreesClassifier(300)", "ExtraTreesClassifier(30)")
    assert reader.planned("run") - ends == {"train"}


def bundled(reader: Reader) -> None:
    """A bundle has the competition's code and needs scikit-learn, but no Keras."""
    from flows.bundling import build
    from flows.prediction.ensemble import ensemble_of
    from tasks.core.settings.resolve import config_class
    from tasks.core.submissions import submissions

    with pytest.MonkeyPatch.context() as patch:
        for variable in PLACES:
            patch.setenv(variable, str(reader.folder / variable.lower()))
        submission = submissions.listed(reader.folder / "podium_submissions")[-1]
        ensemble: Any = ensemble_of(submission, config_class(reader.name))
        config = resolve(reader.name, preset="quick")
        written = build.build(submission, config, ensemble, reader.folder / "digits.zip")
    assert f"tasks.{reader.name}.predict" in written.manifest.code
    assert "scikit-learn" in written.manifest.requirements
    assert not written.manifest.requirements.keys() & {"keras", "tensorflow"}
    assert f"code/tasks/{reader.name}/predict.py" in written.manifest.files
    assert any(name.endswith("estimator.json") for name in written.manifest.files)


SMALL = (
    "data.size_pixels=8",
    "recipe.network.widths=[8]",
    "recipe.training.stages.0.epochs=1",
)


@pytest.mark.slow
def test_a_folder_of_pictures(folder: Path) -> None:
    """With a network that is too small to be good; the next test trains the one of the guide."""
    reader = Reader(folder, *SMALL).follow("A folder of pictures")
    assert "classes  10" in reader.printed[1]
    lines = reader.submission()
    assert [line.split(",")[0] for line in lines[1:]] == [f"{number:04}" for number in range(0, 1797, 5)]
    assert {line.split(",")[1] for line in lines[1:]} <= set("0123456789")
    reader.type("podium", "run", "digits", "--preset", "quick")
    assert {label.split()[0] for label in reader.runs[-1].runner.ran()} <= {"submit", "report"}


@pytest.mark.slow
def test_pictures_of_digits_are_recognised(folder: Path) -> None:
    assert Reader(folder).follow("A folder of pictures").score() > 0.95
