"""Run every benchmark, one after another: `make bench`."""

import runpy
from pathlib import Path


def main() -> None:
    """Run each `bench_*.py` beside this file as a script."""
    for path in sorted(Path(__file__).parent.glob("bench_*.py")):
        print(f"\n{path.stem}")
        runpy.run_module(f"tests.benchmarks.{path.stem}", run_name="__main__")


if __name__ == "__main__":
    main()
