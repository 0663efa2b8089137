"""Step `common`: the training part → what the other parts are read with, such as vocabularies and classes.

As an artifact of its own it stays the same when training records change and these do not.
"""

import shutil

from tasks.core.cache.store import Artifact, Store
from tasks.core.step import step


@step(label="common {competition}")
def common(competition: str, files: list[str], train: Artifact) -> Artifact:
    """Copy these files of the training part (`Competition.common_files`)."""
    with (store := Store.current()).new_folder() as folder:
        for name in files:
            shutil.copyfile(train.path / name, folder / name)
        return store.keep("common", folder)
