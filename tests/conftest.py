"""What every test gets: places of its own, so that none meets another's results or a person's."""

import atexit
import os
import shutil
import signal
import tempfile
from pathlib import Path
from typing import Any

import pytest

# Prefect reads this once, at its import. Each process has its own, also where tests run side by side.
os.environ["PREFECT_HOME"] = tempfile.mkdtemp(prefix="podium-tests-")
atexit.register(shutil.rmtree, os.environ["PREFECT_HOME"], ignore_errors=True)

# Started in the background, a shell's job ignores Ctrl-C, and one of `nohup` the end of the terminal, and so
# would every process that tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

PLACES = ("PODIUM_STORE", "PODIUM_SUBMISSIONS", "PODIUM_SLOT_FOLDER")


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Store, submissions and slots below the test's own folder; none of them exists yet."""
    for variable in PLACES:
        monkeypatch.setenv(variable, str(tmp_path / variable.lower()))
    for variable in ("PODIUM_MIRROR", "PODIUM_CONF"):
        monkeypatch.delenv(variable, raising=False)
    for variable in ("PREFECT_API_AUTH_STRING", "PREFECT_SERVER_API_AUTH_STRING"):
        monkeypatch.setenv(variable, "")  # so that no test leaves one to the next
        monkeypatch.delenv(variable)


@pytest.fixture
def keras() -> Any:
    """Keras, seeded and set up as in a child process, with names of layers that count from zero."""
    from tasks.learning.training.keras_setup import configure

    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    configure(0)
    import keras

    keras.backend.clear_session()
    return keras


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The toy competition, plugged in, and the folder of its raw files."""
    from tests.toy import plugging, raw_files

    plugging.plug(tmp_path / "code", monkeypatch)
    return raw_files.write(tmp_path / "toy")
