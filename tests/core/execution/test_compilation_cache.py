import os
import stat
import time
from datetime import timedelta
from pathlib import Path

import pytest

from tasks.core.cache.store import Store
from tasks.core.execution import compilation_cache
from tasks.core.execution.compilation_cache import PLACE, entries, environment, size
from tasks.core.submissions.cache_eviction import clean


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in list(os.environ):
        if name.startswith("JAX_"):
            monkeypatch.delenv(name)
    return Store.current().root


def compiled(store: Path, name: str, *, age: float = 0.0, used: bool = True) -> Path:
    folder = Path(environment(store, "jax")[PLACE])
    files = [folder / f"{name}-cache", folder / f"{name}-atime"][: 1 + used]
    for path in files:
        path.write_bytes(b"12345678")
        os.utime(path, (time.time() - age,) * 2)
    return files[0]


def test_the_folder_is_of_this_user_alone(store):
    folder = Path(environment(store, "jax")[PLACE])
    assert folder.is_relative_to(store)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_folder_that_others_can_write_to_is_not_used(store):
    folder = Path(environment(store, "jax")[PLACE])
    folder.chmod(0o777)
    assert environment(store, "jax") == {}


def test_a_store_that_cannot_be_written_to_is_no_error(store, tmp_path):
    (tmp_path / "file").write_text("")
    assert environment(tmp_path / "file", "jax") == {}


def test_backends_that_compile_nothing_get_no_folder(store):
    assert environment(store, "tensorflow") == environment(store, "torch") == {}
    assert not (store / compilation_cache.FOLDER).exists()


def test_what_the_user_has_set_stays(store, monkeypatch):
    monkeypatch.setenv("JAX_COMPILATION_CACHE_MAX_SIZE", "17")
    assert environment(store, "jax")["JAX_COMPILATION_CACHE_MAX_SIZE"] == "17"
    monkeypatch.setenv(PLACE, "/elsewhere")
    assert environment(store, "jax") == {}


def test_a_half_written_entry_is_deleted_once_no_process_can_be_writing_it(store):
    cut, writing = compiled(store, "cut", age=3600, used=False), compiled(store, "writing", used=False)
    whole = compiled(store, "whole", age=3600)
    environment(store, "jax")
    assert [path.exists() for path in (cut, writing, whole)] == [False, True, True]


def test_clean_deletes_what_was_not_used(store, tmp_path):
    old, new = compiled(store, "old", age=40 * 86400), compiled(store, "new")
    assert size(store) == 32
    found = clean(
        Store.current(), older_than=timedelta(days=30), keep_best=1, submissions=tmp_path, dry_run=False
    )
    assert found.removed == [old.relative_to(store).as_posix()]
    assert found.freed_bytes == 16
    assert [files[0] for _, files, _ in entries(store)] == [new]
    assert compilation_cache.size(store) == 16
