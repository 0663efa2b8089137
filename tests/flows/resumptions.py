"""Steps of trainings that were taken twice, by the lines of runs that were interrupted."""

import re
from collections.abc import Iterable

EPOCH = re.compile(r"train \S+ fold (\d).* epoch (\d+) of")
RESUMED = re.compile(r"train \S+ fold (\d).* resumes at stage 1, step (\d+)")


def redone(lines: Iterable[str]) -> list[int]:
    """Steps taken twice at each beginning of a training; an epoch is one step here."""
    last: dict[str, int] = {}
    repeated = []
    for line in lines:
        if found := RESUMED.search(line):
            repeated.append(last.get(found[1], 0) - int(found[2]))
            last[found[1]] = int(found[2])
        elif found := EPOCH.search(line):
            epoch = int(found[2])
            if epoch <= last.get(found[1], 0):
                repeated.append(last[found[1]] - epoch + 1)
            last[found[1]] = epoch
    return repeated
