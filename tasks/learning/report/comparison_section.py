"""Section on how test records differ from training records, as far as can be seen without their labels."""

from collections.abc import Mapping, Sequence
from typing import Any

from tasks.core.report.page import Block, Picture, Pictures, Section, TableBlock, Text

WARNING_ABOVE = 0.75
"""AUC from which on out-of-fold scores are doubted: three of four pairs of records are told apart."""


def comparison(
    compared: Mapping[str, Any], excerpts: Sequence[str | bytes], *, more: Sequence[Block] = ()
) -> Section:
    """Make the section of a `comparison.json` of step `compare`.

    Args:
        excerpts: of the records `compared["most_unlike"]`: texts, or the bytes of JPEG files.
        more: blocks at its end, such as `agreement`.

    Raises:
        ValueError: there are more or fewer excerpts than such records.
    """
    texts = [Text(text) for text in _texts(compared)]
    return Section("Training and test", [*texts, *_most_unlike(compared["most_unlike"], excerpts), *more])


def agreement(out_of_fold: float | None, test: float | None) -> list[Block]:
    """How often two members give the same answer, by part; nothing if neither is known."""
    rows = [["out of fold", out_of_fold], ["test", test]]
    known = [row for row in rows if row[1] is not None]
    caption = (
        "Share of records to which two members give the same answer, as a mean over all pairs. All of a "
        "member's models predict the test records together, so members should agree more often on these. If "
        "they agree less often, they are likely to be wrong more often there."
    )
    return [TableBlock(["predictions", "agreement"], known, caption)] if known else []


def _texts(compared: Mapping[str, Any]) -> list[str]:
    """What the AUC is and means."""
    train, test = (compared["compared"][part] for part in ("train", "test"))
    auc, error = compared["auc"], compared["standard_error"]
    if auc is None:
        return [
            f"There are too few records to tell whether test records look like training records: {train:,} "
            f"training and {test:,} test records."
        ]
    measured = (
        f"A classifier was trained to tell {test:,} test records from {train:,} training records by plain "
        f"features, without labels. On records that it had not seen its AUC is {auc:.3f} ± {error:.3f}: 0.5 "
        "if it cannot tell them apart, 1 if it always can."
    )
    return [measured, _meaning(auc, error)]


def _meaning(auc: float, error: float) -> str:
    if auc > WARNING_ABOVE:
        return (
            "Warning: test records look unlike training records. Out-of-fold scores say little about test "
            "records, and are probably too optimistic. The records below show in what they differ; records "
            "in groups of their own, such as questions on tables that training does not have, are enough."
        )
    if auc - 0.5 > 2 * error:
        return (
            "Test records look somewhat unlike training records: scores on them may differ from those out of "
            "fold by more than the standard error."
        )
    return (
        "No difference was found, so out-of-fold scores should hold for test records, as far as such "
        "features tell."
    )


def _most_unlike(records: Sequence[Mapping[str, Any]], excerpts: Sequence[str | bytes]) -> list[Block]:
    """A table of the records with texts, and the pictures of the others."""
    lines, pictures = [], []
    for record, excerpt in zip(records, excerpts, strict=True):
        id, probability = record["id"], record["probability"]
        if isinstance(excerpt, bytes):
            pictures.append(Picture(excerpt, id, f"probability {probability:.3f}"))
        else:
            lines.append([id, probability, excerpt])
    caption = "Test records least like training records, by the probability of being a test record."
    table: list[Block] = [TableBlock(["id", "probability", "record"], lines, caption)] if lines else []
    shown: list[Block] = [Pictures(pictures, caption)] if pictures else []
    return [*table, *shown]
