"""All kinds of inputs by name, and how many of a hundred inputs are of each.

A module of this folder makes the inputs of some kinds; its `KINDS` are listed here.
"""

from tests.mutation.inputs import Maker
from tests.mutation.kinds import (
    environment,
    members,
    own_files,
    pictures,
    places,
    raw_lines,
    settings,
    submissions,
    weights,
)

MODULES = (settings, raw_lines, pictures, places, submissions, members, weights, environment, own_files)
KINDS: dict[str, Maker] = {name: make for module in MODULES for name, (_, make) in module.KINDS.items()}
SHARES: dict[str, float] = {name: share for module in MODULES for name, (share, _) in module.KINDS.items()}
