"""A `keras.json` in a user's home changes no result."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tasks.core.backends import backend
from tasks.core.errors import UserError
from tasks.learning.training import keras_setup
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


CONFIGURE = """
import json
import os
import sys
from pathlib import Path
from tasks.core.errors import UserError
from tasks.learning.training.keras_setup import configure

try:
    configure(0)
except UserError as error:
    print(error)
else:
    import keras

    config = keras.config
    policy = keras.mixed_precision.global_policy().name
    formats = config.floatx(), config.epsilon(), config.image_data_format(), config.backend(), policy
    print("read", *formats)
"""


def configured(home: Path) -> str:
    """What a process says that sets up Keras with this home of Keras."""
    environment = {**os.environ, "KERAS_HOME": str(home)}
    done = subprocess.run(
        [sys.executable, "-c", CONFIGURE],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    return done.stdout.splitlines()[-1]


@pytest.mark.parametrize("text", ['{"floatx": "float8"}', '["floatx"]', '{"epsilon": "small"}', "{"])
def test_a_file_that_keras_cannot_read_is_one_message_or_nothing(tmp_path, text):
    (tmp_path / "keras.json").write_text(text)
    line = configured(tmp_path)
    assert line.startswith(("read ", f"{tmp_path / 'keras.json'}: expected settings that Keras can read"))


SETTINGS = {"floatx": "float16", "epsilon": 1e-2, "image_data_format": "channels_first"}


@pytest.mark.parametrize("changed", [{name: value} for name, value in SETTINGS.items()] + [SETTINGS], ids=str)
def test_each_setting_of_keras_is_ours(keras, monkeypatch, changed):
    """In this process, whose Keras has read a file with these."""
    before = {name: getattr(keras.config, name)() for name in SETTINGS}
    policy = keras.mixed_precision.global_policy()
    try:
        for name, value in changed.items():
            getattr(keras.config, f"set_{name}")(value)
        if "floatx" in changed:
            keras.mixed_precision.set_global_policy(changed["floatx"])
        monkeypatch.setitem(keras_setup._CONFIGURE, backend(), lambda: None)  # threads are set but once
        keras_setup.configure(0)
        found = {name: getattr(keras.config, name)() for name in SETTINGS}
        assert found == {"floatx": "float32", "epsilon": 1e-7, "image_data_format": "channels_last"}
        assert keras.mixed_precision.global_policy().name in ("float32", "mixed_bfloat16")
    finally:
        for name, value in before.items():
            getattr(keras.config, f"set_{name}")(value)
        keras.mixed_precision.set_global_policy(policy)


IN_ITS_PLACE = {
    "a folder": lambda file: file.mkdir(),
    "a pipe": os.mkfifo,
    "a link to a folder": lambda file: file.symlink_to(file.parent),
    "a link to a device": lambda file: file.symlink_to(os.devnull),
}


@pytest.mark.parametrize("what", IN_ITS_PLACE)
def test_what_is_no_file_in_its_place_is_one_message(tmp_path, monkeypatch, what):
    file = tmp_path / "keras.json"
    IN_ITS_PLACE[what](file)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    with pytest.raises(UserError, match=f"^{file}: expected settings that Keras can read, received others"):
        keras_setup._imported_keras()


@pytest.mark.parametrize("target", ["nowhere", "keras.json"], ids=["leads nowhere", "a loop"])
def test_a_link_to_no_file_counts_as_none(keras, tmp_path, monkeypatch, target):
    (tmp_path / "keras.json").symlink_to(target)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    assert keras_setup._imported_keras() is keras
