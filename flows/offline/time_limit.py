"""Prediction within a time limit: the heaviest members first, and answers from the first model on."""

import time
from collections.abc import Callable, Mapping, Sequence
from math import ceil, inf
from pathlib import Path
from typing import Any

from flows.offline.manifest import Manifest, MemberEntry
from flows.offline.member_choice import by_weight


class DeadlineOver(Exception):
    """The deadline came before a step ended."""


class Deadline:
    """When children are ended; safe for threads."""

    def __init__(self, at: float) -> None:
        """End at this time (`time.monotonic`); infinity: never."""
        self.at = at

    def left(self) -> float:
        """Seconds until then, below 0 afterwards."""
        return self.at - time.monotonic()

    def timeout(self, label: str) -> float:
        """Seconds that a child may take, 0 without a deadline; raises DeadlineOver when there are none."""
        self.raise_if_over(label)
        return 0.0 if self.at == inf else self.left()

    def raise_if_over(self, label: str) -> None:
        """Raise DeadlineOver after the deadline."""
        if self.left() <= 0:
            raise DeadlineOver(label)


class LimitedPrediction:
    """Adds members, the heaviest first, as long as the limit allows."""

    def __init__(
        self,
        manifest: Manifest,
        workplace: Any,
        deadline: Deadline,
        *,
        deliver: Callable[[Path, list[str]], None],
        say: Callable[[str], None],
    ) -> None:
        """Start with nothing.

        Args:
            workplace: a `flows.offline.workplace.Workplace` that has loaded the test records.
            deliver: takes a submission, and the names of the members that answered it.
            say: takes a message for the user.
        """
        self._manifest, self._workplace, self._deadline = manifest, workplace, deadline
        self._deliver, self._say = deliver, say
        self._members = {member.name: member for member in manifest.members}
        self._answer_seconds = 0.0
        self._seconds_per_cost = 0.0
        self._first = ""

    def run(self, summary: Mapping[str, Any]) -> None:
        """Deliver the answers of one model, then of more and more members.

        Of the heaviest member, as many models as there is time for; of the others, all or none.

        Args:
            summary: `blend.json`.

        Raises:
            DeadlineOver: before the first answers.
        """
        names = by_weight(summary)
        self._first_model(names[0])
        predictions: dict[str, list[Path]] = {}
        for name in names:
            models, member = self._workplace.models_of(name), self._members[name]
            least = min(2, len(models)) if not predictions else len(models)
            counts = range(len(models), least - 1, -1)
            count = next((each for each in counts if self._fits(member, each)), 0)
            if count:
                try:
                    predictions |= self._workplace.predictions({name: models[:count]})
                    self._answer(predictions, only="" if count == len(models) else _some(name, count, models))
                except DeadlineOver:
                    self._say(f"{_named(member)} is left out: the time was over before it was ready")
                    return
            if count < len(models):
                needed, left = self._seconds(member, len(models)), max(self._deadline.left(), 0)
                self._say(f"{_named(member)} is left out: needs about {needed:.0f} s, {left:.0f} s are left")
                return

    def _first_model(self, name: str) -> None:
        """Deliver the answers of one model of a member, and measure what a model takes."""
        began = time.monotonic()
        models = self._workplace.models_of(name)
        predictions = self._workplace.predictions({name: models[:1]})
        seconds = time.monotonic() - began
        self._seconds_per_cost = seconds / self._cost_of_a_model(self._members[name])
        self._answer(predictions, only=_some(name, 1, models))
        self._first = name

    def _answer(self, predictions: dict[str, list[Path]], *, only: str = "") -> None:
        began = time.monotonic()
        file = self._workplace.answers(predictions)
        self._deliver(file, [only] if only else list(predictions))
        self._answer_seconds = max(self._answer_seconds, time.monotonic() - began)

    def _fits(self, member: MemberEntry, count: int) -> bool:
        """Whether there is time for so many of the member's models, and for answers with them."""
        return self._seconds(member, count) + self._answer_seconds <= self._deadline.left()

    def _seconds(self, member: MemberEntry, count: int) -> float:
        """About how long so many of the member's models take here."""
        if self._workplace.agree(member.name):
            rounds = count
        else:
            done = 1 if member.name == self._first else 0
            rounds = ceil((count - done) / self._workplace.width)
        return rounds * self._cost_of_a_model(member) * self._seconds_per_cost

    def _cost_of_a_model(self, member: MemberEntry) -> float:
        """What one model took when the bundle's models were trained; 1 for all where that is not known."""
        known = all(each.seconds for each in self._manifest.members)
        return member.seconds / len(member.models) if known and member.seconds else 1.0


def _some(name: str, count: int, models: Sequence[Path]) -> str:
    return f"{count} of {len(models)} models of {name}" if len(models) > 1 else name


def _named(member: MemberEntry) -> str:
    return f"member {member.name}, weight {member.weight:.2f},"
