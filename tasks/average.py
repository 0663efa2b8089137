"""Step `average`: the models of all folds → one member's scores of the validation or test records."""

import json

from tasks.core.cache.store import Artifact, Store
from tasks.core.competition import Scores
from tasks.core.step import step
from tasks.learning.ensemble import members, prediction_files


@step(label="average {name} {part}", ignore=("name",))
def average(name: str, member: Artifact, predictions: list[Artifact], *, part: str) -> Artifact:
    """Write the mean of the models' scores of a part, their heads blended with the member's share.

    Args:
        member: of step `gather`, which chose the share on out-of-fold scores.
        predictions: of step `predict`: one of each model, or one on which all models have agreed.

    Raises:
        ValueError: the predictions are of different records.
    """
    share = json.loads((member.path / "member.json").read_text("utf-8"))["first_head"]
    mean = members.mean([prediction_files.read(each.path, part) for each in predictions])
    with (store := Store.current()).new_folder() as folder:
        prediction_files.write(folder, part, Scores(mean.ids, members.blend_heads(mean.values, share)))
        return store.keep("member_scores", folder)
