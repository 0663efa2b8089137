"""Step `evaluate`: the competition's metric on the records that one fold holds out, or several.

A search prunes by scores of single folds, and runs with several seeds show the score of each on all folds.
Other runs do not call it: in the flow's pool of threads a step that waits for a prediction keeps a thread
from the next training, and `gather` scores all folds together.
"""

import json
import logging

import numpy as np

from tasks.core.cache.store import Artifact, Store, write_json
from tasks.core.competition import find
from tasks.core.step import step
from tasks.learning.ensemble import members, prediction_files

log = logging.getLogger("podium")


@step(uses=("metric",), label="evaluate {name} {of}", ignore=("name", "of"))
def evaluate(
    competition: str, name: str, train: Artifact, folds: Artifact, predictions: list[Artifact], *, of: str
) -> Artifact:
    """Write `score.json`: name, value, standard error, and whether higher is better.

    Of a model with two heads, the share of the first is the one that scores best on these very records.

    Args:
        predictions: artifacts of `predict` that hold the part `held_out`, by fold.
        of: what the fold, or the seed, is called in logs and reports.
    """
    ids: list[str] = json.loads((folds.path / "ids.json").read_text("utf-8"))
    row = {id: index for index, id in enumerate(ids)}
    held_out = [prediction_files.read(each.path, "held_out") for each in predictions]
    values = members.concatenated([each.values for each in held_out])
    rows = np.array([row[id] for each in held_out for id in each.ids])
    scorer = find(competition).scorer(train.path)
    share = members.best_head_share(values, lambda values: scorer(values, rows).signed)
    score = scorer(members.blend_heads(values, share), rows)
    log.info("%s: %s", of, score.text())
    with (store := Store.current()).new_folder() as folder:
        write_json(folder / "score.json", score._asdict())
        return store.keep("evaluation", folder)
