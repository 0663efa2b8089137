"""The job of a step from the fields that a test gives, as `tasks.core.jobs` types it."""

from typing import Any

from tasks.core.jobs import AugmentJob, EncodeJob, FoldJob, Job, PredictJob, PretrainJob, TrainJob


def make_job(*, fold: int | None, **fields: Any) -> Any:
    """The job of the only kind that has these fields; a training where several have them."""
    kind = _kind(fields)
    if issubclass(kind, FoldJob):
        fields["fold"] = fold
    elif kind is not AugmentJob:
        fields.pop("folds", None)
    return kind(**fields)


def _kind(fields: dict[str, Any]) -> type[Job]:
    if "view" in fields:
        return EncodeJob if isinstance(fields["view"], str) else AugmentJob
    if "models" in fields or "part" in fields:
        return PredictJob
    return PretrainJob if fields["settings"].keys() == {"encoder", "pretraining"} else TrainJob
