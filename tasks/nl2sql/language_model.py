"""The masked language model over the competition's questions and names, to start encoders from."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from tasks.core.jobs import PretrainJob
from tasks.learning.training.loop import Training
from tasks.nl2sql import dataset
from tasks.text import dataset_files
from tasks.text.config import Encoder, Pretraining
from tasks.text.tokenization import Reader


def pretrain(job: PretrainJob) -> Training:
    """The training of a language model; the job's settings are `encoder` and `pretraining`."""
    from tasks.text.language_model import training

    settings = Pretraining.model_validate(job.settings["pretraining"])
    encoder = Encoder.model_validate(job.settings["encoder"])
    reader = Reader(encoder, partial(dataset_files.characters, job.dataset))
    parts = dataset_files.PARTS if settings.texts == "all" else dataset_files.PARTS[:1]
    texts = (text for part in parts for text in _texts(job.dataset, part))
    return training(texts, reader, settings, seed=job.seed)


def _texts(folder: Path, part: dataset.Part) -> Iterator[str]:
    """Questions, and the names of the columns of each table: once for all tables that share them."""
    yield from (question.text for question in dataset.stream(folder, part))
    headers = dict.fromkeys(table.header for table in dataset.stream_tables(folder, part))
    yield from ("，".join(header) for header in headers)
