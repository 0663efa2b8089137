"""Step `combine`: members' scores of the validation or test records → those of the blend."""

import json

from tasks.core.cache.store import Artifact, Store
from tasks.core.competition import Scores
from tasks.core.step import step
from tasks.learning.ensemble import prediction_files
from tasks.learning.ensemble.combination import Combination
from tasks.learning.ensemble.members import common_ids


@step(label="combine {competition} {part}", ignore=("competition",))
def combine(competition: str, blended: Artifact, members: dict[str, Artifact], *, part: str) -> Artifact:
    """Write the blend's scores of a part.

    Args:
        blended: of step `blend`, which chose the combination on out-of-fold scores.
        members: scores of the part by member; those without a weight are not read.

    Raises:
        ValueError: members have scores of different records.
    """
    combination = Combination.of_summary(json.loads((blended.path / "blend.json").read_text("utf-8")))
    scores = {name: prediction_files.read(members[name].path, part) for name in combination.needed()}
    ids = common_ids(scores.values(), part=part)
    values = combination.combine({name: each.values for name, each in scores.items()})
    with (store := Store.current()).new_folder() as folder:
        prediction_files.write(folder, part, Scores(ids, values))
        return store.keep("blend_scores", folder)
