"""Which members predict within a time limit, with a clock that only their work moves."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from flows.offline import time_limit
from flows.offline.manifest import MemberEntry
from flows.offline.time_limit import Deadline, DeadlineOver, LimitedPrediction

WEIGHTS = {"small": 0.3, "large": 0.7}
SUMMARY = {"weights": WEIGHTS, "stack": None}


class Clock:
    """Stands in for the module `time`."""

    now = 0.0

    def monotonic(self) -> float:
        return self.now


class FakeWorkplace:
    """A model of `large` takes 10 s, one of `small` 1 s, answers 1 s; one child at a time."""

    width = 1
    seconds = {"small": 1.0, "large": 10.0}

    def __init__(self, clock: Clock, deadline: Deadline, *, together: bool, slower: float = 1.0) -> None:
        self.clock, self.deadline, self.together, self.slower = clock, deadline, together, slower
        self.predicted: set[tuple[Path, ...]] = set()

    def agree(self, name: str) -> bool:
        return self.together

    def models_of(self, name: str) -> list[Path]:
        return [Path(name, str(number)) for number in range(3)]

    def predictions(self, models: Mapping[str, Sequence[Path]]) -> dict[str, list[Path]]:
        for name, folders in models.items():
            groups = [tuple(folders)] if self.together else [(folder,) for folder in folders]
            for group in groups:
                if group not in self.predicted:
                    self._work(self.seconds[name] * len(group), name)
                    self.predicted.add(group)
        return {name: list(folders) for name, folders in models.items()}

    def answers(self, predictions: Mapping[str, Sequence[Path]]) -> Path:
        self._work(1, "answer")
        return Path(f"of {len(predictions)}")

    def _work(self, seconds: float, label: str) -> None:
        if len(self.predicted) > 1:
            seconds *= self.slower
        if self.deadline.left() < seconds:
            self.clock.now = self.deadline.at
            raise DeadlineOver(label)
        self.clock.now += seconds


def entry(name: str, seconds: float | None) -> MemberEntry:
    models = tuple(f"{name}/{number}" for number in range(3))
    return MemberEntry(name=name, weight=WEIGHTS[name], recipe={}, models=models, seconds=seconds)


def predict(
    limit: float,
    monkeypatch: pytest.MonkeyPatch,
    *,
    together: bool = False,
    known: bool = True,
    slower: float = 1.0,
) -> tuple[list[list[str]], list[str], float]:
    """What was delivered, what was said, and when it ended."""
    clock = Clock()
    monkeypatch.setattr(time_limit, "time", clock)
    deadline = Deadline(limit)
    delivered, said = list[list[str]](), list[str]()

    class Entries:
        members = (entry("small", 3.0 if known else None), entry("large", 30.0 if known else None))

    limited = LimitedPrediction(
        Entries(),  # type: ignore[arg-type]
        FakeWorkplace(clock, deadline, together=together, slower=slower),
        deadline,
        deliver=lambda file, names: delivered.append(names),
        say=said.append,
    )
    limited.run(SUMMARY)
    return delivered, said, clock.now


def test_all_members_predict_if_there_is_time(monkeypatch: pytest.MonkeyPatch) -> None:
    delivered, said, _ = predict(100, monkeypatch)
    assert delivered == [["1 of 3 models of large"], ["large"], ["large", "small"]]
    assert said == []


def test_the_lightest_member_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    delivered, said, end = predict(33, monkeypatch)
    assert delivered[-1] == ["large"]
    assert said == ["member small, weight 0.30, is left out: needs about 3 s, 1 s are left"]
    assert end == 32


def test_some_models_of_the_heaviest_predict(monkeypatch: pytest.MonkeyPatch) -> None:
    delivered, said, end = predict(25, monkeypatch)
    assert delivered == [["1 of 3 models of large"], ["2 of 3 models of large"]]
    assert "member large" in said[0]
    assert end == 22


def test_models_that_predict_together_start_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    delivered, _, end = predict(33, monkeypatch, together=True)
    assert delivered == [["1 of 3 models of large"], ["2 of 3 models of large"]]
    assert end == 32
    assert predict(45, monkeypatch, together=True)[0][-1] == ["large"]


def test_work_that_takes_longer_than_expected_costs_its_own_members_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    delivered, said, end = predict(50, monkeypatch, slower=3)
    assert delivered[-1] == ["1 of 3 models of large"]
    assert said == ["member large, weight 0.70, is left out: the time was over before it was ready"]
    assert end == 50


def test_without_known_times_all_models_count_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    assert predict(33, monkeypatch, known=False)[0][-1] == ["large"]
    assert predict(63, monkeypatch, known=False)[0][-1] == ["large", "small"]


def test_no_time_for_a_single_model(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DeadlineOver, match="large"):
        predict(8, monkeypatch)
