"""Step `split`: training records → folds, the number of a fold for each training record."""

import json

import numpy as np

from tasks.core.cache.store import Artifact, Store
from tasks.core.competition import find
from tasks.core.config import Folds
from tasks.core.errors import InvalidSettings
from tasks.core.step import step
from tasks.learning.folds.folding import assign_folds, most_folds


@step(uses=("dataset",), label="split {competition}")
def split(competition: str, train: Artifact, folds: Folds) -> Artifact:
    """Write `folds.npy` (n,) int64 and `ids.json`, both in the dataset's order.

    Raises:
        InvalidSettings: a stratum has fewer records than there are folds, or there are fewer groups.
    """
    key = find(competition).fold_key(train.path)
    most, reason = most_folds(key.strata, key.groups)
    if most < folds.count:
        raise InvalidSettings(f"folds.count: expected at most {most}, {reason}; received {folds.count}")
    with (store := Store.current()).new_folder() as folder:
        assigned = assign_folds(key.strata, key.groups, count=folds.count, seed=folds.seed)
        np.save(folder / "folds.npy", assigned)
        (folder / "ids.json").write_text(json.dumps(key.ids), "utf-8")
        return store.keep("folds", folder)
