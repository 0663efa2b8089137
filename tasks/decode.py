"""Step `decode`: blended test scores → a checked submission file."""

import json

import numpy as np

from tasks.core.competition import find
from tasks.core.step import step
from tasks.core.store import Artifact, Store


@step(uses=("submission",), libraries=("numpy",), label="decode {competition}")
def decode(competition: str, dataset: Artifact, blended: Artifact) -> Artifact:
    """Turn scores into answers, write them, read them back and check them.

    Raises:
        InvalidSubmission: what was written breaks a rule of the competition.
    """
    found = find(competition)
    ids: list[str] = json.loads((blended.path / "test_ids.json").read_text("utf-8"))
    answers = found.decode(np.load(blended.path / "test.npy"), dataset.path)
    store = Store.current()
    with store.new_folder() as folder:
        file = folder / found.file
        found.write(ids, answers, file)
        found.check(file, found.test_ids(dataset.path), dataset.path)
        return store.keep("submission", folder)
