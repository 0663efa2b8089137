"""Members' scores of a part → those of the blend, on folders: for step `combine` and for bundles."""

from collections.abc import Mapping
from pathlib import Path

from tasks.core.competition import Scores
from tasks.learning.ensemble import members, prediction_files
from tasks.learning.ensemble.combination import Combination


def write_combination(
    folder: Path, combination: Combination, scores_of: Mapping[str, Path], *, part: str
) -> None:
    """Write the blend's scores of a part.

    Args:
        scores_of: folders with scores of the part by member; those without a weight are not read.

    Raises:
        ValueError: members have scores of different records.
    """
    scores = {name: prediction_files.read(scores_of[name], part) for name in combination.needed()}
    ids = members.common_ids(scores.values(), part=part)
    values = combination.combine({name: each.values for name, each in scores.items()})
    prediction_files.write(folder, part, Scores(ids, values))
