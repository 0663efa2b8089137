"""Step `decode`: blended test scores → a checked submission file."""

import json

from tasks.core.cache.store import Artifact, Store
from tasks.core.competition import find
from tasks.core.step import step
from tasks.learning.ensemble import prediction_files


@step(uses=("submission",), label="decode {competition}")
def decode(competition: str, dataset: Artifact, blended: Artifact) -> Artifact:
    """Turn scores into answers by the blend's decision, write them, read them back and check them.

    Raises:
        InvalidSubmission: what was written breaks a rule of the competition.
    """
    found = find(competition)
    test = prediction_files.read(blended.path, "test")
    decision = json.loads((blended.path / "blend.json").read_text("utf-8"))["decision"]
    answers = found.decode(test.values, dataset.path, decision)
    store = Store.current()
    with store.new_folder() as folder:
        file = folder / found.file
        found.write(test.ids, answers, file)
        found.check(file, found.ids(dataset.path, "test"), dataset.path)
        return store.keep("submission", folder)
