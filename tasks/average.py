"""Step `average`: the models of all folds → one member's scores of the validation or test records."""

from tasks.core.cache.store import Artifact, Store
from tasks.core.step import step
from tasks.learning.ensemble.average_files import write_average


@step(label="average {name} {part}", ignore=("name",))
def average(name: str, member: Artifact, predictions: list[Artifact], *, part: str) -> Artifact:
    """Write the mean of the models' scores of a part, their heads blended with the member's share.

    Args:
        member: of step `gather`, which chose the share on out-of-fold scores.
        predictions: of step `predict`: one of each model, or one on which all models have agreed.

    Raises:
        ValueError: the predictions are of different records.
    """
    with (store := Store.current()).new_folder() as folder:
        write_average(folder, member.path, [each.path for each in predictions], part=part)
        return store.keep("member_scores", folder)
