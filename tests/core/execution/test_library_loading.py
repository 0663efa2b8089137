"""The import of Keras in a child process tells when it begins and ends, and is as without that."""

import sys
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from tasks.core.execution import library_loading
from tasks.core.execution.library_loading import tell_of_loading


def test_a_slow_import_tells_of_itself_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "slow_module.py").write_text("import json\nVALUE = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(library_loading, "SLOW", "slow_module")
    monkeypatch.setattr(sys, "meta_path", sys.meta_path[:])
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    told: list[str] = []
    tell_of_loading(told.append)
    import slow_module

    assert told == ["Keras and JAX", ""]
    assert slow_module.VALUE == 1
    assert isinstance(slow_module.__spec__, ModuleSpec)
    del sys.modules["slow_module"]
    import slow_module

    assert told == ["Keras and JAX", ""]
    del sys.modules["slow_module"]
