"""Keys: equal exactly when a step need not run again."""

import collections
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pytest

from tasks.core.cache import file_kinds, keys
from tasks.core.cache.keys import (
    Key,
    canonical,
    library_version,
    make_key,
    named_paths,
    published_names,
)
from tasks.core.cache.store import Artifact, Store
from tasks.core.config import Contents, ContentsPath, NotInKey, PublishedPath, Settings


class Inner(Settings):
    weights: ContentsPath = "none"
    rate: float = 0.1


class Outer(Settings):
    name: Annotated[str, NotInKey()] = "one"
    inner: tuple[Inner, ...] = (Inner(),)


@pytest.fixture
def store() -> Store:
    return Store.current()


def plain(value: Any) -> Any:
    return canonical(value, "input", Store.current())


@pytest.mark.parametrize(
    "value",
    [
        {1, 2},
        frozenset({1}),
        (each for each in (1, 2)),
        Path("data"),
        b"bytes",
        np.array([1]),
        np.float32(1),
        np.int64(1),
        object(),
        lambda: None,
        {1: "a key that is no string"},
        collections.deque([1]),
        range(3),
        1j,
        [{"deep": Path("data")}],
        float,
    ],
    ids=lambda value: type(value).__name__,
)
def test_values_that_could_be_equal_by_accident_are_refused(value: Any) -> None:
    with pytest.raises(TypeError, match=r"step input input[.\w]*: expected JSON, settings or an Artifact"):
        plain(value)


def test_the_refusal_names_the_place() -> None:
    with pytest.raises(TypeError, match=r"input\.0\.deep: .* received PosixPath"):
        plain([{"deep": Path("data")}])


def test_values_of_different_types_stay_different() -> None:
    values: list[Any] = [1, 1.0, "1", True, None, "None", [1], {"1": 1}, 0.1, 0.1 + 1e-16, -0.0, 0.0, [], {}]
    assert len({keys.digest_of_json(plain(value)) for value in values}) == len(values)


def test_floats_that_json_lacks_have_keys_too() -> None:
    assert plain(float("inf")) == "inf"


def test_artifacts_count_by_their_contents(store: Store) -> None:
    artifact = Artifact(kind="folds", digest="a" * 64)
    assert plain(artifact) == {"artifact": artifact.name}
    assert plain([artifact]) != plain([Artifact(kind="folds", digest="b" * 64)])


def test_fields_that_cannot_change_a_result_are_left_out() -> None:
    assert plain(Outer(name="one")) == plain(Outer(name="two"))
    assert plain(Outer(inner=(Inner(rate=0.2),))) != plain(Outer())


def test_contents_count_and_their_place_does_not(tmp_path: Path) -> None:
    for name, text in (("one", "w"), ("two", "w"), ("three", "other")):
        (tmp_path / name).write_text(text)
    one, two, three = (plain(Inner(weights=str(tmp_path / name))) for name in ("one", "two", "three"))
    assert one == two != three


def test_names_that_are_no_paths_stand_for_themselves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "imagenet").write_text("a file that is not meant")
    told = [plain(Inner(weights=name))["weights"]["contents"] for name in ("imagenet", "none", "")]
    assert told == ["imagenet", "none", ""]


def test_a_path_that_does_not_exist_has_no_contents(tmp_path: Path) -> None:
    assert plain(Inner(weights=str(tmp_path / "missing")))["weights"] == {"contents": {}}


def test_the_files_of_a_folder_count_under_any_way_to_write_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "preset").mkdir()
    (tmp_path / "preset" / "config.json").write_text("{}")
    monkeypatch.setenv("WEIGHTS", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    before = plain(Inner(weights=str(tmp_path / "preset")))
    assert plain(Inner(weights="$WEIGHTS/preset")) == plain(Inner(weights="~/preset")) == before
    (tmp_path / "preset" / "config.json").write_text('{"name": "other"}')
    assert plain(Inner(weights="$WEIGHTS/preset")) != before


def test_fingerprints_are_kept_and_spare_a_second_reading(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "weights"
    file.write_text("w")
    monkeypatch.setattr("tasks.core.cache.digests.RECENT_NS", -(10**12))  # as if written a while ago
    first = plain(Inner(weights=str(file)))
    monkeypatch.setattr("tasks.core.cache.digests.sha256_of_file", lambda path: pytest.fail("read again"))
    assert plain(Inner(weights=str(file))) == first
    assert len(list((store.root / "fingerprints").iterdir())) == 1


def test_damaged_fingerprints_are_made_again(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "weights"
    file.write_text("w")
    monkeypatch.setattr("tasks.core.cache.digests.RECENT_NS", -(10**12))  # as if written a while ago
    first = plain(Inner(weights=str(file)))
    (fingerprint,) = (store.root / "fingerprints").iterdir()
    fingerprint.write_text("[")
    assert plain(Inner(weights=str(file))) == first


Make = Callable[..., Key]


@pytest.fixture
def make(store: Store) -> Make:
    def made(**changes: Any) -> Key:
        given: dict[str, Any] = {
            "step": "split",
            "arguments": {"competition": "dogs", "count": 5},
            "module": "tasks.split",
            "uses": ("data",),
            "libraries": ("numpy",),
        }
        return make_key(**(given | changes), store=store)

    return made


def test_each_part_of_a_key_counts(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    known = make().digest
    assert make().digest == known
    assert make(step="other").digest != known
    assert make(arguments={"competition": "dogs", "count": 6}).digest != known
    assert make(uses=("data", "metric")).digest != known
    assert make(libraries=("numpy", "keras")).digest != known
    monkeypatch.setattr(file_kinds, "FORMAT", file_kinds.FORMAT + 1)
    assert make().digest != known


def test_libraries_found_in_the_code_join_those_that_are_named(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = make(libraries=("backend",))
    assert list(known.libraries) == ["backend", "numpy", "pillow", "scikit-learn"]
    assert known.libraries["numpy"] == np.__version__
    installed = keys.library_version
    monkeypatch.setattr(keys, "library_version", lambda name: "9" if name == "pillow" else installed(name))
    assert make(libraries=("backend",)).digest != known.digest
    assert make(uses=("dataset",)).libraries.keys() == {"numpy", "scikit-learn"}


def test_a_library_counts_by_its_version(monkeypatch: pytest.MonkeyPatch) -> None:
    assert library_version("numpy") == np.__version__
    assert library_version("no-such-library") == "absent"
    library_version.cache_clear()
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    assert library_version("backend") == "jax"
    library_version.cache_clear()


def test_marks_stay_on_a_field_however_it_is_declared() -> None:
    class Both(Settings):
        path: Annotated[str, Contents()] = "none"
        alias: ContentsPath = "none"

    for field in Both.model_fields.values():
        assert any(isinstance(mark, Contents) for mark in field.metadata)


class Preset(Settings):
    preset: PublishedPath = ""


def test_a_name_of_published_weights_counts_as_it_is_and_a_folder_by_its_contents(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    def of(preset: str) -> Any:
        return canonical(Preset(preset=preset), "recipe", store)["preset"]

    assert of("bert_base_zh") == {"contents": "bert_base_zh"}
    assert of("hf://somebody/bert") != of("hf://somebody/other")
    assert list(published_names(Preset(preset="bert_base_zh"), "encoder")) == [
        ("encoder.preset", "bert_base_zh")
    ]
    assert list(named_paths(Preset(preset="bert_base_zh"))) == []
    assert list(named_paths(Preset(preset="folders/bert"))) == [("preset", "folders/bert")]
    (tmp_path / "bert_base_zh").mkdir()
    (tmp_path / "bert_base_zh" / "vocab.txt").write_text("a", "utf-8")
    assert list(of("bert_base_zh")["contents"]) == ["vocab.txt"]
