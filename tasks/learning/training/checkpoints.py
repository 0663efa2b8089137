"""Everything a training needs to go on where it stopped, written so that a kill at any moment is safe.

A checkpoint is one `.npz`: every variable of the model (weights, statistics, states of random
generators), every variable of the optimizer (slots, averages, iteration), the position, the history.
The last two are kept; one that is damaged is passed over.
"""

import io
import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tasks.core.cache.store import write_atomically

KEPT = 2


class Position(NamedTuple):
    """Where a training stands: the next step to take, and what it has seen."""

    stage: int = 0
    step: int = 0
    loss_sum: float = 0.0
    """Sum of the batch losses of the epoch so far."""
    accuracy_sum: float = 0.0
    history: tuple[dict[str, Any], ...] = ()


def save(folder: Path, position: Position, model: Any, optimizer: Any) -> None:
    """Write the next checkpoint and drop all but the last two."""
    arrays = {f"model/{i}": np.asarray(v) for i, v in enumerate(_values(model))}
    arrays |= {f"optimizer/{i}": np.asarray(v) for i, v in enumerate(_values(optimizer))}
    text = json.dumps(position._asdict()).encode()
    buffer = io.BytesIO()
    arrays["position"] = np.frombuffer(text, np.uint8)
    np.savez(buffer, allow_pickle=False, **arrays)
    files = checkpoint_files(folder)
    number = int(files[-1].stem) + 1 if files else 0
    write_atomically(folder / f"{number:08d}.npz", buffer.getvalue())
    for old in files[: -(KEPT - 1)]:
        old.unlink(missing_ok=True)


class Checkpoint(NamedTuple):
    """A checkpoint read back."""

    position: Position
    model: list[np.ndarray]
    optimizer: list[np.ndarray]

    def restore_model(self, model: Any) -> None:
        _assign(model.variables, self.model)

    def restore_optimizer(self, optimizer: Any) -> None:
        _assign(optimizer.variables, self.optimizer)


def newest(folder: Path) -> Checkpoint | None:
    """The newest checkpoint that is whole, or None."""
    for path in reversed(checkpoint_files(folder)):
        try:
            with np.load(io.BytesIO(path.read_bytes())) as file:
                return _parse({name: file[name] for name in file.files})
        except Exception:  # damage shows as almost anything: BadZipFile, EOFError, NotImplementedError …
            continue
    return None


def checkpoint_files(folder: Path) -> list[Path]:
    return sorted(folder.glob("[0-9]*.npz"))


def _parse(arrays: dict[str, np.ndarray]) -> Checkpoint:
    fields = json.loads(arrays["position"].tobytes())
    position = Position(**fields | {"history": tuple(fields["history"])})
    return Checkpoint(position, _listed(arrays, "model"), _listed(arrays, "optimizer"))


def _listed(arrays: dict[str, np.ndarray], prefix: str) -> list[np.ndarray]:
    count = sum(name.startswith(f"{prefix}/") for name in arrays)
    return [arrays[f"{prefix}/{index}"] for index in range(count)]


def _values(owner: Any) -> list[Any]:
    from keras import ops

    return [ops.convert_to_numpy(variable.value) for variable in owner.variables]


def _assign(variables: list[Any], values: list[np.ndarray]) -> None:
    if len(variables) != len(values):
        raise ValueError(f"expected {len(variables)} variables, received {len(values)}")
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
