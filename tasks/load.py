"""Step `load`: raw files → one part of the dataset.

The key contains the contents of the part's raw files, and not their paths.
"""

from tasks.core.cache.store import Artifact, Store
from tasks.core.competition import Part, find
from tasks.core.config import RawPart
from tasks.core.step import step


@step(uses=("data",), label="load {competition} {part}")
def load(competition: str, data: RawPart, *, part: Part) -> Artifact:
    """Check the raw files of a part and write its records, with what only training records tell."""
    with (store := Store.current()).new_folder() as folder:
        find(competition).load(data.settings, part, folder)
        return store.keep(part, folder)
