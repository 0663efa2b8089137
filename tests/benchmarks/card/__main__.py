"""What a graphics card does for three kinds of network, in five minutes: `python -m tests.benchmarks.card`.

Xception at 299 pixels, ViT-B/16 at 224 and BERT-base at 128 tokens, with random weights, all layers learning:
time to compile, the project's loop on one batch, its loader alone, both together, Keras's own `fit`, and
where they are installed timm and transformers in PyTorch. `KERAS_BACKEND` chooses the backend; no other is
needed, and neither is Prefect. On a processor the networks are small. The last line is JSON.
"""

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from typing import Any

from tests.benchmarks.card import plain_torch
from tests.benchmarks.card.sizes import FULL, SMALL, Size

LEAST = 5.0
"""Seconds without which no section is begun."""
ROWS = (
    ("compile_seconds", "compiling", "s", 1),
    ("step_milliseconds", "a step alone, by the project's loop", "ms", 1),
    ("step_per_second", "", "{records}/s", 0),
    ("share_of_peak", "of the peak", "%", 1),
    ("peak_memory_gib", "most memory", "GiB", 2),
    ("loader_per_second", "the loader alone", "{records}/s", 0),
    ("both_per_second", "both together", "{records}/s", 0),
    ("keras_fit_per_second", "Keras's fit on one batch", "{records}/s", 0),
    ("torch_eager_per_second", "{torch}, eager", "{records}/s", 0),
    ("torch_compiled_per_second", "{torch}, compiled", "{records}/s", 0),
)
"""Figure, what it is, unit and decimals."""


def main() -> None:
    """Measure one network after another in the time that is left, print tables, and last one line of JSON."""
    options = _options()
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    ends = time.monotonic() + options.seconds
    machine = run({"what": "machine", "seconds": options.seconds / 10}, seconds=options.seconds / 4)
    if "card" not in machine:
        raise SystemExit(f"the backend does not work: {machine.get('error', 'it took too long to start')}")
    small = options.small or not machine["on_card"]
    sizes = [each for each in (SMALL if small else FULL) if options.only in ("", each.name)]
    _describe(machine, small)
    found: dict[str, Any] = {
        "backend": os.environ.get("KERAS_BACKEND") or "tensorflow",
        **machine,
        "small": small,
    }
    found["networks"] = {}
    for number, size in enumerate(sizes):
        left = (ends - time.monotonic()) / (len(sizes) - number)
        place = (SMALL if small else FULL).index(size)
        size = size._replace(batch=options.batch or size.batch)
        shared = {"network": place, "small": small, "batch": options.batch, "workers": options.workers}
        figures = _measured(size, {**shared, "peak": machine.get("peak")}, seconds=left)
        found["networks"][size.title] = {"batch": size.batch, **figures}
        _show(size, figures)
    print(json.dumps(found))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.card", description=__doc__)
    parser.add_argument("--seconds", type=float, default=300, help="time for all of it (%(default)s)")
    parser.add_argument("--only", default="", help="measure this network alone: xception, vit-b16, bert-base")
    parser.add_argument(
        "--batch", type=int, default=0, help="records of a batch; 0: as many as fit a large card"
    )
    parser.add_argument(
        "--workers", type=int, default=len(os.sched_getaffinity(0)), help="of the loader (%(default)s)"
    )
    parser.add_argument("--small", action="store_true", help="small networks on a card too")
    return parser.parse_args()


def _measured(size: Size, settings: dict[str, Any], *, seconds: float) -> dict[str, Any]:
    """The figures of one network; Keras has two thirds of the time if PyTorch's networks come after it."""
    ends = time.monotonic() + seconds
    missing = plain_torch.missing(size)
    share = seconds if missing else seconds * 2 / 3
    figures = run({**settings, "what": "keras", "seconds": share}, seconds=share)
    if missing:
        return {**figures, "torch": f"{missing} is not installed"}
    for what, parts in (("torch eager", 2), ("torch compiled", 1)):
        share = (ends - time.monotonic()) / parts
        if share > LEAST:
            errors = figures.get("error", "")
            figures |= run({**settings, "what": what, "seconds": share}, seconds=share)
            figures |= {"error": errors or figures["error"]} if "error" in figures else {}
    return figures


def run(settings: dict[str, Any], *, seconds: float) -> dict[str, Any]:
    """What a section printed until it ended or its time was over; `error` says what went wrong."""
    command = [sys.executable, "-m", "tests.benchmarks.card.section", json.dumps(settings)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        timer = threading.Timer(seconds, child.kill)
        timer.start()
        output, errors = child.communicate()
        timer.cancel()
    figures: dict[str, Any] = {}
    for line in output.splitlines():
        if line.startswith("{"):
            figures |= json.loads(line)
    if child.returncode == -9:
        figures["error"] = f"{settings['what']}: the time of {seconds:.0f} s was over"
    elif child.returncode:
        figures["error"] = f"{settings['what']}: {(errors.strip().splitlines() or ['no message'])[-1]}"
    return figures


def _describe(machine: dict[str, Any], small: bool) -> None:
    print(f"{machine['card']}, {os.environ.get('KERAS_BACKEND') or 'tensorflow'}")
    if "peak" in machine:
        print(f"peak {machine['peak'] / 1e12:.2f} · 10^12 operations/s ({machine['peak_source']}), ", end="")
        print(f"measured {machine['measured_peak'] / 1e12:.2f}")
    if small:
        print("Small networks, since there is no graphics card: these figures say nothing of one.")


def _show(size: Size, figures: dict[str, Any]) -> None:
    """Print the figures of a network, and what could not be measured."""
    print(f"\n{size.title}, batches of {size.batch}")
    words = {"records": size.records, "torch": "transformers" if size.is_text else "timm"}
    for name, what, unit, decimals in ROWS:
        if (value := figures.get(name)) is not None:
            value *= 100 if unit == "%" else 1
            print(f"  {what.format(**words):36} {value:10.{decimals}f} {unit.format(**words)}")
    if "step_per_second" in figures and "keras_fit_per_second" in figures:
        print(f"  {'loop / fit':36} {figures['step_per_second'] / figures['keras_fit_per_second']:10.2f}")
    for name in ("torch", "error"):
        if name in figures:
            print(f"  {figures[name]}")


if __name__ == "__main__":
    main()
