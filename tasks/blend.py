"""Step `blend`: members → one set of scores, by weights and thresholds chosen on out-of-fold scores alone."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from pydantic import BaseModel

from tasks.core.competition import ClassScorer, Score, Scorer, Scores, find
from tasks.core.config import Blend
from tasks.core.errors import InvalidSettings
from tasks.core.step import step
from tasks.core.store import Artifact, Store, write_json
from tasks.learning import members as kinds
from tasks.learning import score_files, stacking
from tasks.learning.blending import greedy_weights
from tasks.learning.candidates import Candidates
from tasks.learning.judging import Gain, Judge, Verdict, merit

PARTS = ("out_of_fold", "validation", "test")


class Mixture(NamedTuple):
    """How members' values become one."""

    shares: np.ndarray
    """(members,) how much each counts, summing to 1."""
    mixed: Callable[[str, list[Any]], Any]
    """(part, the members' values of that part) → values."""


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
    is chosen on the validation part.

    Args:
        folds: which stacking needs, so that what it says of a record it learned from other folds.
    """
    judge = judge_of(competition, dataset, answers)
    folders = {name: artifact.path for name, artifact in members.items()}
    own = {name: judge.verdict(folder) for name, folder in folders.items()}
    best = max(own, key=lambda name: merit(own[name].score))
    mixture = _mixture(judge.train, list(folders.values()), blend, folds)
    store = Store.current()
    with store.new_folder() as folder:
        _write(folder, folders, mixture)
        found = judge.verdict(folder)
        if own[best].beats(found):
            mixture = _alone(list(folders).index(best), len(folders))
            _write(folder, folders, mixture)
            found = own[best]
        gain = judge.gain(folder, found, folders[best], own[best]) if len(folders) > 1 else None
        weights = dict(zip(members, mixture.shares.tolist(), strict=True))
        write_json(folder / "blend.json", _summary(found, own, weights, best, gain))
        return store.keep("blend", folder)


def judge_of(competition: str, dataset: Artifact, answers: BaseModel | None) -> Judge:
    """The competition's metric with these settings of turning scores into answers."""
    settings = answers.model_dump(mode="json") if answers else None
    rules = find(competition)
    has_validation = bool(rules.ids(dataset.path, "validation"))
    validation = rules.scorer(dataset.path, "validation", settings) if has_validation else None
    return Judge(rules.scorer(dataset.path, settings=settings), validation)


def _summary(
    found: Verdict, own: dict[str, Verdict], weights: dict[str, float], best: str, gain: Gain | None
) -> dict[str, Any]:
    return {
        "score": found.score._asdict(),
        "validation": _table(found.validation),
        "decision": found.decision,
        "weights": weights,
        "gain": {"over": best, **gain._asdict()} if gain else None,
        "members": {name: each.score._asdict() for name, each in own.items()},
        "members_decision": {name: each.decision for name, each in own.items()},
        "members_validation": {name: _table(each.validation) for name, each in own.items()},
    }


def _table(score: Score | None) -> dict[str, Any] | None:
    return score._asdict() if score else None


def _mixture(scorer: Scorer, folders: list[Path], settings: Blend, folds: Artifact | None) -> Mixture:
    if len(folders) == 1:
        return _alone(0, 1)
    vectors, back = kinds.aligned([score_files.read(folder, "out_of_fold").values for folder in folders])
    if settings.method == "greedy":
        return _greedy(scorer, vectors, back, settings)
    if folds is None:
        raise InvalidSettings("blend.method: stack needs the folds, which this flow does not give")
    return _stacked(scorer, vectors, back, np.load(folds.path / "folds.npy"))


def _alone(place: int, count: int) -> Mixture:
    return Mixture(np.eye(count)[place], lambda part, values: values[place])


def _greedy(
    scorer: Scorer, vectors: Sequence[np.ndarray], back: Callable[[np.ndarray], Any], settings: Blend
) -> Mixture:
    weights = greedy_weights(
        vectors,
        lambda vector: merit(scorer(back(vector))),
        of_classes=_merit_of_classes(scorer) if isinstance(scorer, ClassScorer) else None,
        rounds=settings.rounds,
        bags=settings.bags,
        seed=settings.seed,
    )
    if weights.max() == 1:
        return _alone(int(weights.argmax()), len(vectors))
    return Mixture(weights, lambda part, values: kinds.weighted(values, weights))


def _merit_of_classes(scorer: ClassScorer) -> Callable[[np.ndarray], float]:
    return lambda classes: merit(scorer.of_classes(classes))


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
        read = [score_files.read(each, part) for each in folders.values() if score_files.holds(each, part)]
        if not read:
            continue
        if len(read) < len(folders) or any(each.ids != read[0].ids for each in read):
            raise ValueError(f"{part}: expected the same ids in the same order from every member")
        values = mixture.mixed(part, [each.values for each in read])
        score_files.write(folder, part, Scores(read[0].ids, values))
