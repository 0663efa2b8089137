"""The masked language model over the competition's questions and headers, to start encoders from."""

from collections.abc import Iterator
from functools import partial

from tasks.core.competition import Part
from tasks.core.dataset import Dataset
from tasks.core.jobs import PretrainJob
from tasks.learning.training.loop import Training
from tasks.nl2sql import dataset


def pretrain(job: PretrainJob) -> Training:
    """The training of a language model; the job's settings are `encoder` and `pretraining`."""
    from tasks.text.language_model import pretraining

    return pretraining(job, partial(_texts, job.dataset))


def _texts(folder: Dataset, part: Part) -> Iterator[str]:
    """Questions, and the names of the columns of each table: once for all tables that share them."""
    yield from (question.text for question in dataset.stream(folder, part))
    headers = dict.fromkeys(table.header for table in dataset.stream_tables(folder, part))
    yield from ("，".join(header) for header in headers)
