"""A `keras.json` in a user's home changes no result."""

import json

from tests.backends.test_trainings import outcomes

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
