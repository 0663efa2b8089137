"""Settings of a hyperparameter search."""

from typing import Annotated, Literal

from pydantic import Field, SecretStr

from tasks.core.config import Settings


class Search(Settings):
    """Trials of cross-validation; no setting here changes the result of a single trial."""

    trials: int = Field(0, ge=0, le=10_000)
    """Number of finished trials of the study, those of earlier runs included; 0: no search."""
    study: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")] = "search"
    """Name of the study, and of the preset that its best trial becomes."""
    preset: str = ""
    """The preset that the search starts from, for the new one's header; empty: the defaults."""
    recipe: str = ""
    """Name of the recipe that is searched; empty: the only one."""
    only: tuple[str, ...] = ()
    """Keys under which parameters are searched; all others stay as they are. Empty: all are searched."""
    workers: int = Field(0, ge=0, le=256)
    """Trials that run at the same time; 0: one for each slot of the machine."""
    timeout_seconds: float = Field(0.0, ge=0)
    """Seconds after which running trials are requeued and the search ends; 0: no limit."""
    seed: int = Field(0, ge=0)
    """Seed of the suggestions; with one worker they are the same however often the search was killed."""
    pruner: Literal["median", "hyperband", "none"] = "median"
    """Which trials are pruned: those below the median of others at the same point, or by Hyperband."""
    storage: SecretStr = SecretStr("")
    """URL of a database that Optuna supports, for several machines; empty: a journal file in the store. No
    record of the search shows it, as it may hold a password."""
