"""The masked language model over the competition's sentences, to start encoders from."""

from functools import partial

from tasks.core.jobs import PretrainJob
from tasks.extraction import dataset
from tasks.learning.training.loop import Training
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
    texts = (record.text for part in parts for record in dataset.stream(job.dataset, part))
    return training(texts, reader, settings, seed=job.seed)
