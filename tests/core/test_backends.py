"""Which backend Keras computes with, and what is said of one that cannot."""

import pytest

from tasks.core import backends
from tasks.core.backends import backend, check_backend
from tasks.core.cache import keys
from tasks.core.cluster import compatibility
from tasks.core.errors import InvalidSettings
from tasks.core.execution import child_process
from tasks.core.execution.child_messages import MARK, parse, send


@pytest.mark.parametrize(("value", "expected"), [(None, "tensorflow"), ("", "tensorflow"), ("jax", "jax")])
def test_the_backend_is_tensorflow_unless_the_variable_says_otherwise(monkeypatch, value, expected):
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    if value is not None:
        monkeypatch.setenv("KERAS_BACKEND", value)
    assert backend() == expected


@pytest.mark.parametrize("name", ["pytorch", "TensorFlow", " jax", "tf", "theano", "numpy", "openvino", "0"])
def test_a_misspelt_backend_is_refused_with_those_that_exist(monkeypatch, name):
    monkeypatch.setenv("KERAS_BACKEND", name)
    with pytest.raises(InvalidSettings) as caught:
        check_backend()
    assert str(caught.value) == f"KERAS_BACKEND: expected tensorflow, jax, torch, received {name!r}"


@pytest.mark.parametrize("name", ["tensorflow", "jax", "torch"])
def test_a_backend_that_is_not_installed_is_refused_with_its_extra(monkeypatch, name):
    monkeypatch.setenv("KERAS_BACKEND", name)
    monkeypatch.setattr(backends, "find_spec", lambda name: None)
    with pytest.raises(InvalidSettings, match=rf"installed backend, received {name}; .*podium\[{name}\]"):
        check_backend()


def say_backend(job):
    import os

    send(" ".join(os.environ.get(name, "absent") for name in ("KERAS_BACKEND", "KERAS_NNX_ENABLED")))


def say_limits(job):
    import os

    send(" ".join(os.environ[name] for name in ("KERAS_MAX_EPOCHS", "KERAS_MAX_STEPS_PER_EPOCH")))


@pytest.mark.parametrize("value", ["1", "many"])
def test_no_child_gets_limits_of_keras_from_the_user(monkeypatch, value):
    monkeypatch.setenv("KERAS_MAX_EPOCHS", value)
    monkeypatch.setenv("KERAS_MAX_STEPS_PER_EPOCH", value)
    lines = []
    child_process.attend(f"{__name__}:say_limits", {}, on_line=lines.append)
    assert [parse(line[1:]) for line in lines if line.startswith(MARK)] == ["0 0"]


@pytest.mark.parametrize("value", [None, "", "torch"])
def test_every_child_gets_the_backend_so_that_no_file_chooses_it(monkeypatch, value):
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    if value is not None:
        monkeypatch.setenv("KERAS_BACKEND", value)
    lines = []
    child_process.attend(f"{__name__}:say_backend", {}, on_line=lines.append)
    (said,) = [parse(line[1:]) for line in lines if line.startswith(MARK)]
    assert said == f"{value or 'tensorflow'} 0"


def test_a_child_on_another_machine_gets_none_of_that_machines_backend(monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    lines = []
    given = {**compatibility.replacing_ours({})}
    child_process.attend(f"{__name__}:say_backend", {}, on_line=lines.append, environment=given)
    (said,) = [parse(line[1:]) for line in lines if line.startswith(MARK)]
    assert said == "tensorflow 0"


def test_the_packages_of_another_backend_are_pinned(monkeypatch):
    monkeypatch.setattr(keys, "library_version", lambda name: "jax" if name == "backend" else "1")
    assert keys._of_backend(("backend",)) == ("jax", "jaxlib")
    assert keys._of_backend(("numpy",)) == ()
    monkeypatch.setattr(keys, "library_version", lambda name: "tensorflow")
    assert keys._of_backend(("backend",)) == ()


def test_workers_compare_the_packages_of_the_flows_backend():
    of = {
        name: compatibility.identity("tasks.train:child", "dogs", computing=name) for name in ("jax", "torch")
    }
    assert {"jax", "jaxlib"} <= of["jax"].keys()
    assert "torch" in of["torch"].keys() - of["jax"].keys()
