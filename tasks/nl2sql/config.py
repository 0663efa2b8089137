"""Settings of the NL2SQL competition: schema, defaults, bounds."""

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
from tasks.text.config import Encoder, Pretraining, check_stages

RAW_NAMES = {"train": "train", "validation": "val", "test": "test"}
"""The competition's names of the parts."""


class Data(RawData):
    """The competition's own files."""

    root: ContentsPath = "data/nl2sql"
    """Folder with `train/`, `val/` and `test/`, each with `<part>.json`, `<part>.tables.json` and optionally
    `<part>.db`; or with those files themselves."""

    def files_of(self, part: str) -> tuple[str, ...]:
        """The folder of a part, and its files where they lie in the root itself."""
        name = RAW_NAMES[part]
        return (name, f"{name}.json", f"{name}.tables.json", f"{name}.db")


class Augmentation(Settings):
    """Augmented views of the training questions, each made once and stored."""

    views: int = Field(0, ge=0, le=64)
    """Number of views; 0: none."""
    share: float = Field(0.5, ge=0, le=1)
    """Probability that training takes a question from one of the views."""
    values: float = Field(0.5, ge=0, le=1)
    """Probability that a view replaces values by other cells of the same columns."""
    columns: float = Field(0.5, ge=0, le=1)
    """Probability that a view replaces columns by others of the same type, in question and query."""
    refill: float = Field(0.0, ge=0, le=1)
    """Probability that a view transfers the question to another table, with that table's names and cells."""
    invented: float = Field(0.0, ge=0, le=1)
    """Probability that a view has another question in place of this one, invented about the same table: any
    aggregate, operator and connector, in wordings that the labels may lack."""

    def for_views(self) -> "Augmentation":
        """The settings without the number of views and their share, which do not affect a single view."""
        return self.model_copy(update={"views": 0, "share": 0.5})


class Sketch(Settings):
    """The network over a question and the header of its table."""

    shuffle: float = Field(0.5, ge=0, le=1)
    """Probability that training permutes the columns of a question."""
    hidden: float = Field(0.5, ge=0, le=1)
    """Share of the training questions whose names of columns are masked, in half of these cells too, so that
    the network relies on `matches`; 0 in a `plain` stage and without `matches`."""
    matches: bool = True
    """Whether the network gets features of where the question repeats names of columns and cells."""
    attention: bool = True
    """Whether columns attend to the question, and characters to the columns."""
    counts: bool = True
    """Whether the number of conditions is a task of its own (M-SQL)."""
    dropout: float = Field(0.1, ge=0, lt=1)
    """Share of the channels of columns dropped in training."""
    name_dropout: float = Field(0.3, ge=0, lt=1)
    """Share of the channels of encoded names of columns dropped in training."""


class Matcher(Settings):
    """The scorer of question and condition of the two-stage recipe (Beader, TableQA 2019)."""

    negatives: int = Field(10, ge=1, le=100)
    """Wrong conditions for each right one, drawn anew in each epoch."""
    accept: float = Field(0.5, gt=0, lt=1)
    """Least score of an accepted condition."""
    agreement: float = Field(0.5, ge=0, le=1)
    """Power of the first stage's odds that a column has a condition, by which the matcher's odds are
    multiplied. 1: both stages know different things; 0: the first says nothing that the matcher does not
    know. Both read the same question, and what they share would else count twice."""
    candidates: int = Field(200, ge=10, le=5000)
    """Most candidate conditions of a question; those most similar to the question are kept."""
    share_candidates: bool = False
    """Whether conditions found for other questions of the same part about the same table are candidates too,
    test questions included, which is transductive."""


class Baseline(Settings):
    """The network and the decoder of the published baseline (Su, TableQA 2019)."""

    match_width: int = Field(256, ge=8, le=4096)
    """Channels in which characters are compared with headers."""
    decoder: Literal["runs", "search"] = "runs"
    """`runs`: by the published rules, runs of characters with one tag are values; `search`: as other
    methods, weighing likely spans, cells and how probable a query is as a whole."""


class Training(Settings):
    """How a model is trained."""

    stages: tuple[Stage, ...] = Field((Stage(),), min_length=1)
    """Stages in their order, on the same model."""
    batch_questions: int = Field(32, ge=1, le=4096)
    """Questions a step; a batch has questions of similar length with tables of similar width."""
    fit_memory: bool = False
    """Compute batches that do not fit into memory in parts (halves, quarters …). The mean gradient of the
    parts makes one update, so that the size of a batch keeps its meaning."""
    ema: float = Field(0.0, ge=0, lt=1)
    """Momentum of the exponential moving average of the weights; 0: none."""
    weights: dict[str, Annotated[float, Field(ge=0, le=1000)]] = {}
    """Loss weights by the names of the network's outputs; 1 by default."""


class Decoding(Settings):
    """From a network's probabilities to queries."""

    beam: int = Field(8, ge=1, le=100)
    """Most queries of a question, each with its probability."""
    cells: bool = True
    """Whether the value of `==` that is no cell of the column is replaced by the most similar cell."""
    normalise: bool = True
    """Whether numerals, units, years and dates of the question are converted to the form of the table."""
    execution: bool = True
    """Whether queries that fail are dropped, and those without a result get a lower probability."""


class Recipe(BaseRecipe):
    """All settings of one model."""

    together: ClassVar[bool] = True
    """Whether the folds' models predict validation and test questions in one step, by their mean outputs."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$"), NotInKey()] = "sketch"
    """Name in logs and reports, and of the member."""
    method: Literal["sketch", "two-stage", "baseline"] = "sketch"
    """`sketch`: one network tags the values in the question and matches them with columns; `two-stage`:
    candidate conditions are built from cells and numbers, and scored with the question; `baseline`: question
    and headers are one sequence, of whose tokens all parts of the query are read (of `sketch` it uses
    `shuffle` alone, and `encoder.longest` is the length of the whole sequence)."""
    encoder: Encoder = Encoder(longest=128)
    pretraining: Pretraining = Pretraining()
    sketch: Sketch = Sketch()
    matcher: Matcher = Matcher()
    baseline: Baseline = Baseline()
    augmentation: Augmentation = Augmentation()
    training: Training = Training()
    decoding: Decoding = Decoding()

    @model_validator(mode="after")
    def _fits_together(self) -> "Recipe":
        if self.encoder.reads_words:
            raise ValueError("encoder.dgcnn.words: expected false: questions and headers are not segmented")
        check_stages(self.pretraining, self.training.stages)
        return self

    def encodings(self) -> dict[str, dict[str, BaseModel]]:
        """No view of the questions is encoded ahead: models read them as they are."""
        return {}

    def for_training(self) -> "Recipe":
        """The recipe without settings of prediction alone, so that changing them repeats no training."""
        matcher = self.matcher.model_copy(update={"accept": 0.5, "agreement": 0.5})
        baseline = self.baseline.model_copy(update={"decoder": "runs"})
        unused = {"decoding": Decoding(), "pretraining": Pretraining(), "matcher": matcher}
        unused |= {"baseline": baseline}
        return self.model_copy(update={"seeds": 1, **unused})

    def for_prediction(self) -> "Recipe":
        """The recipe without settings of training alone."""
        unused = {"augmentation": Augmentation(), "training": Training(), "pretraining": Pretraining()}
        sketch = self.sketch.model_copy(update={"dropout": 0.1, "name_dropout": 0.3})
        return self.model_copy(update={"seeds": 1, "sketch": sketch, **unused})


class Answers(Settings):
    """How scored queries become answers."""

    vote: Literal["query", "parts", "chosen"] = "chosen"
    """Members vote on whole queries, or on selection and conditions apart; `chosen`: whichever scores better
    out of fold."""
    mode: Literal["official", "strict"] = "strict"
    """The scorer by which members and the ensemble are chosen; the report shows both."""


class Config(Settings):
    """All settings of a run of the NL2SQL competition."""

    data: Data = Data()
    folds: Folds = Folds()
    seed: int = Field(0, ge=0, lt=2**63)
    """Seed from which every step derives its own."""
    recipes: tuple[Recipe, ...] = Field((Recipe(),), min_length=1, max_length=MOST_RECIPES)
    """Each becomes one member of the ensemble."""
    blend: Blend = Blend()
    answers: Answers = Answers()
    run: Run = Run()

    @model_validator(mode="after")
    def _fits_together(self) -> "Config":
        check_names([recipe.name for recipe in self.recipes])
        return self
