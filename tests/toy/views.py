"""Points to train on: a little beside the true ones."""

import numpy as np

from tasks.core.jobs import AugmentJob
from tasks.toy.encode import places


def augment(job: AugmentJob) -> None:
    noise = np.random.default_rng([job.seed, int(job.view)])
    true = places(job, "train")
    np.save(job.output / "features.npy", true + noise.normal(0, 0.01, true.shape))
