"""A `keras.json` in a user's home changes no result."""

import json
import os
import subprocess
import sys

import pytest

from tests.backends.test_trainings import ROOT, outcomes

FILE = {"floatx": "float16", "epsilon": 1e-2, "backend": "torch", "image_data_format": "channels_first"}


def test_a_file_of_keras_changes_no_byte(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "none"))
    expected = outcomes("tensorflow", tmp_path / "plain", "dogs-small")
    (tmp_path / "keras").mkdir()
    (tmp_path / "keras" / "keras.json").write_text(json.dumps(FILE))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    found = outcomes("tensorflow", tmp_path / "with-file", "dogs-small")
    for name in ("whole", "predictions"):
        assert found["dogs-small"][name] == expected["dogs-small"][name]


@pytest.mark.parametrize("text", ['{"floatx": "float8"}', '["floatx"]', '{"epsilon": "small"}', "{"])
def test_a_file_that_keras_cannot_read_is_one_message_or_nothing(tmp_path, text):
    (tmp_path / "keras.json").write_text(text)
    code = """
from tasks.core.errors import UserError
from tasks.learning.training.keras_setup import configure
try:
    configure(0)
except UserError as error:
    print(error)
else:
    print("read")
"""
    environment = {**os.environ, "KERAS_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=ROOT, capture_output=True, text=True, check=True
    )
    line = done.stdout.splitlines()[-1]
    assert line == "read" or line.startswith(
        f"{tmp_path / 'keras.json'}: expected settings that Keras can read"
    )
