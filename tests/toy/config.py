"""Settings of the toy."""

from typing import Annotated

from pydantic import Field

from tasks.core.config import Blend, ContentsPath, Folds, NotInKey, Run, Settings


class Data(Settings):
    """Where the points lie."""

    root: ContentsPath = "data/toy"


class Recipe(Settings):
    """What makes one model."""

    name: Annotated[str, NotInKey()] = "layer"
    learning_rate: float = Field(0.1, gt=0, le=10)
    epochs: int = Field(30, ge=1)

    def for_training(self) -> "Recipe":
        return self

    def for_prediction(self) -> "Recipe":
        return Recipe(name=self.name)


class Config(Settings):
    """Everything that decides a run."""

    data: Data = Data()
    folds: Folds = Folds(count=2)
    seed: int = 0
    recipes: tuple[Recipe, ...] = (Recipe(),)
    blend: Blend = Blend(rounds=2, bags=1)
    run: Run = Run()
