"""Notes on what raw files hold: kinds that are counted, with their first examples."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

from tasks.text.lines import printable

_EXAMPLES = 5
_LONGEST_EXAMPLE = 120


class Notes:
    """Counts and examples by kind; `messages` says what each kind is, in the order of the notes."""

    def __init__(self, messages: Mapping[str, str]) -> None:
        self._messages = messages
        self._numbers: Counter[str] = Counter()
        self._examples: dict[str, list[str]] = defaultdict(list)

    def add(self, kind: str, example: str) -> None:
        """Count one more of a kind; the first few are kept to be shown."""
        self._numbers[kind] += 1
        if len(self._examples[kind]) < _EXAMPLES:
            self._examples[kind].append(printable(example, longest=_LONGEST_EXAMPLE))

    def listed(self) -> list[dict[str, Any]]:
        """`{"kind", "message", "examples"}` of each kind that was found."""
        return [
            {
                "kind": kind,
                "message": f"{message}: {self._numbers[kind]:,}",
                "examples": self._examples[kind],
            }
            for kind, message in self._messages.items()
            if self._numbers[kind]
        ]


def quantile(numbers: Counter[int], share: float) -> int:
    """The smallest value that this share of all values does not exceed; 0 of none."""
    needed = share * numbers.total()
    for value in sorted(numbers):
        needed -= numbers[value]
        if needed <= 0:
            return value
    return 0
