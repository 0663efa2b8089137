"""Members' scores in files: the columns `left` and `right`."""

from tasks.core.dataset import Dataset
from tasks.learning.ensemble.member_files.class_form import ClassForm
from tasks.toy.submission import SIDES


def member_form(dataset: Dataset) -> ClassForm:
    return ClassForm(SIDES)
