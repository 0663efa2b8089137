"""Step `load`: raw files → dataset. The key contains the raw files' contents and not their paths."""

from pydantic import BaseModel

from tasks.core.cache.store import Artifact, Store
from tasks.core.competition import find
from tasks.core.step import step


@step(uses=("data",), label="load {competition}")
def load(competition: str, data: BaseModel) -> Artifact:
    """Check the raw files and write the competition's dataset."""
    with (store := Store.current()).new_folder() as folder:
        find(competition).load(data, folder)
        return store.keep("dataset", folder)
