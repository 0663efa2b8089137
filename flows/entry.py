"""Entry point of the installed command `podium`: makes sure that the package `tasks` is Podium's own.

Its name is a common one. A folder of this name that Python finds first, on `PYTHONPATH` for instance, would
end every command in an import error.
"""

import signal
import sys
from importlib.util import find_spec
from pathlib import Path


def main() -> None:
    """Run the command, or end with a message and exit code 2 where another `tasks` would be imported.

    Ctrl-C before the command begins ends the process without a word, not with a traceback of an import.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # else it is ignored, as under `nohup`
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    own = Path(__file__).resolve().parents[1] / "tasks"
    spec = find_spec("tasks")
    found = [Path(folder).resolve() for folder in (spec and spec.submodule_search_locations) or ()]
    if own not in found:
        where = spec.origin if spec else "none"
        print(f"podium: expected the Python package 'tasks' in {own}, received {where}", file=sys.stderr)
        print("another package or a folder on PYTHONPATH has the same name: take it away", file=sys.stderr)
        raise SystemExit(2)
    from flows.__main__ import main as run

    run()
