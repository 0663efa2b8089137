"""What the estimator reads of a record: its text, in the form in which all are compared.

To fill in: other normalisation. An edit here encodes and trains again, and loads nothing.
"""

import json
import unicodedata

import numpy as np

from tasks.core.jobs import EncodeJob, FoldJob
from tasks.learning.classification import records
from tasks.my_texts.config import Encoding


def encode(job: EncodeJob) -> None:
    """Write `<part>.json`, a list of texts."""
    settings = Encoding.model_validate(job.settings["encoding"])
    texts = [
        normalised(record["text"], lower_case=settings.lower_case)
        for record in records.read(job.dataset, job.part)
    ]
    (job.output / f"{job.part}.json").write_text(json.dumps(texts, ensure_ascii=False), "utf-8")


def read(job: FoldJob, part: str) -> np.ndarray:
    """(n,) array of texts of a part, as `encode` has written it."""
    texts = json.loads((job.inputs["identity"] / f"{part}.json").read_text("utf-8"))
    return np.array(texts, object)


def normalised(text: str, *, lower_case: bool) -> str:
    """The text with compatible characters made equal."""
    plain = unicodedata.normalize("NFKC", text)
    return plain.casefold() if lower_case else plain
