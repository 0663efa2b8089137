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
from tasks.learning.ensemble import members as kinds
from tasks.learning.ensemble import prediction_files, stacking
from tasks.learning.ensemble.candidates import Candidates
from tasks.learning.ensemble.evaluation import Judge, Verdict
from tasks.learning.ensemble.greedy import FEW, greedy_weights
from tasks.learning.ensemble.members import nested

PARTS = ("out_of_fold", "validation", "test")


class Mixture(NamedTuple):
    """How members' values become one."""

    shares: np.ndarray
    """(members,) how much each counts, summing to 1."""
    mixed: Callable[[str, list[Any]], Any]
    """(part, the members' values of that part) → values."""


class Rival(NamedTuple):
    """The best member, which a blend is measured against."""

    name: str
    values: Any
    """Out of fold."""
    verdict: Verdict

    def beaten_by(self, judge: Judge, values: Any, verdict: Verdict) -> dict[str, Any]:
        """By how much, and its standard error; below 0 where it is the better one."""
        return {"over": self.name, **judge.gain(values, verdict, self.values, self.verdict)._asdict()}


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
    blend and members out of fold and on the validation part, each member judged by a decision of its own,
    and what the blend gains over the best member. A blend that is worse than that gives way to it. Nothing
    is chosen on the validation part. Greedy weights are scored on the records they were chosen on; of many
    members `nested` holds what they score, and gain, when those for each fold are chosen on the others.

    Args:
        folds: which stacking needs, so that what it says of a record it learned from other folds.
    """
    judge = judge_of(competition, dataset, answers)
    folders = {name: artifact.path for name, artifact in members.items()}
    own = {name: judge.verdict(folder) for name, folder in folders.items()}
    best = max(own, key=lambda name: own[name].score.signed)
    values = {name: _out_of_fold(folder) for name, folder in folders.items()}
    mixture = _mixture(judge.train, list(values.values()), blend, folds)
    with (store := Store.current()).new_folder() as folder:
        _write(folder, folders, mixture)
        found = judge.verdict(folder)
        if own[best].beats(found):
            mixture = _alone(list(folders).index(best), len(folders))
            _write(folder, folders, mixture)
            found = own[best]
        summary = _summary(found, own, dict(zip(members, mixture.shares.tolist(), strict=True)))
        if len(folders) > 1:
            rival = Rival(best, values[best], own[best])
            summary["gain"] = rival.beaten_by(judge, _out_of_fold(folder), found)
            summary["nested"] = _nested(judge, rival, list(values.values()), blend, folds)
        write_json(folder / "blend.json", summary)
        return store.keep("blend", folder)


def judge_of(competition: str, dataset: Artifact, answers: BaseModel | None) -> Judge:
    """The competition's metric with these settings of turning scores into answers."""
    settings = answers.model_dump(mode="json") if answers else None
    rules = find(competition)
    has_validation = bool(rules.ids(dataset.path, "validation"))
    validation = rules.scorer(dataset.path, "validation", settings) if has_validation else None
    return Judge(rules.scorer(dataset.path, settings=settings), validation)


def _summary(found: Verdict, own: dict[str, Verdict], weights: dict[str, float]) -> dict[str, Any]:
    return {
        "score": found.score._asdict(),
        "validation": _table(found.validation),
        "decision": found.decision,
        "weights": weights,
        "gain": None,
        "nested": None,
        "members": {name: each.score._asdict() for name, each in own.items()},
        "members_decision": {name: each.decision for name, each in own.items()},
        "members_validation": {name: _table(each.validation) for name, each in own.items()},
    }


def _out_of_fold(folder: Path) -> Any:
    return prediction_files.read(folder, "out_of_fold").values


def _table(score: Score | None) -> dict[str, Any] | None:
    return score._asdict() if score else None


def _mixture(scorer: Scorer, values: list[Any], settings: Blend, folds: Artifact | None) -> Mixture:
    """Mixes the members whose values out of fold these are."""
    if len(values) == 1:
        return _alone(0, 1)
    if settings.method == "greedy":
        return _greedy(_weights(scorer, values, settings))
    if folds is None:
        raise InvalidSettings("blend.method: stack needs the folds, which this flow does not give")
    return _stacked(scorer, *kinds.aligned(values), _assigned(folds))


def _assigned(folds: Artifact) -> np.ndarray:
    """(n,) the fold of each training record."""
    return np.asarray(np.load(folds.path / "folds.npy"))


def _alone(place: int, count: int) -> Mixture:
    return Mixture(np.eye(count)[place], lambda part, values: values[place])


def _greedy(weights: np.ndarray) -> Mixture:
    if weights.max() == 1:
        return _alone(int(weights.argmax()), len(weights))
    return Mixture(weights, lambda part, values: kinds.weighted(values, weights))


def _weights(
    scorer: Scorer, values: Sequence[Any], settings: Blend, rows: np.ndarray | None = None
) -> np.ndarray:
    """(members,) greedy weights by their values of all records, or of the records `rows`."""
    vectors, back = kinds.aligned(values)
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
    judge: Judge, rival: Rival, members: list[Any], settings: Blend, folds: Artifact | None
) -> dict[str, Any] | None:
    """What greedy weights score on each fold that were chosen on the others, where members are many."""
    if settings.method != "greedy" or len(members) < FEW or folds is None:
        return None
    values = nested(members, _assigned(folds), lambda part, rows: _weights(judge.train, part, settings, rows))
    verdict = judge.out_of_fold(values)
    return {"score": verdict.score._asdict(), "gain": rival.beaten_by(judge, values, verdict)}


def _stacked(
    scorer: Scorer, vectors: Sequence[np.ndarray], back: Callable[[np.ndarray], Any], folds: np.ndarray
) -> Mixture:
    frame = back(vectors[0])
    targets = scorer.targets(frame)
    own = folds[frame.frame.rows] if isinstance(frame, Candidates) else folds
    out_of_fold = back(stacking.nested(vectors, targets, own))
    stack = stacking.fit(vectors, targets)

    def mixed(part: str, values: list[Any]) -> Any:
        if part == "out_of_fold":
            return out_of_fold
        given, put_back = kinds.aligned(values)
        return put_back(stacking.applied(stack, given))

    return Mixture(stack.weights / max(stack.weights.sum(), 1e-12), mixed)


def _write(folder: Path, folders: dict[str, Path], mixture: Mixture) -> None:
    for part in PARTS:
        read = [
            prediction_files.read(each, part)
            for each in folders.values()
            if prediction_files.holds(each, part)
        ]
        if not read:
            continue
        if len(read) < len(folders) or any(each.ids != read[0].ids for each in read):
            raise ValueError(f"{part}: expected the same ids in the same order from every member")
        values = mixture.mixed(part, [each.values for each in read])
        prediction_files.write(folder, part, Scores(read[0].ids, values))
