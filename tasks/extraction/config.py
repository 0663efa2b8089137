"""Settings of the extraction competition: schema, defaults, bounds."""

from typing import Annotated, Any, ClassVar, Literal

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

SCHEMA, TRAIN = "all_50_schemas", "train_data.json"
VALIDATION, TEST = "dev_data.json", "test1_data_postag.json"
"""Names of the competition's raw files."""


class Data(RawData):
    """The competition's raw files."""

    root: ContentsPath = "data/extraction"
    """Folder with `all_50_schemas`, `train_data.json`, `dev_data.json` and `test1_data_postag.json`."""
    extra: tuple[str, ...] = ()
    """Names of further training files in that folder, in the format of `train_data.json`; postag optional."""
    alias: str = ""
    """Name of the scorer's alias dictionary in that folder: tab separated, key first; empty: none."""
    location: str = ""
    """Name of the scorer's location dictionary in that folder; empty: none."""
    unlabelled: Literal["unknown", "absent"] = "unknown"
    """What a predicate is in the sentences of a training file that never labels it, though the others do:
    unknown, since they may state it, or absent."""
    longest: int = Field(512, ge=16, le=4096)
    """Sentences of more characters are counted when the data is checked."""

    def files_of(self, part: str) -> tuple[str, ...]:
        """The sentences of a part; of labelled parts the schemas too, of training the dictionaries."""
        if part == "test":
            return (TEST,)
        if part == "validation":
            return (SCHEMA, VALIDATION)
        return (SCHEMA, TRAIN, *self.extra, *filter(None, (self.alias, self.location)))

    def options_of(self, part: str) -> dict[str, Any]:
        """Names of files decide the training part alone; the longest length decides notes of every part."""
        exclude = {"root"} if part == "train" else {"root", "extra", "alias", "location", "unlabelled"}
        return self.model_dump(mode="json", exclude=exclude)


RuleName = Literal[
    "taxonomy",
    "nationality",
    "author_institution",
    "self_relatives",
    "climate",
    "ancestral_home",
    "publisher",
    "company_suffix",
    "enumeration",
    "latin_names",
    "nested_names",
    "spouses",
    "family",
    "album",
]
RepairName = Literal["spaces", "brackets", "titles", "albums"]


class Augmentation(Settings):
    """Augmented views of training sentences, each made once and stored."""

    views: int = Field(0, ge=0, le=64)
    """Views of each training sentence; 0: none."""
    share: float = Field(0.5, ge=0, le=1)
    """Probability that a training takes a sentence from one of its views."""
    swap: Literal["none", "both", "subject", "object"] = "both"
    """Names of a triple that are replaced by those of another triple with the same predicate."""
    crop: float = Field(0.0, ge=0, le=1)
    """Probability that a view keeps only the clauses of one random triple."""

    def for_views(self) -> "Augmentation":
        """The settings that decide a single view, without the number of views and their share."""
        return self.model_copy(update={"views": 0, "share": 0.5})


class Labelling(Settings):
    """Changes of labels before a model is fitted on them."""

    repairs: tuple[RepairName, ...] = ()
    """Repairs of labels (`tasks.extraction.labelling.cleaning`)."""
    add_above: float = Field(0.9, ge=0, le=1)
    """Second round: triples with at least this score of the first round are added."""
    drop_below: float = Field(0.05, ge=0, le=1)
    """Second round: labels with a lower score of the first round are dropped."""
    most_dropped: float = Field(0.3, ge=0, le=1)
    """Second round: a larger share of dropped labels, as by weak models, ends the training; 1: none does."""


class Training(Settings):
    """How a model is fitted."""

    stages: tuple[Stage, ...] = Field((Stage(),), min_length=1)
    """Run one after another on the same model."""
    batch_characters: int = Field(2048, ge=64, le=10_000_000)
    """Characters of a batch, padding included; its sentences have similar lengths."""
    fit_memory: bool = False
    """Compute batches that do not fit into memory in parts (halves, quarters …). The mean gradient of the
    parts makes one update, so that the size of a batch keeps its meaning."""
    batch_sentences: int = Field(0, ge=0, le=4096)
    """Sentences of a batch, however long they are; 0: as many as `batch_characters` are."""
    subjects: int = Field(1, ge=1, le=16)
    """Subjects of each sentence in a batch whose objects are targets (`pointer`, `casrel`)."""
    ema: float = Field(0.0, ge=0, lt=1)
    """Momentum of the exponential moving average of the weights; 0 switches it off."""
    labelling: Labelling = Labelling()


class Recipe(BaseRecipe):
    """What makes one model."""

    together: ClassVar[bool] = True
    """Whether the folds' models predict validation and test sentences in one step, by their mean scores."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$"), NotInKey()] = "dgcnn"
    """Name in logs, reports and members."""
    method: Literal["pointer", "casrel", "gplinker"] = "pointer"
    """`pointer`: the probability graph of the DGCNN; `casrel`: objects by conditional layer
    normalisation; `gplinker`: pairs of characters by efficient global pointers."""
    encoder: Encoder = Encoder()
    pretraining: Pretraining = Pretraining()
    distant: bool = False
    """Add inputs that mark pairs of names which are triples in other training sentences (`pointer`)."""
    augmentation: Augmentation = Augmentation()
    training: Training = Training()
    floor: float = Field(0.1, gt=0, lt=1)
    """Least probability of each part of a candidate; the threshold of answers is no less."""
    head_dropout: float = Field(0.1, ge=0, lt=1)
    """Share of the encoder's channels dropped in training before pointers read them (`gplinker`)."""

    @model_validator(mode="after")
    def _fits_together(self) -> "Recipe":
        if self.distant and self.method != "pointer":
            raise ValueError(f"distant: expected method 'pointer', received {self.method!r}")
        if self.training.subjects > 1 and self.method == "gplinker":
            raise ValueError("training.subjects: expected 1 with 'gplinker', which takes all at once")
        if self.distant and self.augmentation.views and self.augmentation.swap == "both":
            raise ValueError("augmentation.swap: expected one name with 'distant', since pairs reveal labels")
        if self.pretraining.stages and self.encoder.reads_words:
            raise ValueError("encoder.dgcnn.words: expected false with pretraining, since words reveal masks")
        return self

    @model_validator(mode="after")
    def _stages_can_be_run(self) -> "Recipe":
        check_stages(self.pretraining, self.training.stages)
        return self

    def encodings(self) -> dict[str, dict[str, BaseModel]]:
        """The views of sentences that models read, with the settings that decide each."""
        return {"words": {}} if self.encoder.reads_words else {}

    def for_training(self) -> "Recipe":
        """The recipe without the settings that no training reads, which then are in no training's key."""
        return self.model_copy(update={"seeds": 1, "floor": 0.1, "pretraining": Pretraining()})

    def for_prediction(self) -> "Recipe":
        """The recipe without the settings that no prediction reads, which then are in no prediction's key."""
        unused = {"augmentation": Augmentation(), "training": Training(), "pretraining": Pretraining()}
        return self.model_copy(update={"seeds": 1, "head_dropout": 0.1, **unused})


class SecondRound(Settings):
    """A second training on labels that were cleaned by out-of-fold predictions."""

    run: bool = False
    """Train again; labels of a fold's training sentences are cleaned by models that saw neither them nor the
    held-out sentences."""


class Answers(Settings):
    """The choice of a submission's triples among scored candidates."""

    rules: tuple[RuleName, ...] = ()
    """Post-repair rules, applied in the order of `tasks.extraction.rules.rule_table`."""
    threshold: float = Field(0.0, ge=0, lt=1)
    """Least score of an answer; 0: that with the best F1 out of fold."""
    by_predicate: bool = False
    """Choose a threshold, out of fold, for each predicate with enough labels."""
    mode: Literal["official", "strict"] = "official"
    """How the scorer counts repeated texts and aliases."""

    @model_validator(mode="after")
    def _thresholds_are_fixed_or_chosen(self) -> "Answers":
        if self.threshold and self.by_predicate:
            raise ValueError("threshold: expected 0 with by_predicate, which chooses thresholds")
        return self


class Config(Settings):
    """All settings of a run of the extraction competition."""

    data: Data = Data()
    folds: Folds = Folds()
    seed: int = Field(0, ge=0, lt=2**63)
    """Seed from which every step derives its own."""
    recipes: tuple[Recipe, ...] = Field((Recipe(),), min_length=1, max_length=MOST_RECIPES)
    """Each becomes one member of the ensemble."""
    second_round: SecondRound = SecondRound()
    blend: Blend = Blend()
    answers: Answers = Answers()
    run: Run = Run()

    @model_validator(mode="after")
    def _fits_together(self) -> "Config":
        names = [recipe.name for recipe in self.recipes]
        check_names(names)
        if self.second_round.run and (taken := {f"{name}-again" for name in names} & set(names)):
            raise ValueError(f"recipes: the second round uses the names {sorted(taken)}")
        if self.second_round.run and self.folds.count < 3:
            raise ValueError("second_round.run: expected at least 3 folds, for two of them are left out")
        return self
