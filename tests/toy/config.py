"""Settings of the toy."""

from tasks.core.config import ContentsPath, Folds, Settings


class Data(Settings):
    """Where the points lie."""

    root: ContentsPath = "data/toy"


class Config(Settings):
    """Everything that decides a run."""

    data: Data = Data()
    folds: Folds = Folds(count=2)
