"""Base and shared parts of settings: typed, frozen, and without unknown keys.

Two markers tell the cache how a field enters a step's key (`tasks.core.cache.keys`):
`Contents()` replaces a path by the digest of what lies there, `NotInKey()` leaves the field out.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, SerializeAsAny, model_validator

from tasks.core.masking import masked, secrets_of

MOST_RECIPES = 1000
"""Of one preset."""


class Contents(NamedTuple):
    """The field names a file or folder; its contents decide the result, its place does not."""

    within: str = ""
    """Field with the names of the files and folders in that folder which count; empty: all do."""
    published: bool = False
    """Whether the field may also have the name of published weights, which are downloaded."""


class NotInKey(NamedTuple):
    """The field changes the result of no step: places, worker counts, verbosity, numbers of steps."""


ContentsPath = Annotated[str, Contents()]
PublishedPath = Annotated[str, Contents(published=True)]


class Settings(BaseModel):
    """Base of every settings model. Validators never touch disk or network."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        validate_default=True,
        use_attribute_docstrings=True,
        allow_inf_nan=False,
    )
    computes_with_network: ClassVar[bool] = False
    """Whether steps that these settings decide compute with a network, and so want a graphics card."""


class RawPart(Settings):
    """What decides a part of a dataset: the raw files it is read from, and the settings it is read by."""

    root: Annotated[str, Contents(within="files")]
    files: Annotated[tuple[str, ...], NotInKey()]
    """Names below `root` of the files and folders; those that do not exist count for nothing."""
    options: dict[str, Any]
    """The other settings that decide the part, as JSON."""
    settings: Annotated[SerializeAsAny[Settings], NotInKey()]
    """All settings of the data."""


class RawData(Settings):
    """Base of the settings of a competition's raw files."""

    def files_of(self, part: str) -> tuple[str, ...]:
        """Names below `root` of the files and folders that a part is read from, whether they exist or not."""
        raise NotImplementedError

    def options_of(self, part: str) -> dict[str, Any]:
        """The settings that decide a part, apart from `root`; by default all."""
        return self.model_dump(mode="json", exclude={"root"})

    def of_part(self, part: str) -> RawPart:
        """What decides this part of the dataset."""
        root = self.root  # type: ignore[attr-defined]  # a field of each subclass, with its own description
        return RawPart(root=root, files=self.files_of(part), options=self.options_of(part), settings=self)


class Folds(Settings):
    """How records are divided for cross-validation."""

    count: int = Field(5, ge=2, le=20)
    """Number of folds."""
    seed: int = Field(0, ge=0, lt=2**63)
    """Seed of the assignment of records to folds."""


class BaseRecipe(Settings):
    """What the recipes of all competitions have."""

    trains_network: ClassVar[bool] = True
    """Whether trainings and predictions compute with Keras; where not, it is not imported, and they work on a
    core, not on a graphics card."""

    seeds: Annotated[int, Field(ge=1, le=32), NotInKey()] = 1
    """Trainings of each fold, which differ in their seed alone; their predictions are averaged."""

    def for_second_round(self) -> "BaseRecipe":
        """The recipe by which a second round trains; by default the same."""
        return self


class Stage(Settings):
    """One stretch of training with its own trainable layers, optimizer and schedule."""

    epochs: int = Field(10, ge=1, le=100_000)
    """Passes over the training records."""
    trainable: str = ""
    """First layer that learns (how its name begins; `<layer>/<layer>`: a layer inside another); empty: all
    above the frozen trunk; `head`: no other."""
    optimizer: Literal["sgd", "adam", "adamw", "lamb", "adafactor", "lion", "muon"] = "adamw"
    """Update rule; `muon` orthogonalises matrices and leaves all else, embeddings too, to AdamW."""
    learning_rate: float = Field(1e-3, gt=0, le=10)
    """Peak learning rate."""
    schedule: Literal["constant", "linear", "cosine", "points"] = "cosine"
    """Course of the learning rate after the warm-up; `points`: given by `schedule_points`."""
    schedule_points: tuple[tuple[float, float], ...] = ()
    """(epoch, share of the learning rate), joined by straight lines; constant before and after them."""
    end_factor: float = Field(0.0, ge=0, le=1)
    """Share of the learning rate with which `linear` and `cosine` end."""
    warmup_epochs: float = Field(0.0, ge=0, le=100_000)
    """Epochs in which the learning rate rises linearly from zero."""
    momentum: float = Field(0.9, ge=0, lt=1)
    """Momentum of `sgd`."""
    epsilon: float = Field(1e-7, gt=0, le=1)
    """Added to the denominator of `adam`, `adamw`, `lamb` and `muon`."""
    weight_decay: float = Field(0.0, ge=0, le=1000)
    """Decoupled weight decay of all optimizers but `adam`; biases and normalisation are left out."""
    layer_decay: float = Field(1.0, gt=0, le=1)
    """Factor on the learning rate, and so on weight decay, for each block further from the head."""
    learning_rate_factors: dict[str, Annotated[float, Field(ge=0, le=1000)]] = {}
    """Factors on the learning rate of variables by a part of their path; all that apply multiply."""
    clip_norm: float = Field(0.0, ge=0, le=1e6)
    """Largest norm of all gradients together, longer ones are scaled down to it; 0: no limit."""
    accumulate: int = Field(1, ge=1, le=1024)
    """Batches whose mean gradient makes one update; what is left over when a stage ends is dropped."""
    lookahead_steps: int = Field(0, ge=0, le=1000)
    """Updates after which Lookahead takes the weights back towards where they were; 0: none."""
    lookahead_share: float = Field(0.5, gt=0, le=1)
    """Share of the way that Lookahead keeps."""
    lazy_embeddings: bool = False
    """Leave rows of embeddings, their momenta and their decay alone in updates that do not use them."""
    keep_best: bool = False
    """End with the weights of the epoch that had the best figure on held-out records, of this stage and the
    stages right before it that keep theirs; the out-of-fold score is then slightly optimistic."""
    patience: int = Field(0, ge=0, le=1000)
    """Epochs in a row without a better figure on held-out records after which a stage ends; 0: no limit."""
    ema_corrected: bool = False
    """Correct the bias of the moving average of the weights (`ema`) towards its start, as Adam does, so that
    it holds only weights of this stage; else it starts with the weights after the first update."""
    plain: bool = False
    """Train on lightly augmented records without mixing, as the last stage of a schedule does."""
    keep_optimizer: bool = False
    """Go on with the previous stage's optimizer state instead of a fresh one."""

    @model_validator(mode="after")
    def _points_are_a_schedule(self) -> "Stage":
        epochs = [epoch for epoch, _ in self.schedule_points]
        if bool(epochs) != (self.schedule == "points"):
            raise ValueError("schedule_points: expected with schedule = 'points', and only with it")
        if any(epoch < 0 for epoch in epochs) or any(left >= right for left, right in pairwise(epochs)):
            raise ValueError(f"schedule_points: expected rising epochs from 0 on, received {epochs}")
        if any(not 0 <= share <= 1000 for _, share in self.schedule_points):
            raise ValueError("schedule_points: expected shares of the learning rate from 0 to 1,000")
        if epochs and self.warmup_epochs:
            raise ValueError(
                "warmup_epochs: expected 0 with schedule = 'points', which can contain a warm-up"
            )
        return self

    @model_validator(mode="after")
    def _optimizer_can_do_it(self) -> "Stage":
        if self.lazy_embeddings and self.optimizer in ("lamb", "adafactor"):
            raise ValueError(
                f"lazy_embeddings: {self.optimizer} scales each row by all others; expected another optimizer"
            )
        if self.keep_optimizer and self.optimizer == "adafactor":
            raise ValueError("keep_optimizer: the state of adafactor cannot be handed on")
        return self


class Pseudo(Settings):
    """A second round in which confident test predictions join the training records."""

    share: float = Field(0.0, ge=0, le=1)
    """Share of the test records labelled, the most confident of each class first; 0: no second round."""
    weight: float = Field(0.5, gt=0, le=1)
    """Weight of a pseudo-labelled record in the loss."""


class Blend(Settings):
    """How members become one: greedy selection with replacement (Caruana et al., ICML 2004), or stacking."""

    method: Literal["greedy", "stack"] = "greedy"
    """`greedy` averages scores, with the weights that score best; `stack` fits a logistic model on them."""
    rounds: int = Field(50, ge=1, le=1000)
    """Members added, one at a time, to each bag."""
    bags: int = Field(8, ge=1, le=200)
    """Selections averaged, each over a random half of the members."""
    seed: int = Field(0, ge=0, lt=2**63)
    """Seed of the bags."""
    members: Annotated[tuple[Annotated[str, Field(min_length=1)], ...], NotInKey()] = ()
    """Members in the store that join those of the run, by name or beginning of a digest; their artifacts, not
    their names, are in the keys."""


class Run(Settings):
    """How a run uses the machine; nothing here can change a result."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$"), NotInKey()] = "run"
    """Ends the name of the submission's folder."""
    workers: Annotated[int, Field(ge=1, le=256), NotInKey()] = 8
    """Steps under way at one time; their long parts wait for slots of the machine besides."""
    data_workers: Annotated[int, Field(ge=0, le=64), NotInKey()] = 0
    """Processes that prepare photographs for a graphics card, or threads that prepare other batches; 0: the
    cores of the card's share, or two threads."""
    checkpoint_seconds: Annotated[float, Field(ge=0, le=1e9), NotInKey()] = 30.0
    """Least time between two checkpoints of a training."""
    timeout_seconds: Annotated[float, Field(ge=0, le=1e9), NotInKey()] = 0.0
    """A child process that takes longer is ended; 0: no limit."""
    budget_seconds: Annotated[float, Field(ge=0, le=1e9), NotInKey()] = 0.0
    """Time the whole run may take; recipes that do not fit are left out; 0: no limit."""
    explained: Annotated[int, Field(ge=0, le=50), NotInKey()] = 0
    """Mistakes that the report explains by what the networks looked at, the worst out of fold of the member
    with the largest weight; 0: none."""
    runner: Annotated[Literal["threads", "dask", "ray"], NotInKey()] = "threads"
    """Where child processes work: on this machine, or on the workers of a Dask or Ray cluster."""
    address: Annotated[str, NotInKey()] = ""
    """The cluster, `head:8786` of Dask or `head:6379` of Ray; empty: one on this machine, for this run."""

    @model_validator(mode="after")
    def _an_address_is_a_clusters(self) -> "Run":
        if secrets_of(self.address):  # settings stand in provenances and on Prefect's pages
            raise ValueError(
                f"address: expected one without a password or key, received {masked(self.address)!r}; "
                "Dask and Ray read theirs from their own configuration"
            )
        if self.address and self.runner == "threads":
            raise ValueError(
                "address: expected only with runner = 'dask' or 'ray', "
                f"received {self.address!r} with 'threads'"
            )
        return self


def check_names(names: Sequence[str]) -> None:
    """Raise ValueError if two recipes have the same name."""
    if len(set(names)) < len(names):
        raise ValueError(f"recipes: names must differ, received {names}")
