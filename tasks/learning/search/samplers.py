"""Sampler and pruners of a study.

Suggestions are a function of the seed, the trial's number, the parameter, and the trials finished before: a
search that was killed and started again gets the suggestions that it would have got without the kill.
"""

from typing import TYPE_CHECKING, Any

from tasks.learning.seeds import derive

if TYPE_CHECKING:
    from optuna.pruners import BasePruner
    from optuna.samplers import BaseSampler

STARTUP_TRIALS = 5
"""Trials before the median pruner may prune one."""


def sampler(seed: int) -> "BaseSampler":
    """Return a sampler by tree-structured Parzen estimators (Bergstra et al., NeurIPS 2011)."""
    from optuna.samplers import BaseSampler, TPESampler

    class Seeded(BaseSampler):
        """Makes a new estimator with its own seed for each call, so that no random state outlives a call."""

        def infer_relative_search_space(self, study: Any, trial: Any) -> Any:
            return TPESampler().infer_relative_search_space(study, trial)

        def sample_relative(self, study: Any, trial: Any, search_space: Any) -> Any:
            return _estimator(trial.number).sample_relative(study, trial, search_space)

        def sample_independent(self, study: Any, trial: Any, param_name: str, param_distribution: Any) -> Any:
            estimator = _estimator(trial.number, param_name)
            return estimator.sample_independent(study, trial, param_name, param_distribution)

    def _estimator(*path: str | int) -> TPESampler:
        return TPESampler(seed=derive(seed, *path))

    return Seeded()


def pruner(kind: str, *, steps: int) -> "BasePruner":
    """Return the pruner of this kind; `steps` is the step of a complete trial's last report."""
    from optuna.pruners import HyperbandPruner, MedianPruner, NopPruner

    if kind == "median":
        return MedianPruner(n_startup_trials=STARTUP_TRIALS, n_warmup_steps=2, n_min_trials=3)
    if kind == "hyperband":
        return HyperbandPruner(min_resource=1, max_resource=steps, reduction_factor=3)
    return NopPruner()
