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
    check_names,
)


class Data(RawData):
    """The raw files."""

    root: ContentsPath = "data/my_texts"
    """Folder with `train.csv`, of the columns id, text and label, and `test.csv`, of id and text."""

    def files_of(self, part: str) -> tuple[str, ...]:
        """Names below the root."""
        return (f"{part}.csv",)


class Estimator(Settings):
    """The estimator of scikit-learn (`training.estimator`)."""

    kind: Literal["linear", "bayes"] = "linear"
    """Logistic regression, or naive Bayes."""
    inverse_penalty: float = Field(10.0, gt=0, le=1e6)
    """Of `linear`: the larger, the less weights are kept small."""
    analyzer: Literal["word", "char_wb"] = "word"
    """What n-grams are made of: words, or characters inside words."""
    longest: int = Field(2, ge=1, le=8)
    """Words or characters of the longest n-grams."""
    most_ngrams: int = Field(50_000, ge=1, le=10_000_000)
    """N-grams that are counted, the most frequent ones."""


class Encoding(Settings):
    """What the estimator reads of a record (`encode.encode`)."""

    lower_case: bool = True
    """Whether case is ignored."""


class Recipe(BaseRecipe):
    """What makes one model; each recipe becomes a member of the ensemble."""

    trains_network: ClassVar[bool] = False
    """An estimator is fitted, not a network of Keras."""
    together: ClassVar[bool] = False
    """Whether the models of all folds predict the test records in one step."""
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$"), NotInKey()] = "linear"
    """Name in logs, reports and members."""
    encoding: Encoding = Encoding()
    estimator: Estimator = Estimator()

    def encodings(self) -> dict[str, dict[str, BaseModel]]:
        """The settings that decide each stored view of the records, by the view's name."""
        return {"identity": {"encoding": self.encoding}}

    def for_training(self) -> "Recipe":
        """The recipe without settings that its training does not use."""
        return self.model_copy(update={"seeds": 1, "encoding": Encoding()})

    def for_prediction(self) -> "Recipe":
        """The recipe without settings that only its training uses."""
        return Recipe(name=self.name)


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
