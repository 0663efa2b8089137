"""What all settings share: inert, typed, frozen, and closed to unknown keys.

Two markers tell the cache how a field enters a step's key (`tasks.core.keys`):
`Contents()` replaces a path by the digest of what lies there, `NotInKey()` leaves the field out.
"""

from typing import Annotated, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field


class Contents(NamedTuple):
    """The field names a file or folder; its contents decide the result, its place does not."""


class NotInKey(NamedTuple):
    """The field cannot change a result: places, worker counts, verbosity."""


ContentsPath = Annotated[str, Contents()]


class Settings(BaseModel):
    """Base of every settings model. Validators never touch disk or network."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, validate_default=True, use_attribute_docstrings=True
    )


class Folds(Settings):
    """How records are divided for cross-validation."""

    count: int = Field(5, ge=2, le=20)
    """Number of folds."""
    seed: int = Field(0, ge=0)
    """Seed of the assignment of records to folds."""


class Stage(Settings):
    """One stretch of training with its own trainable layers, optimizer and schedule."""

    epochs: int = Field(10, ge=1)
    """Passes over the training records."""
    trainable: str = ""
    """First layer that learns (how its name begins); empty: all above the frozen trunk; `head`: no other."""
    optimizer: Literal["sgd", "adam", "adamw", "lion"] = "adamw"
    """Update rule."""
    learning_rate: float = Field(1e-3, gt=0, le=10)
    """Peak learning rate."""
    schedule: Literal["constant", "cosine"] = "cosine"
    """Course of the learning rate after the warm-up."""
    warmup_epochs: float = Field(0.0, ge=0)
    """Epochs in which the learning rate rises linearly from zero."""
    momentum: float = Field(0.9, ge=0, lt=1)
    """Momentum of `sgd`."""
    weight_decay: float = Field(0.0, ge=0)
    """Decoupled weight decay of `adamw`, `lion` and `sgd`; biases and normalisation are left out."""
    layer_decay: float = Field(1.0, gt=0, le=1)
    """Factor on the learning rate for each block further from the head."""
    plain: bool = False
    """Train on lightly augmented records without mixing, as the last stage of a schedule does."""
    keep_optimizer: bool = False
    """Go on with the previous stage's optimizer state instead of a fresh one."""


class Pseudo(Settings):
    """A second round in which confident test predictions join the training records."""

    share: float = Field(0.0, ge=0, le=1)
    """Share of the test records labelled, the most confident of each class first; 0: no second round."""
    weight: float = Field(0.5, gt=0, le=1)
    """Weight of a pseudo-labelled record in the loss."""


class Blend(Settings):
    """Greedy ensemble selection with replacement (Caruana et al., ICML 2004)."""

    rounds: int = Field(50, ge=1, le=1000)
    """Members added, one at a time, to each bag."""
    bags: int = Field(8, ge=1, le=200)
    """Selections averaged, each over a random half of the members."""
    seed: int = Field(0, ge=0)
    """Seed of the bags."""


class Run(Settings):
    """How a run uses the machine; nothing here can change a result."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$"), NotInKey()] = "run"
    """Ends the name of the submission's folder."""
    workers: Annotated[int, Field(ge=1, le=256), NotInKey()] = 8
    """Steps under way at one time; their long parts wait for slots of the machine besides."""
    data_workers: Annotated[int, Field(ge=0, le=64), NotInKey()] = 0
    """Threads that prepare batches for one training; 0: one a core."""
    checkpoint_seconds: Annotated[float, Field(ge=0), NotInKey()] = 30.0
    """Least time between two checkpoints of a training."""
    timeout_seconds: Annotated[float, Field(ge=0), NotInKey()] = 0.0
    """A child process that takes longer is ended; 0: no limit."""
