"""Settings: schema, defaults, bounds. `--set` and presets change them; here is what they mean.

To fill in: settings of your own. Give each a bound and a description; what a training does not use is left
out in `Recipe.for_training`, so that changing it trains nothing.
"""

from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, Field, model_validator

from tasks.core.config import (
    MOST_RECIPES,
    BaseRecipe,
    Blend,
    ContentsPath,
    Folds,
    NotInKey,
    RawData,
    Run,
    Settings,
    Stage,
    check_names,
)


class Data(RawData):
    """The raw files, and how images are read."""

    root: ContentsPath = "data/my_images"
    """Folder with `train/` and `test/`, and `train.csv` where `train/` has no folder for each label."""
    size_pixels: int = Field(32, ge=8, le=512)
    """Side of the square that every image becomes."""

    def files_of(self, part: str) -> tuple[str, ...]:
        """Names below the root."""
        return {"train": ("train", "train.csv"), "test": ("test", "test.csv")}.get(part, ())


class Augmentation(Settings):
    """Random changes of a training image, in each epoch others."""

    shift: float = Field(0.1, ge=0, le=0.5)
    """Largest shift, as a share of the side."""
    flip: bool = False
    """Mirror half of the images; not for digits or letters."""


class Network(Settings):
    """A convolutional network."""

    widths: tuple[Annotated[int, Field(ge=1, le=4096)], ...] = (16, 32, 64)
    """Channels of each block; a block halves the side of the image."""
    dropout: float = Field(0.2, ge=0, lt=1)
    """Share of the pooled features dropped in training."""


class Training(Settings):
    """How a network is fitted."""

    stages: tuple[Stage, ...] = (Stage(epochs=20, learning_rate=3e-3),)
    """Run one after another on the same network."""
    batch_size: int = Field(64, ge=1, le=65536)
    """Images a step."""


class TestTime(Settings):
    """Views averaged when predicting."""

    views: tuple[Literal["identity", "flip"], ...] = ("identity",)


class Recipe(BaseRecipe):
    """What makes one model; each recipe becomes a member of the ensemble."""

    together: ClassVar[bool] = False
    """Whether the models of all folds predict the test records in one step."""
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$"), NotInKey()] = "convolutions"
    """Name in logs, reports and members."""
    network: Network = Network()
    augmentation: Augmentation = Augmentation()
    training: Training = Training()
    test_time: TestTime = TestTime()

    def encodings(self) -> dict[str, dict[str, BaseModel]]:
        """The settings that decide each stored view of the records, which `encode.encode` writes; none here,
        networks read the images.
        """
        return {}

    def for_training(self) -> "Recipe":
        """The recipe without settings that its training does not use."""
        return self.model_copy(update={"seeds": 1, "test_time": TestTime()})

    def for_prediction(self) -> "Recipe":
        """The recipe without settings that only its training uses."""
        return self.model_copy(update={"seeds": 1, "augmentation": Augmentation(), "training": Training()})


class Config(Settings):
    """Everything that decides a run."""

    data: Data = Data()
    folds: Folds = Folds()
    seed: int = Field(0, ge=0, lt=2**63)
    """Seed from which every step derives its own."""
    recipes: tuple[Recipe, ...] = Field((Recipe(),), min_length=1, max_length=MOST_RECIPES)
    blend: Blend = Blend()
    run: Run = Run()

    @model_validator(mode="after")
    def _names_differ(self) -> "Config":
        check_names([recipe.name for recipe in self.recipes])
        return self
