"""Step `compare_seeds`: what averaging trainings that differ in their seed alone brought."""

import json
import logging
from statistics import fmean, stdev

import numpy as np

from tasks.core.cache.store import Artifact, Store, write_json
from tasks.core.competition import Score, find
from tasks.core.step import step
from tasks.learning.ensemble import members, prediction_files

log = logging.getLogger("podium")


@step(uses=("metric",), label="compare seeds of {name}", ignore=("name",))
def compare_seeds(
    competition: str,
    name: str,
    train: Artifact,
    folds: Artifact,
    member: Artifact,
    held_out: list[list[Artifact]],
) -> Artifact:
    """Write `seeds.json`: `averaged`, the member's score, and `single`, the score of each seed by itself.

    All are out-of-fold scores as step `gather` computes them, so that they can be compared with each other.

    Args:
        member: of step `gather`, made of the averaged predictions.
        held_out: predictions of held-out records by a single training each: by fold, then by seed.

    Raises:
        ValueError: a record was predicted twice, never, or in the wrong fold.
    """
    ids: list[str] = json.loads((folds.path / "ids.json").read_text("utf-8"))
    assigned = np.load(folds.path / "folds.npy")
    scorer = find(competition).scorer(train.path)
    single = list[Score]()
    for of_seed in zip(*held_out, strict=True):
        parts = [prediction_files.read(each.path, "held_out") for each in of_seed]
        joined = members.join(parts, ids, assigned)
        share = members.best_head_share(joined, lambda values: scorer(values).signed)
        single.append(scorer(members.blend_heads(joined, share)))
    averaged = Score(**json.loads((member.path / "member.json").read_text("utf-8"))["score"])
    values = [score.value for score in single]
    log.info(
        "%s by the mean of %d seeds, single ones %.4f on average with a standard deviation of %.4f",
        averaged.text(),
        len(single),
        fmean(values),
        stdev(values),
    )
    with (store := Store.current()).new_folder() as folder:
        content = {"averaged": averaged._asdict(), "single": [score._asdict() for score in single]}
        write_json(folder / "seeds.json", content)
        return store.keep("seed_scores", folder)
