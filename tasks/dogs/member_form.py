"""Members' scores in files for other programs: a column for each breed, by its label."""

from tasks.core.dataset import Dataset
from tasks.dogs.dataset import classes
from tasks.learning.ensemble.member_files.class_form import ClassForm


def member_form(dataset: Dataset) -> ClassForm:
    """Tables of probabilities; a column's name is the competition's label."""
    return ClassForm([str(label) for label in classes(dataset)])
