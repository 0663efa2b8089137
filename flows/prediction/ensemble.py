"""The ensemble of a submission: artifacts and settings that predict other test records."""

import json
from typing import Any, NamedTuple

from flows.members.member_provenance import recipe_settings
from tasks.core.cache.store import Artifact, Store
from tasks.core.errors import InvalidSubmission
from tasks.core.submissions.submissions import Submission
from tasks.learning.ensemble.combination import Combination


class TrainedMember(NamedTuple):
    """A member of the ensemble, whose models are in the store."""

    member: Artifact
    """Its out-of-fold predictions."""
    models: list[Artifact]
    """Of each fold those of all seeds, one fold after another."""
    recipe: Any
    """Its settings."""


class Ensemble(NamedTuple):
    """What predicts records as a submission does."""

    blend: Artifact
    common: Artifact
    train: Artifact
    """The training records; they may have been removed from the store, for predictions do not read them."""
    validation: Artifact | None
    """Scores on the validation part."""
    members: dict[str, TrainedMember]
    """Those with a weight, by name."""

    def artifacts(self) -> list[Artifact]:
        """All artifacts that a prediction reads."""
        trained = [each for member in self.members.values() for each in (member.member, *member.models)]
        return [self.blend, self.common, *trained]

    def described(self) -> dict[str, Any]:
        """As step `submit` takes it."""
        members = {name: each._asdict() for name, each in self.members.items()}
        return {**self._asdict(), "members": members}


def ensemble_of(submission: Submission, config_type: type[Any]) -> Ensemble:
    """The ensemble of a submission, all of whose artifacts are in the store.

    Raises:
        InvalidSubmission: it names no ensemble, or one whose models, settings or weights are gone.
    """
    described = submission.provenance.get("ensemble")
    rebuild = f"rebuild it with: {submission.provenance.get('command')}"
    if not described:
        raise InvalidSubmission(
            f"{submission.name}: expected a submission that names its models, received one of an earlier "
            f"version; {rebuild}"
        )
    blend = Artifact.model_validate(described["blend"])
    store = Store.current()
    if not store.is_whole(blend):
        raise InvalidSubmission(f"{submission.name}: its weights ({blend.name}) left the store; {rebuild}")
    summary = json.loads((blend.path / "blend.json").read_text("utf-8"))
    needed = Combination.of_summary(summary).needed()
    if lacking := [name for name in needed if name not in described["members"]]:
        raise InvalidSubmission(
            f"{submission.name}: expected the member {lacking[0]}, received none; {rebuild}"
        )
    members = {name: _member(submission, name, described["members"][name], config_type) for name in needed}
    validation = described.get("validation")
    ensemble = Ensemble(
        blend,
        Artifact.model_validate(described["common"]),
        Artifact.model_validate(described["train"]),
        Artifact.model_validate(validation) if validation else None,
        members,
    )
    if gone := [each.name for each in ensemble.artifacts() if not store.is_whole(each)]:
        received = f"{len(gone)} that are gone or damaged, the first being {gone[0]}"
        raise InvalidSubmission(
            f"{submission.name}: expected its artifacts in {store.root}, received {received}; {rebuild}"
        )
    return ensemble


def _member(
    submission: Submission, name: str, described: dict[str, Any], config_type: type[Any]
) -> TrainedMember:
    if not described["models"]:
        raise InvalidSubmission(
            f"{submission.name}: expected models of each member with a weight, {name} has none; "
            "they had left the store, or others have made the member, which predicts only their records"
        )
    if described["recipe"] is None:
        raise InvalidSubmission(
            f"{submission.name}: expected the settings of each member with a weight, those of {name} are not "
            "known; no submission that is left names them"
        )
    recipe = recipe_settings(described["recipe"], config_type)
    if recipe is None:
        raise InvalidSubmission(
            f"{submission.name}: expected settings of this version, those of member {name} are of another"
        )
    models = [Artifact.model_validate(model) for model in described["models"]]
    return TrainedMember(Artifact.model_validate(described["member"]), models, recipe)
