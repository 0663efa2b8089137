"""Step `decode`: blended test scores → a checked submission file."""

import json

from tasks.core.cache.store import Artifact, Store
from tasks.core.competition import find
from tasks.core.step import step
from tasks.learning.ensemble import prediction_files


@step(uses=("submission",), label="decode {competition}")
def decode(competition: str, dataset: Artifact, blended: Artifact) -> Artifact:
    """Turn scores into answers with the blend's decision, write them, read them back and check them.

    Raises:
        InvalidSubmission: the file breaks a rule of the competition.
    """
    contract = find(competition)
    test = prediction_files.read(blended.path, "test")
    decision = json.loads((blended.path / "blend.json").read_text("utf-8"))["decision"]
    answers = contract.decode(test.values, dataset.path, decision)
    with (store := Store.current()).new_folder() as folder:
        file = folder / contract.file
        contract.write(test.ids, answers, file)
        contract.check(file, contract.ids(dataset.path, "test"), dataset.path)
        return store.keep("submission", folder)
