"""Step `pseudo`: confident test predictions of one fold's models → labels for its second round.

Only models that have not seen the fold's held-out records predict, so these do not leak into the labels.
"""

import numpy as np

from tasks.core.cache.store import Artifact, Store
from tasks.core.config import Pseudo
from tasks.core.step import step
from tasks.learning.ensemble import members, prediction_files
from tasks.learning.ensemble.pseudo_labels import most_confident


@step(label="pseudo fold {fold}")
def pseudo(scores: list[Artifact], settings: Pseudo, *, fold: int) -> Artifact:
    """Write `pseudo.npy` (m, 3) float64: test row, class index, weight."""
    tests = [members.blend_heads(prediction_files.read(each.path, "test").values, 1.0) for each in scores]
    rows, classes = most_confident(np.mean(tests, axis=0), share=settings.share)
    with (store := Store.current()).new_folder() as folder:
        weights = np.full(len(rows), settings.weight)
        np.save(folder / "pseudo.npy", np.stack([rows, classes, weights], axis=1).astype(np.float64))
        return store.keep("pseudo", folder)
