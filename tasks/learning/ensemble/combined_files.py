"""Members' scores of a part → those of the blend, on folders: for step `combine` and for bundles."""

from collections.abc import Mapping
from pathlib import Path

from tasks.core.competition import Scores
from tasks.learning.ensemble import prediction_files
from tasks.learning.ensemble.combination import Combination


def write_combination(
    folder: Path, combination: Combination, scores_of: Mapping[str, Path], *, part: str
) -> None:
    """Write the blend's scores of a part, piece by piece, so that memory does not grow with its records.

    Args:
        scores_of: folders with scores of the part by member; those without a weight are not read.

    Raises:
        ValueError: members have scores of different records.
    """
    names = combination.needed()

    def combined(scores: list[Scores]) -> Scores:
        values = {name: each.values for name, each in zip(names, scores, strict=True)}
        return Scores(scores[0].ids, combination.combine(values))

    together = prediction_files.read_together([scores_of[name] for name in names], part, what="member")
    prediction_files.write_pieces(folder, part, map(combined, together))
