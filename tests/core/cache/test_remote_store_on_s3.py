"""The mirror in a bucket of a local S3 server, which `make test-all` installs."""

from collections.abc import Iterator

import pytest

from tasks.core.cache import remote_store as module
from tasks.core.cache.remote_store import Mirror
from tasks.core.cache.store import Artifact, Store
from tasks.core.errors import UserError
from tasks.core.step import step
from tests.core.bucket import served

pytestmark = pytest.mark.slow


@step(label="write {text}")
def write(text: str) -> Artifact:
    store = Store.current()
    with store.new_folder() as folder:
        (folder / "below").mkdir()
        (folder / "below" / f"名 {text}").write_bytes(text.encode() * 2**20)
        (folder / "empty").touch()
        return store.keep("text", folder)


def state(text: str) -> str:
    return write.execute(write.bind(text)).state


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of an empty place in a bucket."""
    with served(monkeypatch) as address:
        yield address


def test_stores_share_results_through_a_bucket(
    bucket: str, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.setenv(module.VARIABLE, bucket)
    mirror = Mirror.current()
    assert mirror
    mirror.check()
    assert state("a") == "ran"
    monkeypatch.setenv("PODIUM_STORE", f"{tmp_path}/other")
    assert state("a") == "cached"
    assert write.execute(write.bind("a")).result.path.joinpath("below", "名 a").stat().st_size == 2**20
    assert state("b") == "ran"


def test_a_bucket_that_is_not_there_is_named(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(module.VARIABLE, "s3://other/podium")
    mirror = Mirror.current()
    assert mirror
    with pytest.raises(UserError, match=r"PODIUM_MIRROR: expected .* received s3://other/podium"):
        mirror.check()
