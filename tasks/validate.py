"""Step `validate`: scores of blend and members on the validation part, on which nothing is chosen."""

import json

from pydantic import BaseModel

from tasks.core.cache.store import Artifact, Store, part_folders, write_json
from tasks.core.competition import find
from tasks.core.step import step
from tasks.learning.ensemble import prediction_files


@step(uses=("metric",), label="validate {competition}")
def validate(
    competition: str,
    dataset: list[Artifact],
    blended: Artifact,
    combined: Artifact,
    members: dict[str, Artifact],
    answers: BaseModel | None = None,
) -> Artifact:
    """Write `validation.json`: scores by member, and under "blend"; `{}` where the part has no records.

    Args:
        dataset: the validation part and what is common to all parts.
        blended: of step `blend`, with the decisions chosen on out-of-fold scores.
        combined: the blend's scores of the part.
        members: scores of the part by member.
    """
    contract, folders = find(competition), part_folders(dataset)
    summary = json.loads((blended.path / "blend.json").read_text("utf-8"))
    decisions = {**summary["members_decision"], "blend": summary["decision"]}
    scores = {}
    if contract.ids(folders, "validation"):
        settings = answers.model_dump(mode="json") if answers else None
        scorer = contract.scorer(folders, "validation", settings)
        for name, artifact in {**members, "blend": combined}.items():
            values = prediction_files.read(artifact.path, "validation").values
            scores[name] = scorer(values, decision=decisions[name])._asdict()
    with (store := Store.current()).new_folder() as folder:
        write_json(folder / "validation.json", scores)
        return store.keep("validation_scores", folder)
