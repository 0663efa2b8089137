"""What the contract suite needs of dogs: raw files, and scores that are right or drawn."""

import numpy as np

from tasks.core.competition import Part
from tasks.core.dataset import Dataset
from tasks.dogs import dataset as files
from tests.dogs.raw_files import write as write  # four photographs of two breeds, and two to name


def perfect(dataset: Dataset, part: Part = "train") -> np.ndarray:
    """(n, k) scores that put all on the truth."""
    return np.eye(len(files.classes(dataset)))[files.targets(dataset)]


def wrong(dataset: Dataset, part: Part = "train") -> np.ndarray:
    """(n, k) scores that put nothing on the truth."""
    return 1 - perfect(dataset, part)


def random_values(dataset: Dataset, part: Part, random: np.random.Generator) -> np.ndarray:
    """(n, k) scores of a part, drawn."""
    return random.random((len(files.ids(dataset, part)), len(files.classes(dataset))))
