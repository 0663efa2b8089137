"""The networks of a member leave the store as files that other programs open."""

import json
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from flows.blending.member_exchange import member_of
from flows.members.cached_members import CachedMember
from flows.members.member_models import predictions_by_models
from flows.members.member_provenance import models_of, recipe_of, recipe_settings
from flows.members.member_records import records_of
from flows.runtime.preflight import check_named
from tasks.core import locations
from tasks.core.cache.keys import canonical
from tasks.core.cache.lineage import Lineage
from tasks.core.cache.store import Artifact, Store, part_folders, write_atomically, write_json
from tasks.core.errors import InvalidSettings
from tasks.core.execution import child_process
from tasks.core.execution.slots import slot
from tasks.core.files.temporary import hidden_folder
from tasks.core.jobs import ExportJob
from tasks.core.submissions import submissions
from tasks.learning.export.guide import guide
from tasks.learning.export.write import DESCRIPTION, FORMATS


def export_models(competition: str, config: Any, name: str, folder: Path, *, format: str) -> list[Path]:
    """Write the network of each of a member's models to a folder; returns the files.

    Beside them lie `models.json` and `README.txt`, which say what the networks read and answer, `batch.npz`
    with inputs of real records, and the numbers of tokens where they read any. All is written by a child
    process, which reads each file back and compares its outputs with the network's own.

    Args:
        name: of the member, or the beginning of its digest.
        folder: does not exist, or is empty.
        format: `keras`, `onnx` or `savedmodel`.

    Raises:
        InvalidSettings: the name fits no member of these records and folds, or several; its models or
            settings are gone; the folder has files; or a library that the format needs is missing.
        UserError: a network has no form in this format, or what was read back answers otherwise.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InvalidSettings(f"--output: expected a folder that is empty or new, received {folder}")
    if missing := [each for each in FORMATS[format].libraries if find_spec(each) is None]:
        raise InvalidSettings(
            f"--format {format}: expected the libraries {', '.join(FORMATS[format].libraries)}, "
            f"{', '.join(missing)} cannot be imported; install podium[{format}]"
        )
    records, store = records_of(competition, config), Store.current()
    member = member_of(competition, records, name)
    lineage = Lineage(store.records())
    models = _models(member, lineage)
    predicted = next(each for of_fold in predictions_by_models(member, lineage) for each in of_fold)
    recipe = _recipe(competition, member, predicted["inputs"]["recipe"], config)
    check_named(recipe)
    stems = _stems(member, len(models))
    with slot() as environment, hidden_folder(folder) as written:
        job = ExportJob(
            competition=competition,
            settings=recipe.for_prediction().model_dump(mode="json"),
            dataset=part_folders([records.train]),
            seed=predicted["inputs"]["seed"],  # a frozen part without pretrained weights was drawn by it
            output=written,
            partial=written,
            models=tuple(model.path for model in models),
            names=tuple(stems),
            format=format,
            first_head=json.loads((member.artifact.path / "member.json").read_text("utf-8"))["first_head"],
        )
        entry, label = "tasks.learning.export.write:child", f"export {member.recipe}"
        child_process.run(entry, job.model_dump(mode="json"), label=label, environment=environment)
        facts = _facts(competition, member, models, stems, written, format=format)
        (written / DESCRIPTION).unlink()
        write_json(written / "models.json", facts)
        write_atomically(written / "README.txt", guide(facts).encode())
        folder.mkdir(parents=True, exist_ok=True)
        for each in written.iterdir():
            each.rename(folder / each.name)
    return [folder / each["file"] for each in facts["models"]]


def _models(member: CachedMember, lineage: Lineage) -> list[Artifact]:
    if member.is_foreign:
        raise InvalidSettings(f"member: expected one that a run has trained, others have made {member}")
    if not (models := models_of(member, lineage)):
        raise InvalidSettings(
            f"member: expected one whose models are all in the store, those of {member} have left it; its "
            "run trains them again"
        )
    return models


def _recipe(competition: str, member: CachedMember, expected: Any, config: Any) -> Any:
    """The settings with which the member's models predicted, from a submission or from those given.

    `expected` is what the key of the prediction holds of them.
    """
    store = Store.current()
    entries = submissions.listed(locations.submissions_folder(), competition)
    known = recipe_settings(recipe_of(member, entries), type(config))
    for recipe in filter(None, [known, *config.recipes]):
        if canonical(recipe.for_prediction(), "recipe", store) == expected:
            return recipe
    raise InvalidSettings(
        f"member: expected settings with which {member} was made, in a submission that contains it or in the "
        "preset; give its preset with --preset, or its submission with --from"
    )


def _stems(member: CachedMember, count: int) -> list[str]:
    """Names of the files, without endings: `frozen-fold-0`, or `frozen-fold-0-seed-1`."""
    places = [_place(member, number, count) for number in range(count)]
    return [
        f"{member.recipe}-fold-{fold}" + ("" if seed is None else f"-seed-{seed}") for fold, seed in places
    ]


def _place(member: CachedMember, number: int, count: int) -> tuple[int, int | None]:
    """Fold and, if there are several in each, number of the seed of one of the member's models."""
    seeds = count // len(member.record["inputs"]["held_out"])
    return number // seeds, number % seeds if seeds > 1 else None


def _facts(
    competition: str,
    member: CachedMember,
    models: Sequence[Artifact],
    stems: Sequence[str],
    written: Path,
    *,
    format: str,
) -> dict[str, Any]:
    """The contents of `models.json`."""
    listed = []
    for number, (model, stem) in enumerate(zip(models, stems, strict=True)):
        fold, seed = _place(member, number, len(models))
        file = f"{stem}{FORMATS[format].suffix}"
        listed.append({"file": file, "fold": fold, "seed": seed, "digest": model.digest})
    return {
        "competition": competition,
        "member": member.recipe,
        "digest": member.artifact.digest,
        "format": format,
        "models": listed,
        **json.loads((written / DESCRIPTION).read_text("utf-8")),
    }
