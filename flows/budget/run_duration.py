"""How long planned steps take on a number of slots, and which recipes fit into a time.

Pure functions over planned steps; times in seconds, by the label of the step.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from heapq import heappop, heappush

from flows.budget.plan import PlannedStep
from flows.training.cross_validation import AGAIN

FOLD = re.compile(r"folds? \d+( and \d+| seed \d+)?")


def makespan(steps: Sequence[PlannedStep], needed: Mapping[str, float], *, slots: int) -> float:
    """Seconds until all steps are done.

    A free slot takes the first step whose predecessors among `steps` are done. Steps without an entry in
    `needed` take no time.
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


def expected_seconds(steps: Sequence[PlannedStep], *, slots: int) -> tuple[float, int]:
    """Seconds until a whole plan is done, and how many of its steps take an unknown time."""
    to_run = [step for step in steps if step.state != "cached"]
    needed = {step.label: step.seconds for step in to_run if step.seconds is not None}
    return makespan(to_run, needed, slots=slots), len(to_run) - len(needed)


def steps_of_members(steps: Sequence[PlannedStep]) -> dict[str, set[str]]:
    """For each member of the plan, the labels of all steps that it depends on, and of its own."""
    before = {step.label: step.waits_for for step in steps}
    labels: dict[str, set[str]] = {}
    for step in steps:
        if step.member:
            labels.setdefault(step.member, set()).update(_closure(step.label, before))
    return labels


def _closure(label: str, before: Mapping[str, tuple[str, ...]]) -> set[str]:
    found, waiting = set[str](), [label]
    while waiting:
        label = waiting.pop()
        if label not in found:
            found.add(label)
            waiting += before.get(label, ())
    return found


class RecipeSchedule:
    """The uncached steps of a plan by recipe: how long they take, and which recipes fit into a time."""

    def __init__(self, steps: Sequence[PlannedStep], *, slots: int) -> None:
        self.steps = [step for step in steps if step.state != "cached"]
        self._by_member = steps_of_members(self.steps)
        self._slots = slots
        of_members = {label for labels in self._by_member.values() for label in labels}
        self.last = {step.label for step in self.steps} - of_members
        """Labels of what comes after the members: blend, decode, submit, report."""

    def labels(self, recipe: str, *, again: bool = False) -> set[str]:
        """Labels of the steps of a recipe's member, and of its second round's if `again`; none if cached."""
        names = (recipe, f"{recipe}{AGAIN}") if again else (recipe,)
        return set[str]().union(*(self._by_member.get(name, set()) for name in names))

    def seconds(self, labels: Iterable[str], needed: Mapping[str, float]) -> float:
        """Seconds until these steps are done."""
        chosen = set(labels)
        steps = [step for step in self.steps if step.label in chosen]
        return makespan(steps, needed, slots=self._slots)

    def fitting(self, recipes: Sequence[str], needed: Mapping[str, float], *, seconds: float) -> list[str]:
        """The recipes that fit into a time, taken in their order, each together with those taken before it.

        A recipe whose member is cached always fits.
        """
        fitting, labels = [], set[str]()
        for recipe in recipes:
            more = labels | self.labels(recipe)
            if more == labels or self.seconds(more, needed) <= seconds:
                fitting.append(recipe)
                labels = more
        return fitting


def family(label: str) -> str:
    """The label without numbers of folds and seeds, which the same step of all of them shares."""
    return FOLD.sub("fold", label)
