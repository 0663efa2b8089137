"""How `podium members` writes scores for other programs and reads theirs: a column for each label."""

from tasks.core.dataset import Dataset
from tasks.learning.classification.records import classes
from tasks.learning.ensemble.member_files.class_form import ClassForm


def member_form(dataset: Dataset) -> ClassForm:
    """The form of the scores of these records."""
    return ClassForm(classes(dataset))
