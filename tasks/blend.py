"""Step `blend`: members → one set of scores, by weights and thresholds chosen on out-of-fold scores alone."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from pydantic import BaseModel

from tasks.core.cache.store import Artifact, Store, write_json
from tasks.core.competition import ClassScorer, Score, Scorer, Scores, find
from tasks.core.config import Blend
from tasks.core.errors import InvalidSettings
from tasks.core.step import step
from tasks.learning.ensemble import prediction_files, stacking
from tasks.learning.ensemble.candidates import Candidates
from tasks.learning.ensemble.evaluation import Evaluation, Evaluator
from tasks.learning.ensemble.greedy import FEW, greedy_weights
from tasks.learning.ensemble.members import aligned, nested_blend, weighted_mean

PARTS = ("out_of_fold", "validation", "test")


class Combination(NamedTuple):
    """A way to combine the members' values."""

    weights: np.ndarray
    """(members,) share of each, summing to 1."""
    combine: Callable[[str, list[Any]], Any]
    """(part, the members' values of that part) → values."""


class BestMember(NamedTuple):
    """The member with the best score, which blends are compared with."""

    name: str
    values: Any
    """Out of fold."""
    evaluation: Evaluation

    def gain(self, evaluator: Evaluator, values: Any, evaluation: Evaluation) -> dict[str, Any]:
        """How much better a blend is, with its standard error; below 0 it is worse."""
        gain = evaluator.difference(values, evaluation, self.values, self.evaluation)
        return {"over": self.name, **gain._asdict()}


@step(uses=("metric",), label="blend {competition}")
def blend(
    competition: str,
    dataset: Artifact,
    members: dict[str, Artifact],
    blend: Blend,
    answers: BaseModel | None = None,
    *,
    folds: Artifact | None = None,
) -> Artifact:
    """Write blended `out_of_fold`, `test` and `validation` scores, and `blend.json`.

    `blend.json` holds the weights, the decision that turns blended scores into answers, the scores of
    blend and members out of fold and on the validation part, each member with a decision of its own, and the
    gain of the blend over the best member. If the blend is worse than the best member, that member takes its
    place. Nothing is chosen on the validation part. Greedy weights are scored on the records they were chosen
    on; with many members, `nested` holds score and gain of weights chosen for each fold on the other folds.

    Args:
        folds: needed by stacking, which predicts each record with a model fitted on the other folds.
    """
    evaluator = evaluator_of(competition, dataset, answers)
    folders = {name: artifact.path for name, artifact in members.items()}
    evaluations = {name: evaluator.evaluate(folder) for name, folder in folders.items()}
    best = max(evaluations, key=lambda name: evaluations[name].score.signed)
    values = {name: _out_of_fold(folder) for name, folder in folders.items()}
    combination = _combination(evaluator.train, list(values.values()), blend, folds)
    with (store := Store.current()).new_folder() as folder:
        _write(folder, folders, combination)
        blended = evaluator.evaluate(folder)
        if evaluations[best].score.signed > blended.score.signed:
            combination = _alone(list(folders).index(best), len(folders))
            _write(folder, folders, combination)
            blended = evaluations[best]
        summary = _summary(blended, evaluations, combination.weights)
        if len(folders) > 1:
            best_member = BestMember(best, values[best], evaluations[best])
            summary["gain"] = best_member.gain(evaluator, _out_of_fold(folder), blended)
            summary["nested"] = _nested(evaluator, best_member, list(values.values()), blend, folds)
        write_json(folder / "blend.json", summary)
        return store.keep("blend", folder)


def evaluator_of(competition: str, dataset: Artifact, answers: BaseModel | None) -> Evaluator:
    """The competition's metric with the settings `answers` of turning scores into answers."""
    settings = answers.model_dump(mode="json") if answers else None
    contract = find(competition)
    has_validation = bool(contract.ids(dataset.path, "validation"))
    validation = contract.scorer(dataset.path, "validation", settings) if has_validation else None
    return Evaluator(contract.scorer(dataset.path, settings=settings), validation)


def _summary(blended: Evaluation, members: dict[str, Evaluation], weights: np.ndarray) -> dict[str, Any]:
    return {
        "score": blended.score._asdict(),
        "validation": _table(blended.validation),
        "decision": blended.decision,
        "weights": dict(zip(members, weights.tolist(), strict=True)),
        "gain": None,
        "nested": None,
        "members": {name: each.score._asdict() for name, each in members.items()},
        "members_decision": {name: each.decision for name, each in members.items()},
        "members_validation": {name: _table(each.validation) for name, each in members.items()},
    }


def _out_of_fold(folder: Path) -> Any:
    return prediction_files.read(folder, "out_of_fold").values


def _table(score: Score | None) -> dict[str, Any] | None:
    return score._asdict() if score else None


def _combination(scorer: Scorer, values: list[Any], settings: Blend, folds: Artifact | None) -> Combination:
    """The combination that the settings choose by the members' out-of-fold values."""
    if len(values) == 1:
        return _alone(0, 1)
    if settings.method == "greedy":
        return _greedy(_weights(scorer, values, settings))
    if folds is None:
        raise InvalidSettings("blend.method: stack needs the folds, which this flow does not give")
    return _stacked(scorer, *aligned(values), _assigned(folds))


def _assigned(folds: Artifact) -> np.ndarray:
    """(n,) the fold of each training record."""
    return np.asarray(np.load(folds.path / "folds.npy"))


def _alone(place: int, count: int) -> Combination:
    return Combination(np.eye(count)[place], lambda part, values: values[place])


def _greedy(weights: np.ndarray) -> Combination:
    if weights.max() == 1:
        return _alone(int(weights.argmax()), len(weights))
    return Combination(weights, lambda part, values: weighted_mean(values, weights))


def _weights(
    scorer: Scorer, values: Sequence[Any], settings: Blend, rows: np.ndarray | None = None
) -> np.ndarray:
    """(members,) float64 greedy weights, by the members' values of all records or of the records `rows`."""
    vectors, back = aligned(values)
    return greedy_weights(
        vectors,
        lambda vector: scorer(back(vector), rows).signed,
        of_classes=_class_metric(scorer, rows) if isinstance(scorer, ClassScorer) else None,
        rounds=settings.rounds,
        bags=settings.bags,
        seed=settings.seed,
    )


def _class_metric(scorer: ClassScorer, rows: np.ndarray | None) -> Callable[[np.ndarray], float]:
    return lambda classes: scorer.of_classes(classes, rows).signed


def _nested(
    evaluator: Evaluator, best_member: BestMember, members: list[Any], settings: Blend, folds: Artifact | None
) -> dict[str, Any] | None:
    """Score and gain of greedy weights chosen for each fold on the other folds; None for few members."""
    if settings.method != "greedy" or len(members) < FEW or folds is None:
        return None
    values = nested_blend(
        members, _assigned(folds), lambda part, rows: _weights(evaluator.train, part, settings, rows)
    )
    evaluation = evaluator.out_of_fold(values)
    return {"score": evaluation.score._asdict(), "gain": best_member.gain(evaluator, values, evaluation)}


def _stacked(
    scorer: Scorer, vectors: Sequence[np.ndarray], back: Callable[[np.ndarray], Any], folds: np.ndarray
) -> Combination:
    frame = back(vectors[0])
    targets = scorer.targets(frame)
    fold_of_value = folds[frame.frame.rows] if isinstance(frame, Candidates) else folds
    out_of_fold = back(stacking.out_of_fold(vectors, targets, fold_of_value))
    stack = stacking.fit(vectors, targets)

    def combine(part: str, values: list[Any]) -> Any:
        if part == "out_of_fold":
            return out_of_fold
        part_vectors, back_to_values = aligned(values)
        return back_to_values(stacking.predict(stack, part_vectors))

    return Combination(stack.weights / max(stack.weights.sum(), 1e-12), combine)


def _write(folder: Path, folders: dict[str, Path], combination: Combination) -> None:
    for part in PARTS:
        present = [each for each in folders.values() if prediction_files.exists(each, part)]
        if not present:
            continue
        members = [prediction_files.read(each, part) for each in present]
        if len(present) < len(folders) or any(each.ids != members[0].ids for each in members):
            raise ValueError(f"{part}: expected the same ids in the same order from every member")
        values = combination.combine(part, [each.values for each in members])
        prediction_files.write(folder, part, Scores(members[0].ids, values))
