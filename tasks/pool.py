"""Step `pool`: what several models say of different held-out records, as one set of scores.

For a second round: the records that one fold's model learns from, each judged by a model that learned neither
from it nor from that fold, so that nothing of the held-out records comes back in the labels.
"""

from tasks.core.cache.store import Artifact, Store
from tasks.core.competition import Scores
from tasks.core.step import step
from tasks.learning.ensemble import members, prediction_files

PART = "judged"


@step(label="pool {name} for fold {fold}", ignore=("name",))
def pool(name: str, scores: list[Artifact], *, fold: int) -> Artifact:
    """Write the held-out scores of all models, one after the other, as `judged`."""
    read = [prediction_files.read(each.path, "held_out") for each in scores]
    ids = [id for each in read for id in each.ids]
    if len(set(ids)) < len(ids):
        raise ValueError("expected each record to be judged once")
    store = Store.current()
    with store.new_folder() as folder:
        prediction_files.write(
            folder, PART, Scores(ids, members.concatenated([each.values for each in read]))
        )
        return store.keep("labels", folder)
