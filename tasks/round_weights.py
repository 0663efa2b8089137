"""Step `round_weights`: a model → the same with weights of half the size, for bundles."""

import shutil

from tasks.core.cache.store import Artifact, Store
from tasks.core.step import step
from tasks.learning.bundle.rounded_weights import round_to_half


@step(label="round weights of {name}", ignore=("name",))
def round_weights(name: str, model: Artifact) -> Artifact:
    """Write the model with all weights rounded to float16, and what lies beside them.

    Raises:
        InvalidSettings: a weight is too large for float16.
    """
    with (store := Store.current()).new_folder() as folder:
        shutil.copytree(model.path, folder, dirs_exist_ok=True, copy_function=shutil.copyfile)
        for file in sorted(folder.rglob("*.h5")):
            round_to_half(file)
        return store.keep("model", folder)
