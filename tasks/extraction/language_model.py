"""The masked language model over the competition's sentences, to start encoders from."""

from tasks.core.jobs import PretrainJob
from tasks.extraction import dataset
from tasks.learning.training.loop import Training


def pretrain(job: PretrainJob) -> Training:
    """The training of a language model; the job's settings are `encoder` and `pretraining`."""
    from tasks.text.language_model import pretraining

    return pretraining(job, lambda part: (record.text for record in dataset.stream(job.dataset, part)))
