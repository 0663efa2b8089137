"""An ensemble with weights rounded to float16, and what that changes out of fold."""

import json
import shutil
from typing import Any, NamedTuple

import numpy as np

from flows.bundling.rounded_weights import round_to_half
from flows.bundling.unchanged_files import raise_if_changed
from flows.prediction.ensemble import Ensemble, TrainedMember
from tasks.blend import evaluator_of
from tasks.core.cache.lineage import Lineage
from tasks.core.cache.store import Artifact, Store
from tasks.core.errors import InvalidSubmission
from tasks.gather import gather
from tasks.learning.ensemble import prediction_files
from tasks.learning.ensemble.combination import Combination
from tasks.learning.ensemble.evaluation import Evaluation, ScoreDifference
from tasks.learning.ensemble.members import aligned
from tasks.mean import mean
from tasks.predict import predict


class Rounding(NamedTuple):
    """What rounding the weights changed."""

    score: dict[str, Any]
    """Out-of-fold score with rounded weights, by the weights and the decision of the blend as it was."""
    difference: ScoreDifference
    """By how much that is better than without rounding, on the same records."""
    largest_change: float
    """Of any score of any record."""

    def summary(self) -> dict[str, Any]:
        """As the bundle's manifest holds it."""
        return {**self._asdict(), "difference": self.difference._asdict()}

    def text(self) -> str:
        """A sentence for the console."""
        value, error = self.difference
        return (
            f"{self.score['name']} out of fold {self.score['value']:.4f} with float16, "
            f"{value:+.4f} ± {error:.4f}; no score changes by more than {self.largest_change:.2g}"
        )


def rounded(competition: str, config: Any, ensemble: Ensemble) -> tuple[Ensemble, Rounding]:
    """Round the weights of all models, and predict all held-out records with them; predictions are cached.

    The rounded members are no members of the store that other commands list and blend.

    Raises:
        InvalidSubmission: what the models were measured on has left the store.
        InvalidSettings: a weight is too large for float16.
        MissingWeights: a pretrained file that predictions read changed after the training.
    """
    raise_if_changed(ensemble.members)
    replay = _Replay(competition, config)
    members = {name: replay.rounded(name, each) for name, each in ensemble.members.items()}
    summary = json.loads((ensemble.blend.path / "blend.json").read_text("utf-8"))
    read = {name: prediction_files.read(each.member.path, "out_of_fold") for name, each in members.items()}
    values = Combination.of_summary(summary).combine({name: each.values for name, each in read.items()})
    before = prediction_files.read(ensemble.blend.path, "out_of_fold").values
    evaluator = evaluator_of(competition, ensemble.train, getattr(config, "answers", None))
    decision = summary["decision"]
    scores = [Evaluation(evaluator.train(each, decision=decision), decision) for each in (values, before)]
    difference = evaluator.difference(values, scores[0], before, scores[1])
    ensemble = ensemble._replace(members=members)
    return ensemble, Rounding(scores[0].score._asdict(), difference, _largest_change(values, before))


class _Replay:
    """Repeats the steps that made out-of-fold predictions, with other models."""

    def __init__(self, competition: str, config: Any) -> None:
        self._competition, self._config = competition, config
        self._lineage = Lineage(Store.current().records())

    def rounded(self, name: str, member: TrainedMember) -> TrainedMember:
        """The member with rounded models and the out-of-fold predictions of these."""
        models = {each.name: _rounded(each) for each in member.models}
        gathered = self._record(member.member.name)["inputs"]
        held_out = [self._held_out(each["artifact"], member.recipe, models) for each in gathered["held_out"]]
        train, folds = (self._artifact(gathered[key]["artifact"]) for key in ("train", "folds"))
        joined: Artifact = gather.fn(
            self._competition, name, train, folds, held_out
        )  # no member of the store
        return TrainedMember(joined, [models[each.name] for each in member.models], member.recipe)

    def _held_out(self, name: str, recipe: Any, models: dict[str, Artifact]) -> Artifact:
        """Predictions of a fold, or the mean of several, with other models."""
        record = self._record(name)
        inputs = record["inputs"]
        if record["step"] == "mean":
            parts = [self._held_out(each["artifact"], recipe, models) for each in inputs["predictions"]]
            return _run(mean, recipe.name, parts, part="held_out", of="rounded")
        return _run(
            predict,
            self._competition,
            recipe.for_prediction(),
            [self._artifact(each["artifact"]) for each in inputs["dataset"]],
            self._artifact(inputs["folds"]["artifact"]),
            {
                view: [self._artifact(each["artifact"]) for each in encoded]
                for view, encoded in inputs["inputs"].items()
            },
            [models[each["artifact"]] for each in inputs["models"]],
            part="held_out",
            fold=inputs["fold"],
            beside=inputs["beside"],
            of=f"fold {inputs['fold']} with float16",
            seed=inputs["seed"],
            run=self._config.run,
        )

    def _artifact(self, name: str) -> Artifact:
        artifact = Artifact.model_validate(self._record(name)["result"])
        if not Store.current().is_whole(artifact):
            raise self._gone(name)
        return artifact

    def _record(self, name: str) -> dict[str, Any]:
        if record := self._lineage.record(name):
            return record
        raise self._gone(name)

    def _gone(self, name: str) -> InvalidSubmission:
        return InvalidSubmission(
            f"--float16: expected the records that the models were measured on, {name} left the store; "
            "rebuild the submission, or write the bundle without --float16"
        )


def _rounded(model: Artifact) -> Artifact:
    """The model with rounded weights, and what lies beside them."""
    with (store := Store.current()).new_folder() as folder:
        shutil.copytree(model.path, folder, dirs_exist_ok=True, copy_function=shutil.copyfile)
        for file in sorted(folder.rglob("*.h5")):
            round_to_half(file)
        return store.keep("model", folder)


def _run(step: Any, *arguments: Any, **keywords: Any) -> Artifact:
    """Look a step up or run it, outside of a flow."""
    result: Artifact = step.execute(step.bind(*arguments, **keywords)).result
    return result


def _largest_change(values: Any, before: Any) -> float:
    """The largest change of a score; a candidate that only one of both has counts with its whole score."""
    (one, other), _ = aligned([values, before])
    return float(np.abs(one - other).max()) if one.size else 0.0
