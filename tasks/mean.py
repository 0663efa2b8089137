"""Step `mean`: predictions by trainings of one fold that differ in their seed alone → their mean."""

from tasks.core.cache.store import Artifact, Store
from tasks.core.step import step
from tasks.learning.ensemble import members, prediction_files


@step(label="mean {name} {of}", ignore=("name", "of"))
def mean(name: str, predictions: list[Artifact], *, part: str, of: str) -> Artifact:
    """Write the mean of the scores of a part, as `predict` writes scores; heads stay apart.

    Args:
        predictions: of step `predict`, one by each training.
        of: what the mean is called in logs and reports.

    Raises:
        ValueError: the predictions are of different records.
    """
    averaged = members.mean([prediction_files.read(each.path, part) for each in predictions])
    with (store := Store.current()).new_folder() as folder:
        prediction_files.write(folder, part, averaged)
        return store.keep("scores", folder)
