"""The distributions that a bundle needs, as wheels beside it."""

import subprocess
import sys
from pathlib import Path

from tasks.core.errors import UserError


def download(requirements: Path, folder: Path) -> list[Path]:
    """Download the wheels of pinned requirements for this Python and machine; returns their paths.

    Raises:
        UserError: pip cannot find one of them; the message ends with pip's own.
    """
    command = [sys.executable, "-m", "pip", "download", "--only-binary", ":all:", "--no-deps", "--quiet"]
    done = subprocess.run(
        [*command, "--requirement", str(requirements), "--dest", str(folder)], capture_output=True, text=True
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise UserError(f"--wheels: expected a wheel of each requirement, received from pip: {last}")
    return sorted(folder.glob("*.whl"))
