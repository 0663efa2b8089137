"""Settings of the toy."""

from typing import Annotated, ClassVar

from pydantic import BaseModel, Field

from tasks.core.config import BaseRecipe, Blend, ContentsPath, Folds, NotInKey, RawData, Run, Settings


class Data(RawData):
    """Where the points lie."""

    root: ContentsPath = "data/toy"

    def files_of(self, part: str) -> tuple[str, ...]:
        return (f"{part}.json",)


class Recipe(BaseRecipe):
    """What makes one model."""

    together: ClassVar[bool] = False

    name: Annotated[str, NotInKey()] = "layer"
    learning_rate: float = Field(0.1, gt=0, le=10)
    epochs: int = Field(30, ge=1)

    def encodings(self) -> dict[str, dict[str, BaseModel]]:
        return {"identity": {}}

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
