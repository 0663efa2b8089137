"""Settings of the NL2SQL competition: schema, defaults, bounds."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from tasks.core.config import Blend, ContentsPath, Folds, NotInKey, Run, Settings, Stage, check_names
from tasks.text.config import Encoder, Pretraining, check_stages


class Data(Settings):
    """Where the competition's own files lie."""

    root: ContentsPath = "data/nl2sql"
    """Folder with `train/`, `val/` and `test/`, each with `<part>.json` and `<part>.tables.json`, and
    perhaps `<part>.db`; or with those files themselves."""


class Augmentation(Settings):
    """Views of a training question, each drawn once and stored."""

    views: int = Field(0, ge=0, le=64)
    """Augmented views of the training questions; 0: none."""
    share: float = Field(0.5, ge=0, le=1)
    """Probability that a training takes a question from one of its views."""
    values: float = Field(0.5, ge=0, le=1)
    """Probability that a view takes another cell of the same column for a value."""
    columns: float = Field(0.5, ge=0, le=1)
    """Probability that a view names another column of the same type, in the question and in the query."""
    refill: float = Field(0.0, ge=0, le=1)
    """Probability that a view asks the question of another table, with that table's names and cells."""

    def for_views(self) -> "Augmentation":
        """What decides a view: how many there are and how often they are learned does not."""
        return self.model_copy(update={"views": 0, "share": 0.5})


class Sketch(Settings):
    """The network that reads a question with the header of its table."""

    shuffle: float = Field(0.5, ge=0, le=1)
    """Probability that a training shows the columns in another order."""
    hidden: float = Field(0.5, ge=0, le=1)
    """Share of the questions that a training shows without names of columns, half of these without cells too,
    so that a network goes by what they match; for a `plain` stage and without `matches` none."""
    matches: bool = True
    """Show the network where the question repeats names of columns and cells of the table."""
    attention: bool = True
    """Let each column read the question by attention, and each character the columns."""
    counts: bool = True
    """Learn the number of conditions as a task of its own (M-SQL)."""


class Matcher(Settings):
    """The scorer of question and condition of the two-stage recipe (Beader, TableQA 2019)."""

    negatives: int = Field(10, ge=1, le=100)
    """Wrong conditions drawn for each right one, anew in each epoch."""
    accept: float = Field(0.5, gt=0, lt=1)
    """Least score of a condition that is taken."""
    candidates: int = Field(200, ge=10, le=5000)
    """Most conditions considered for a question; those like the question come first."""
    share_candidates: bool = False
    """Consider conditions found for other questions of the same table too, test questions among them,
    which is transductive."""


class Training(Settings):
    """How a model is fitted."""

    stages: tuple[Stage, ...] = Field((Stage(),), min_length=1)
    """Run one after another on the same model."""
    batch_questions: int = Field(32, ge=1, le=4096)
    """Questions a step; questions of like length and tables of like width make a batch."""
    ema: float = Field(0.0, ge=0, lt=1)
    """Momentum of the exponential moving average of the weights; 0 switches it off."""
    weights: dict[str, Annotated[float, Field(ge=0, le=1000)]] = {}
    """Factors of the losses of single tasks, by the names of the network's outputs; else 1."""


class Decoding(Settings):
    """From a network's probabilities to queries."""

    beam: int = Field(8, ge=1, le=100)
    """Queries kept of a question, each with its probability."""
    cells: bool = True
    """Where `==` compares with what no cell of the column holds, take the cell that was meant."""
    normalise: bool = True
    """Read numerals, units, years and dates of the question in the form that the table has."""
    execution: bool = True
    """Drop queries that fail, and make those that find nothing less probable."""


class Recipe(Settings):
    """What makes one model."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$"), NotInKey()] = "sketch"
    """Name in logs, reports and members."""
    method: Literal["sketch", "two-stage"] = "sketch"
    """`sketch`: one network tags the values in the question and matches them with columns; `two-stage`:
    conditions are made of cells and numbers, and scored with the question."""
    encoder: Encoder = Encoder(longest=128)
    pretraining: Pretraining = Pretraining()
    sketch: Sketch = Sketch()
    matcher: Matcher = Matcher()
    augmentation: Augmentation = Augmentation()
    training: Training = Training()
    decoding: Decoding = Decoding()

    @model_validator(mode="after")
    def _fits_together(self) -> "Recipe":
        if self.encoder.reads_words:
            raise ValueError(
                "encoder.dgcnn.words: expected false, for questions and headers are not segmented"
            )
        return self

    @model_validator(mode="after")
    def _stages_can_be_run(self) -> "Recipe":
        check_stages(self.pretraining, self.training.stages)
        return self

    def for_training(self) -> "Recipe":
        """The recipe without what only predictions use, so that changing that trains nothing anew."""
        matcher = self.matcher.model_copy(update={"accept": 0.5})
        unused = {"decoding": Decoding(), "pretraining": Pretraining(), "matcher": matcher}
        return self.model_copy(update=unused)

    def for_prediction(self) -> "Recipe":
        """The recipe without what only training uses."""
        unused = {"augmentation": Augmentation(), "training": Training(), "pretraining": Pretraining()}
        return self.model_copy(update=unused)


class Answers(Settings):
    """From scored queries to those of a submission."""

    vote: Literal["query", "parts", "chosen"] = "chosen"
    """Members vote on whole queries, or on what is selected and on the conditions apart; `chosen`: by what
    scores better out of fold."""
    mode: Literal["official", "strict"] = "strict"
    """By which scorer members and the ensemble are chosen; the report shows both."""


class Config(Settings):
    """Everything that decides a run of the NL2SQL competition."""

    data: Data = Data()
    folds: Folds = Folds()
    seed: int = Field(0, ge=0)
    """Seed from which every step derives its own."""
    recipes: tuple[Recipe, ...] = Field((Recipe(),), min_length=1)
    """Each becomes one member of the ensemble."""
    blend: Blend = Blend()
    answers: Answers = Answers()
    run: Run = Run()

    @model_validator(mode="after")
    def _fits_together(self) -> "Config":
        check_names([recipe.name for recipe in self.recipes])
        return self
