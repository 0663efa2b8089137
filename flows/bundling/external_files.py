"""Files outside the store that a recipe's predictions read, such as pretrained weights, put into a bundle."""

from pathlib import Path
from typing import Any

from pydantic import BaseModel

from flows.offline.manifest import PLACE
from tasks.core.cache.digests import digest_of_json, sha256_of_file
from tasks.core.cache.keys import named_paths, nested_settings, path_fields, published_names
from tasks.core.errors import MissingWeights
from tasks.core.execution import child_process
from tasks.core.locations import expand

HUB = "keras_hub:"
"""Begins the name of a preset that is downloaded."""


def bundled_recipe(recipe: BaseModel, files: dict[str, Path], folder: Path) -> dict[str, Any]:
    """The recipe as JSON, with paths in the bundle for all files that it names.

    Args:
        files: gets the files by their names in the bundle.
        folder: for weights that no file holds yet.

    Raises:
        MissingWeights: a file is missing, or weights have no file.
    """
    tree = recipe.model_dump(mode="json")
    for key, value in named_paths(recipe):
        _set(tree, key, f"{PLACE}/{_added(expand(value), key, files)}")
    for key, name in published_names(recipe):
        reason = "since a bundle holds what it reads"
        raise MissingWeights(f"{key}: expected a folder, {reason}, received the name {name!r}")
    for key, backbone in nested_settings(recipe):
        name = str(getattr(backbone, "name", ""))
        if name.startswith(HUB):
            expected = "a preset of keras-hub in a folder (name = 'keras_hub', weights = '<folder>')"
            reason = "since a bundle holds what it reads"
            raise MissingWeights(f"{key}.name: expected {expected}, {reason}, received {name!r}")
        if path_fields(backbone).get("weights") == "imagenet":
            file = folder / f"{digest_of_json(backbone.model_dump(mode='json'))[:12]}-{name}.weights.h5"
            if not file.exists():
                job = {**backbone.model_dump(mode="json"), "file": str(file)}
                child_process.run(
                    "flows.bundling.external_files:write_weights", job, label=f"weights of {name}"
                )
            _set(tree, f"{key}.weights", f"{PLACE}/{_added(file, key, files)}")
    return tree


def write_weights(job: dict[str, Any]) -> None:
    """Entry of a child process: write the published weights of a network of `keras.applications`."""
    from tasks.learning.pretrained.backbones import save_weights
    from tasks.learning.training.keras_setup import configure

    configure(0)
    options = {name: job[name] for name in ("size_pixels", "until", "logits")}
    save_weights(job["name"], job["weights"], Path(job["file"]), **options)


def _added(path: Path, key: str, files: dict[str, Path]) -> str:
    """The name in the bundle of a file or folder."""
    if path.is_file():
        name = f"files/{sha256_of_file(path)[:12]}-{path.name}"
        files[name] = path
        return name
    inside = sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else []
    if not inside:
        reason = "since a bundle holds what it reads"
        raise MissingWeights(f"{key}: expected a file or a folder with files, {reason}, received {path}")
    digests = {each.relative_to(path).as_posix(): sha256_of_file(each) for each in inside}
    name = f"files/{digest_of_json(digests)[:12]}-{path.name}"
    files.update({f"{name}/{relative}": path / relative for relative in digests})
    return name


def _set(tree: Any, key: str, value: str) -> None:
    """Set a value in nested JSON by its dotted key."""
    *path, last = key.split(".")
    for part in path:
        tree = tree[int(part) if isinstance(tree, list) else part]
    tree[int(last) if isinstance(tree, list) else last] = value
