"""Step `blend`: members → weights and thresholds, chosen on out-of-fold scores alone."""

import json
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from pydantic import BaseModel

from tasks.core.cache.store import Artifact, Store, write_json
from tasks.core.competition import ClassScorer, Scorer, Scores, find
from tasks.core.config import Blend
from tasks.core.errors import InvalidSettings
from tasks.core.step import step
from tasks.learning.ensemble import prediction_files, stacking
from tasks.learning.ensemble.candidates import Candidates
from tasks.learning.ensemble.combination import Combination, alone
from tasks.learning.ensemble.evaluation import Evaluation, Evaluator
from tasks.learning.ensemble.greedy import FEW, greedy_weights
from tasks.learning.ensemble.members import aligned, common_ids, nested_blend


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


class Blended(NamedTuple):
    """A combination with its out-of-fold values and their evaluation."""

    combination: Combination
    values: Any
    evaluation: Evaluation


@step(uses=("metric",), label="blend {competition}")
def blend(
    competition: str,
    train: Artifact,
    members: dict[str, Artifact],
    blend: Blend,
    answers: BaseModel | None = None,
    *,
    folds: Artifact | None = None,
) -> Artifact:
    """Choose how members are combined, by their out-of-fold scores alone.

    Writes blended `out_of_fold` scores, and `blend.json`: the weights, the decision that turns blended scores
    into answers, the out-of-fold scores of blend and members, each member with a decision of its own, and the
    gain of the blend over the best member. If the blend is worse than the best member, that member takes its
    place. Greedy weights are scored on the records they were chosen on; with many members, and with members
    from files, `nested` holds score and gain of weights chosen for each fold on the other folds.

    Args:
        folds: needed by stacking, which predicts each record with a model fitted on the other folds.
    """
    evaluator = evaluator_of(competition, train, answers)
    files = {name: prediction_files.read(artifact.path, "out_of_fold") for name, artifact in members.items()}
    ids = common_ids(files.values(), part="out_of_fold")
    values = {name: each.values for name, each in files.items()}
    evaluations = {name: evaluator.evaluate(each) for name, each in values.items()}
    best = max(evaluations, key=lambda name: evaluations[name].score.signed)
    chosen = _blended(evaluator, values, blend, folds)
    if evaluations[best].score.signed > chosen.evaluation.score.signed:
        chosen = Blended(alone(list(members), best), values[best], evaluations[best])
    summary = _summary(chosen, evaluations)
    if len(members) > 1:
        best_member = BestMember(best, values[best], evaluations[best])
        summary["gain"] = best_member.gain(evaluator, chosen.values, chosen.evaluation)
        if len(members) >= FEW or any(map(_is_foreign, members.values())):
            summary["nested"] = _nested(evaluator, best_member, list(values.values()), blend, folds)
    with (store := Store.current()).new_folder() as folder:
        prediction_files.write(folder, "out_of_fold", Scores(ids, chosen.values))
        write_json(folder / "blend.json", summary)
        return store.keep("blend", folder)


def evaluator_of(competition: str, train: Artifact, answers: BaseModel | None) -> Evaluator:
    """The competition's metric of training records, with the settings of turning scores into answers."""
    settings = answers.model_dump(mode="json") if answers else None
    return Evaluator(find(competition).scorer(train.path, settings=settings))


def _blended(
    evaluator: Evaluator, values: dict[str, Any], settings: Blend, folds: Artifact | None
) -> Blended:
    """The combination that the settings choose by the members' out-of-fold values."""
    names, members = list(values), list(values.values())
    if len(members) == 1:
        combination, combined = alone(names, names[0]), members[0]
    elif settings.method == "greedy":
        weights = _weights(evaluator.train, members, settings)
        combination = Combination(dict(zip(names, weights.tolist(), strict=True)))
        combined = combination.combine(values)
    elif folds is None:
        raise InvalidSettings("blend.method: stack needs the folds, which this flow does not give")
    else:
        combination, combined = _stacked(evaluator.train, values, _assigned(folds))
    return Blended(combination, combined, evaluator.evaluate(combined))


def _summary(chosen: Blended, members: dict[str, Evaluation]) -> dict[str, Any]:
    return {
        "score": chosen.evaluation.score._asdict(),
        "decision": chosen.evaluation.decision,
        **chosen.combination.summary(),
        "gain": None,
        "nested": None,
        "members": {name: each.score._asdict() for name, each in members.items()},
        "members_decision": {name: each.decision for name, each in members.items()},
    }


def _is_foreign(member: Artifact) -> bool:
    """Whether a member was added from files (step `add_member`)."""
    return "foreign" in json.loads((member.path / "member.json").read_text("utf-8"))


def _assigned(folds: Artifact) -> np.ndarray:
    """(n,) the fold of each training record."""
    return np.asarray(np.load(folds.path / "folds.npy"))


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
    """Score and gain of greedy weights chosen for each fold on the other folds; None of other methods, whose
    score needs no such figure, and without folds.
    """
    if settings.method != "greedy" or folds is None:
        return None
    values = nested_blend(
        members, _assigned(folds), lambda part, rows: _weights(evaluator.train, part, settings, rows)
    )
    evaluation = evaluator.evaluate(values)
    return {"score": evaluation.score._asdict(), "gain": best_member.gain(evaluator, values, evaluation)}


def _stacked(scorer: Scorer, values: dict[str, Any], folds: np.ndarray) -> tuple[Combination, Any]:
    """A stacking model of all records, and values of each record by a model fitted on the other folds."""
    vectors, back = aligned(list(values.values()))
    frame = back(vectors[0])
    targets = scorer.targets(frame)
    fold_of_value = folds[frame.frame.rows] if isinstance(frame, Candidates) else folds
    out_of_fold = back(stacking.out_of_fold(vectors, targets, fold_of_value))
    stack = stacking.fit(vectors, targets)
    shares = stack.weights / max(stack.weights.sum(), 1e-12)
    return Combination(dict(zip(values, shares.tolist(), strict=True)), stack), out_of_fold
