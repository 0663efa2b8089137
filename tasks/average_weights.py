"""Step `average_weights`: models of one fold and one architecture → a model with the mean of their weights.

Not to be confused with step `average`, which takes the mean of what models predict.
"""

from tasks.core.cache.store import Artifact, Store
from tasks.core.step import step
from tasks.learning.ensemble import mean_weights


@step(label="average weights {name} {of}", ignore=("name", "of"))
def average_weights(name: str, models: list[Artifact], *, of: str) -> Artifact:
    """Write a model folder as step `train` does (`tasks.learning.ensemble.mean_weights.write_mean`).

    Args:
        models: of steps `train` or `average_weights`; none may have seen the records that it will predict as
            held out.
        of: which models these are, in logs and reports.

    Raises:
        ValueError: the models differ in more than the values of their weights.
    """
    with (store := Store.current()).new_folder() as folder:
        mean_weights.write_mean([model.path for model in models], folder)
        return store.keep("model", folder)
