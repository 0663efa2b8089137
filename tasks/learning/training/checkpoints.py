"""Checkpoints from which a training resumes; a kill at any moment leaves a usable one.

A checkpoint is one `.npz` file with all variables of the model (weights, statistics, states of random
generators), all variables of the optimizer (momenta, averages, step count), the states of the backend's own
generators, the weights of the best epoch if they are kept, the position and the history, and the training
that it is of, by the name of its folder. The last two are kept; one that is damaged or of another training is
skipped.
"""

import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tasks.core.backends import backend
from tasks.core.cache.store import write_atomically

KEPT = 2
"""Number of checkpoints that are kept."""


class Position(NamedTuple):
    """Progress of a training: the next step, and sums over the epoch so far."""

    stage: int = 0
    step: int = 0
    loss_sum: float = 0.0
    """Sum of the batch losses of the epoch so far."""
    accuracy_sum: float = 0.0
    history: tuple[dict[str, Any], ...] = ()


def save(
    folder: Path, position: Position, model: Any, optimizer: Any, *, best: Sequence[np.ndarray] = ()
) -> None:
    """Write the next checkpoint and delete all but the last `KEPT`; `best` are the best epoch's weights."""
    arrays = {f"model/{i}": np.asarray(v) for i, v in enumerate(_values(model))}
    arrays |= {f"optimizer/{i}": np.asarray(v) for i, v in enumerate(_values(optimizer))}
    arrays |= {f"random/{i}": state for i, state in enumerate(random_states())}
    arrays |= {f"best/{i}": value for i, value in enumerate(best)}
    text = json.dumps({**position._asdict(), "of": folder.name}).encode()
    buffer = io.BytesIO()
    arrays["position"] = np.frombuffer(text, np.uint8)
    np.savez(buffer, allow_pickle=False, **arrays)
    files = checkpoint_files(folder)
    number = int(files[-1].stem) + 1 if files else 0
    write_atomically(folder / f"{number:08d}.npz", buffer.getvalue())
    for old in files[: -(KEPT - 1)]:
        old.unlink(missing_ok=True)


class Checkpoint(NamedTuple):
    """A checkpoint that was read from a file."""

    position: Position
    model: list[np.ndarray]
    optimizer: list[np.ndarray]
    random: list[np.ndarray]
    best: list[np.ndarray]
    """Weights of the best epoch so far; empty if none are kept."""

    def restore_model(self, model: Any) -> None:
        _assign(model.variables, self.model)
        set_random_states(self.random)

    def restore_optimizer(self, optimizer: Any) -> None:
        _assign(optimizer.variables, self.optimizer)


def newest(folder: Path) -> Checkpoint | None:
    """Read the newest undamaged checkpoint; None if there is none."""
    for path in reversed(checkpoint_files(folder)):
        try:
            with np.load(io.BytesIO(path.read_bytes())) as file:
                return _parse({name: file[name] for name in file.files}, of=folder.name)
        except Exception:  # damage raises many kinds: BadZipFile, EOFError, NotImplementedError …
            continue
    return None


def checkpoint_files(folder: Path) -> list[Path]:
    """The files of checkpoints, the oldest first."""
    return sorted(folder.glob("[0-9]*.npz"))


def _parse(arrays: dict[str, np.ndarray], *, of: str) -> Checkpoint:
    fields = json.loads(arrays["position"].tobytes())
    if (found := fields.pop("of")) != of:  # it would fit, as networks of all folds are alike
        raise ValueError(f"expected a checkpoint of {of}, received one of {found}")
    position = Position(**fields | {"history": tuple(fields["history"])})
    return Checkpoint(
        position, *(_in_order(arrays, each) for each in ("model", "optimizer", "random", "best"))
    )


def _in_order(arrays: dict[str, np.ndarray], prefix: str) -> list[np.ndarray]:
    count = sum(name.startswith(f"{prefix}/") for name in arrays)
    return [arrays[f"{prefix}/{index}"] for index in range(count)]


def _values(model_or_optimizer: Any) -> list[Any]:
    from keras import ops

    return [ops.convert_to_numpy(variable.value) for variable in model_or_optimizer.variables]


def _assign(variables: list[Any], values: list[np.ndarray]) -> None:
    if len(variables) != len(values):
        raise ValueError(f"expected {len(variables)} variables, received {len(values)}")
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


def random_states() -> list[np.ndarray]:
    """States of PyTorch's own generators, from which dropout without a seed draws there; else none."""
    if backend() != "torch":
        return []
    import torch

    states = [torch.get_rng_state(), *torch.cuda.get_rng_state_all()]
    return [state.numpy() for state in states]


def set_random_states(states: list[np.ndarray]) -> None:
    """Set PyTorch's generators to states that `random_states` gave."""
    if not states:
        return
    import torch

    first, *of_cards = (torch.from_numpy(state) for state in states)
    torch.set_rng_state(first)
    if len(of_cards) == torch.cuda.device_count():
        torch.cuda.set_rng_state_all(of_cards)
