"""Encoding of questions ahead of trainings: none."""

from tasks.core.jobs import EncodeJob


def encode(job: EncodeJob) -> None:
    """Never called, for no recipe has encoded inputs: to compute match features is faster than to load them.

    Raises:
        ValueError: always.
    """
    raise ValueError("nl2sql: expected no encoding, for models read the questions themselves")
