"""Names by which members of a blend differ, and that say how they do."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from flows.members.cached_members import CachedMember

MOST_SETTINGS = 3
LONGEST = 40
"""Characters of what distinguishes members of one recipe."""
_OTHER = re.compile(r"[^A-Za-z0-9._]+")


def unique_names(members: Sequence[CachedMember], settings: Sequence[Mapping[str, str]]) -> list[str]:
    """The recipes' names; where several members share one, with the settings in which these differ.

    Args:
        settings: of each member by dotted key (`flows.blending.member_table.MemberRow.differences`). Members
            whose names would be equal have a part of their artifact's digest instead.
    """
    counts = Counter(member.recipe for member in members)
    names = []
    for member, own in zip(members, settings, strict=True):
        others = [
            each
            for other, each in zip(members, settings, strict=True)
            if other.recipe == member.recipe and other is not member
        ]
        text = _distinction(own, others) if others else ""
        names.append(f"{member.recipe}-{text}" if text else member.recipe)
    doubled = Counter(names)
    return [
        f"{member.recipe}-{member.short}" if counts[member.recipe] > 1 and doubled[name] > 1 else name
        for member, name in zip(members, names, strict=True)
    ]


def _distinction(own: Mapping[str, str], others: Sequence[Mapping[str, str]]) -> str:
    """Names and values of the settings that not all others share: `dropout.0.2`; empty without any."""
    keys = [key for key, value in own.items() if any(each.get(key) != value for each in others)]
    texts = (f"{key.rpartition('.')[2]}.{own[key]}" for key in sorted(keys)[:MOST_SETTINGS])
    return "-".join(_OTHER.sub(".", text).strip(".") for text in texts)[:LONGEST].rstrip(".-")
