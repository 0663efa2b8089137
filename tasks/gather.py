"""Step `gather`: held-out predictions of all folds → one member, with each training record predicted once."""

import json

import numpy as np

from tasks.core.cache.store import Artifact, Store, write_json
from tasks.core.competition import Scores, find
from tasks.core.step import step
from tasks.learning.ensemble import members, prediction_files


@step(uses=("metric",), label="gather {name}", ignore=("name",))
def gather(
    competition: str, name: str, train: Artifact, folds: Artifact, held_out: list[Artifact]
) -> Artifact:
    """Join held-out scores by id, and blend a model's heads.

    Writes `out_of_fold` as `tasks.learning.ensemble.prediction_files`, and `member.json` with the score, its
    standard error, and the share of the first head.

    Args:
        held_out: predictions of held-out records, by fold.

    Raises:
        ValueError: a record was predicted twice, never, or in the wrong fold.
    """
    ids: list[str] = json.loads((folds.path / "ids.json").read_text("utf-8"))
    assigned = np.load(folds.path / "folds.npy")
    scorer = find(competition).scorer(train.path)
    joined = members.join([prediction_files.read(each.path, "held_out") for each in held_out], ids, assigned)
    share = members.best_head_share(joined, lambda values: scorer(values).signed)
    out_of_fold = members.blend_heads(joined, share)
    with (store := Store.current()).new_folder() as folder:
        prediction_files.write(folder, "out_of_fold", Scores(ids, out_of_fold))
        write_json(folder / "member.json", {"score": scorer(out_of_fold)._asdict(), "first_head": share})
        return store.keep("member", folder)
