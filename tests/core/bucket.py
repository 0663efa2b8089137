"""A local S3 server, which `make test-all` installs."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tasks.core.cache import remote_store

ACCESS = {"AWS_ACCESS_KEY_ID": "podium", "AWS_SECRET_ACCESS_KEY": "podium", "AWS_DEFAULT_REGION": "us-east-1"}


@contextmanager
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of an empty place in a bucket; the environment says how to reach it."""
    import s3fs
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    try:
        host, port = server.get_host_and_port()
        for name, value in {**ACCESS, "AWS_ENDPOINT_URL": f"http://{host}:{port}"}.items():
            monkeypatch.setenv(name, value)
        s3fs.S3FileSystem.clear_instance_cache()
        remote_store._opened.cache_clear()
        s3fs.S3FileSystem().makedirs("bucket", exist_ok=True)
        yield "s3://bucket/podium"
    finally:
        server.stop()
