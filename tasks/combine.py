"""Step `combine`: members' scores of the validation or test records → those of the blend."""

import json

from tasks.core.cache.store import Artifact, Store
from tasks.core.step import step
from tasks.learning.ensemble.combination import Combination
from tasks.learning.ensemble.combined_files import write_combination


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
    scores_of = {name: artifact.path for name, artifact in members.items()}
    with (store := Store.current()).new_folder() as folder:
        write_combination(folder, combination, scores_of, part=part)
        return store.keep("blend_scores", folder)
