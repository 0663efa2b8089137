"""Step `pool`: several models' scores of different held-out records → one set of scores.

In a second round, a fold's model is trained on records each of which is scored by a model that was trained
neither on it nor on that fold. So no information about the held-out records leaks into the labels.
"""

from tasks.core.cache.store import Artifact, Store
from tasks.core.competition import Scores
from tasks.core.step import step
from tasks.learning.ensemble import members, prediction_files

PART = "judged"


@step(label="pool {name} for fold {fold}", ignore=("name",))
def pool(name: str, scores: list[Artifact], *, fold: int) -> Artifact:
    """Write the held-out scores of all models, one after the other, as part `judged`.

    Raises:
        ValueError: a record has scores of two models.
    """
    held_out = [prediction_files.read(each.path, "held_out") for each in scores]
    ids = [id for each in held_out for id in each.ids]
    if len(set(ids)) < len(ids):
        raise ValueError(f"expected scores of each record once, received {len(ids) - len(set(ids))} twice")
    with (store := Store.current()).new_folder() as folder:
        values = members.concatenated([each.values for each in held_out])
        prediction_files.write(folder, PART, Scores(ids, values))
        return store.keep("labels", folder)
