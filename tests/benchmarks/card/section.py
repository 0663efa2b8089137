"""One section in a process of its own: `python -m tests.benchmarks.card.section JSON` prints lines of JSON.

A process for each network has a peak of memory and a compilation of its own, and can be ended when its time
is over; the figures that it printed before count.
"""

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.benchmarks.card.sizes import FULL, SMALL, Size


def main(settings: dict[str, Any]) -> None:
    """Measure what the settings name, with about `seconds` for it."""
    what, seconds = settings["what"], settings["seconds"]
    with tempfile.TemporaryDirectory() as place:
        # compiled once for all measurements of this process, and by no earlier one
        os.environ["JAX_COMPILATION_CACHE_DIR"] = f"{place}/compiled"
        os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"
        if what == "machine":
            _machine(seconds)
        elif what == "keras":
            size = _size(settings)
            _network(size, Path(place), seconds=seconds, workers=settings["workers"], peak=settings["peak"])
        else:
            _torch(_size(settings), seconds=seconds, compiled=what == "torch compiled")


def _size(settings: dict[str, Any]) -> Size:
    size = (SMALL if settings["small"] else FULL)[settings["network"]]
    return size._replace(batch=settings["batch"] or size.batch)


def _say(**figures: Any) -> None:
    print(json.dumps(figures), flush=True)


def _machine(seconds: float) -> None:
    from tasks.learning.training.keras_setup import configure, on_card
    from tests.benchmarks.card import hardware

    configure(0)
    card = hardware.name()
    _say(card=card, on_card=on_card())
    measured, published = hardware.measured(min(seconds, 4.0)), hardware.published(card)
    peak = published or measured
    _say(peak=peak.rate, peak_source=peak.source, measured_peak=measured.rate)


def _network(size: Size, folder: Path, *, seconds: float, workers: int, peak: float | None) -> None:
    """The step, the loader, both and Keras's own `fit`, each for its share of the time."""
    from tasks.learning.training.keras_setup import configure
    from tests.benchmarks.card import batches, clocks, hardware
    from tests.benchmarks.card.sizes import build, operations

    configure(0)
    model = build(size)
    training = batches.training(size, model, folder, workers=workers)
    same = training.batch(batches.STAGE, 0, 0)
    share = min(seconds / 8, 20.0)
    alone = training._replace(batch=lambda stage, epoch, step: same, source=None)
    step = clocks.of_loop(alone, folder / "step", seconds=share, workers=1)
    _say(compile_seconds=step.compile_seconds)
    _tell(size, "step", step)
    if step.step_seconds and peak:
        rate = operations(size, model) * size.batch / step.step_seconds
        _say(operations_per_record=operations(size, model), share_of_peak=rate / peak)
    memory, where = hardware.most_memory()
    _say(peak_memory_gib=memory, memory_of=where)
    found = batches.loaded(training, workers=workers)
    rate = clocks.of_loader(found, ahead=max(4, 2 * workers), seconds=share / 2)
    _say(loader_per_second=rate * size.batch)
    _tell(size, "both", clocks.of_loop(training, folder / "both", seconds=share, workers=workers))
    _tell(size, "keras_fit", clocks.of_fit(alone, same, seconds=share))


def _tell(size: Size, what: str, rate: Any) -> None:
    if rate.step_seconds:
        _say(
            **{
                f"{what}_milliseconds": 1e3 * rate.step_seconds,
                f"{what}_per_second": size.batch / rate.step_seconds,
            }
        )


def _torch(size: Size, *, seconds: float, compiled: bool) -> None:
    from tests.benchmarks.card import plain_torch

    kind = "torch_compiled" if compiled else "torch_eager"
    rate = plain_torch.records_a_second(size, compiled=compiled, seconds=min(seconds / 4, 8.0))
    _say(**{f"{kind}_per_second": rate})


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
