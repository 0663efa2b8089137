"""Step `decode`: blended test scores → a checked submission file."""

import json

from tasks.core.cache.store import Artifact, Store, part_folders
from tasks.core.competition import find
from tasks.core.step import step
from tasks.learning.ensemble import prediction_files


@step(uses=("submission",), label="decode {competition}")
def decode(competition: str, dataset: list[Artifact], blended: Artifact, combined: Artifact) -> Artifact:
    """Turn scores into answers with the blend's decision, write them, read them back and check them.

    Args:
        dataset: the test part and what is common to all parts.
        blended: of step `blend`.
        combined: of step `combine`: the blend's scores of the test records.

    Raises:
        InvalidSubmission: the file breaks a rule of the competition.
    """
    contract = find(competition)
    test = prediction_files.read(combined.path, "test")
    folders = part_folders(dataset)
    decision = json.loads((blended.path / "blend.json").read_text("utf-8"))["decision"]
    answers = contract.decode(test.values, folders, decision)
    with (store := Store.current()).new_folder() as folder:
        file = folder / contract.file
        contract.write(test.ids, answers, file)
        contract.check(file, contract.ids(folders, "test"), folders)
        return store.keep("submission", folder)
