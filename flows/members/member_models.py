"""The predictions by single models, or by several that agree, of which a member is made."""

from flows.members.cached_members import CachedMember
from tasks.core.cache.lineage import Lineage, Record, input_artifacts


def predictions_by_models(member: CachedMember, lineage: Lineage) -> list[list[Record]]:
    """For each fold of a member, the records of the steps `predict` behind its held-out scores.

    That is one step, unless `mean` has averaged the predictions of several seeds. A fold has none where the
    store no longer knows one of its steps; a member that was added from files has no folds.
    """
    held_out = input_artifacts(member.record["inputs"].get("held_out", []))
    return [_predictions(name, lineage) for name in held_out]


def _predictions(name: str, lineage: Lineage) -> list[Record]:
    record = lineage.record(name)
    if record is None:
        return []
    if record["step"] != "mean":
        return [record] if record["inputs"].get("models") else []
    names = list(input_artifacts(record["inputs"].get("predictions")))
    found = [each for name in names for each in _predictions(name, lineage)]
    return found if len(found) == len(names) else []
