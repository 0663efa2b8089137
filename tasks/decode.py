"""Step `decode`: blended test scores → a checked submission file."""

import json

from tasks.core.cache.store import Artifact, Store, part_folders
from tasks.core.competition import find
from tasks.core.step import step
from tasks.learning.ensemble.answer_files import write_submission


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
    decision = json.loads((blended.path / "blend.json").read_text("utf-8"))["decision"]
    with (store := Store.current()).new_folder() as folder:
        write_submission(folder, find(competition), part_folders(dataset), combined.path, decision)
        return store.keep("submission", folder)
