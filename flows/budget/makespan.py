"""What fits into a time: steps on slots, recipes in the order of the preset.

Pure functions over planned steps; times in seconds, by the label of the step.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from heapq import heappop, heappush

from flows.budget.plan import PlannedStep
from flows.training.cross_validation import AGAIN

FOLD = re.compile(r"folds? \d+( and \d+)?")


def makespan(steps: Sequence[PlannedStep], needed: Mapping[str, float], *, slots: int) -> float:
    """Seconds until all steps are done.

    A slot that is free takes the first step whose predecessors among them are done; steps of which `needed`
    says nothing take no time.
    """
    waiting, done, now = list(steps), set[str](), 0.0
    awaited = {step.label for step in steps}
    at_work: list[tuple[float, str]] = []
    while waiting or at_work:
        for step in list(waiting):
            if len(at_work) < slots and done.issuperset(awaited.intersection(step.waits_for)):
                heappush(at_work, (now + needed.get(step.label, 0.0), step.label))
                waiting.remove(step)
        now, label = heappop(at_work)
        done.add(label)
    return now


def foretold(steps: Sequence[PlannedStep], *, slots: int) -> tuple[float, int]:
    """Seconds until a whole plan is done, and of how many steps to run nothing tells how long they take."""
    to_run = [step for step in steps if step.state != "cached"]
    needed = {step.label: step.seconds for step in to_run if step.seconds is not None}
    return makespan(to_run, needed, slots=slots), len(to_run) - len(needed)


def members_needs(steps: Sequence[PlannedStep]) -> dict[str, set[str]]:
    """For each member that is not there yet, the labels of all steps before it, and its own."""
    before = {step.label: step.waits_for for step in steps}
    return {step.gathers: _closure(step.label, before) for step in steps if step.gathers}


def _closure(label: str, before: Mapping[str, tuple[str, ...]]) -> set[str]:
    found, waiting = set[str](), [label]
    while waiting:
        label = waiting.pop()
        if label not in found:
            found.add(label)
            waiting += before.get(label, ())
    return found


class Forecast:
    """Which recipes of a plan can be finished in a time, and how long each needs."""

    def __init__(self, steps: Sequence[PlannedStep], *, slots: int) -> None:
        self.steps = [step for step in steps if step.state != "cached"]
        self.needs = members_needs(self.steps)
        self._slots = slots
        of_members = {label for labels in self.needs.values() for label in labels}
        self.last = {step.label for step in self.steps} - of_members
        """What comes after the members: blend, decode, submit, report."""

    def labels(self, recipe: str, *, again: bool = False) -> set[str]:
        """What a recipe's member is made of, and that of its second round."""
        names = (recipe, f"{recipe}{AGAIN}") if again else (recipe,)
        return set[str]().union(*(self.needs.get(name, set()) for name in names))

    def seconds(self, labels: Iterable[str], needed: Mapping[str, float]) -> float:
        """Until these steps are done."""
        chosen = set(labels)
        steps = [step for step in self.steps if step.label in chosen]
        return makespan(steps, needed, slots=self._slots)

    def fitting(self, recipes: Sequence[str], needed: Mapping[str, float], *, seconds: float) -> list[str]:
        """The recipes that can be done in so many seconds, each beside those before it that can.

        A member that is there already fits whatever the time.
        """
        kept, labels = [], set[str]()
        for recipe in recipes:
            more = labels | self.labels(recipe)
            if more == labels or self.seconds(more, needed) <= seconds:
                kept.append(recipe)
                labels = more
        return kept


def family(label: str) -> str:
    """What a step has in common with the same step of other folds."""
    return FOLD.sub("fold", label)
