"""What a worker must have as the flow has it: all code and libraries that decide a child's result."""

import pytest

from tasks.core.cache import keys
from tasks.core.cache.source_code import code_digests
from tasks.core.cluster import compatibility


@pytest.mark.parametrize(
    ("competition", "method"),
    [
        ("extraction", "pointer"),
        ("extraction", "casrel"),
        ("extraction", "gplinker"),
        ("nl2sql", "sketch"),
        ("nl2sql", "two_stage"),
        ("nl2sql", "baseline"),
    ],
)
@pytest.mark.parametrize(("step", "file"), [("train", "training"), ("predict", "inference")])
def test_the_code_of_a_key_is_compared_that_of_methods_too(
    competition: str, method: str, step: str, file: str
) -> None:
    used = code_digests(f"tasks.{step}", (f"tasks.{competition}.{method}.{file}",))
    assert f"tasks.{competition}.{method}.{file}" in used
    assert used.items() <= compatibility.identity(f"tasks.{step}:child", competition).items()


def test_a_library_that_was_updated_since_the_last_order_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    before = compatibility.identity("tasks.train:child", "dogs")
    monkeypatch.setattr(keys, "version", lambda name: "0.0")
    after = compatibility.identity("tasks.train:child", "dogs")
    assert before["keras"] != after["keras"] == "0.0"
