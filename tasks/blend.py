"""Step `blend`: members → one set of scores, by weights and thresholds chosen on out-of-fold scores alone."""

from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel

from tasks.core.competition import Scores, find
from tasks.core.config import Blend
from tasks.core.step import step
from tasks.core.store import Artifact, Store, write_json
from tasks.learning import members as kinds
from tasks.learning import score_files
from tasks.learning.blending import greedy_weights


@step(uses=("metric",), label="blend {competition}")
def blend(
    competition: str,
    dataset: Artifact,
    members: dict[str, Artifact],
    blend: Blend,
    answers: BaseModel | None = None,
) -> Artifact:
    """Write blended `out_of_fold`, `test` and `validation` scores, and `blend.json`.

    `blend.json` holds the weights, the decision that turns blended scores into answers, and the scores
    of blend and members out of fold and on the validation part; each member is judged by a decision of
    its own. Nothing is chosen on the validation part.
    """
    settings = answers.model_dump(mode="json") if answers else None
    rules = find(competition)
    judge = _Judge(rules, dataset.path, settings)
    folders = [artifact.path for artifact in members.values()]
    own = {name: judge.all_of(folder) for name, folder in zip(members, folders, strict=True)}
    weights = _weights(rules.scorer(dataset.path), folders, blend)
    store = Store.current()
    with store.new_folder() as folder:
        for part in ("out_of_fold", "validation", "test"):
            if score_files.holds(folders[0], part):
                score_files.write(folder, part, _blended(folders, part, weights))
        summary = judge.all_of(folder)
        summary["weights"] = dict(zip(members, weights.tolist(), strict=True))
        summary["members"] = {name: each["score"] for name, each in own.items()}
        summary["members_decision"] = {name: each["decision"] for name, each in own.items()}
        summary["members_validation"] = {name: each["validation"] for name, each in own.items()}
        write_json(folder / "blend.json", summary)
        return store.keep("blend", folder)


class _Judge:
    """Scores a folder of `out_of_fold` and `validation` values by a decision made on the former."""

    def __init__(self, rules: Any, dataset: Path, settings: dict[str, Any] | None) -> None:
        self._train = rules.scorer(dataset, settings=settings)
        has_validation = bool(rules.ids(dataset, "validation"))
        self._validation = rules.scorer(dataset, "validation", settings) if has_validation else None

    def all_of(self, folder: Path) -> dict[str, Any]:
        out_of_fold = score_files.read(folder, "out_of_fold").values
        decision = self._train.decide(out_of_fold)
        validation = None
        if self._validation:
            values = score_files.read(folder, "validation").values
            validation = self._validation(values, decision=decision)._asdict()
        score = self._train(out_of_fold, decision=decision)._asdict()
        return {"score": score, "validation": validation, "decision": decision}


def _weights(score: Any, folders: list[Path], settings: Blend) -> np.ndarray:
    """Greedy weights by the metric of out-of-fold values."""
    values = [score_files.read(folder, "out_of_fold").values for folder in folders]
    vectors, back = kinds.aligned(values)
    sign = 1 if score(values[0]).higher_is_better else -1
    return greedy_weights(
        vectors,
        lambda vector: sign * float(score(back(vector)).value),
        rounds=settings.rounds,
        bags=settings.bags,
        seed=settings.seed,
    )


def _blended(folders: list[Path], part: str, weights: np.ndarray) -> Scores:
    read = [score_files.read(folder, part) for folder in folders]
    if any(each.ids != read[0].ids for each in read):
        raise ValueError(f"{part}: expected the same ids in the same order from every member")
    return Scores(read[0].ids, kinds.weighted([each.values for each in read], weights))
