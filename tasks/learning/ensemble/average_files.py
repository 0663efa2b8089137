"""Models' predictions of a part → a member's scores, on folders: for step `average` and for bundles."""

import json
from collections.abc import Sequence
from pathlib import Path

from tasks.core.competition import Scores
from tasks.learning.ensemble import members, prediction_files


def write_average(folder: Path, member: Path, predictions: Sequence[Path], *, part: str) -> None:
    """Write the mean of the models' scores of a part, their heads blended with the member's share.

    Scores are read and written piece by piece, so that memory does not grow with the number of records.

    Args:
        member: folder with the member's `member.json`, which holds the share.
        predictions: folders of step `predict`: one of each model, or one on which all models have agreed.

    Raises:
        ValueError: the predictions are of different records.
    """
    share = json.loads((member / "member.json").read_text("utf-8"))["first_head"]
    means = map(members.mean, prediction_files.read_together(predictions, part, what="model"))
    pieces = (Scores(mean.ids, members.blend_heads(mean.values, share)) for mean in means)
    prediction_files.write_pieces(folder, part, pieces)
