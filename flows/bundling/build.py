"""A submission's models, settings and code in one archive that predicts anywhere."""

import json
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from flows.bundling import predict_script
from flows.bundling.archive import write_archive
from flows.bundling.external_files import bundled_recipe
from flows.bundling.reached_code import python_version, reached_modules, requirements
from flows.bundling.unchanged_files import raise_if_changed, raise_if_other_backend
from flows.bundling.wheels import download
from flows.offline.manifest import FORMAT, FileEntry, Manifest, MemberEntry
from flows.prediction.ensemble import Ensemble, TrainedMember
from tasks.core.backends import backend
from tasks.core.cache.digests import sha256_of_file
from tasks.core.cache.source_code import all_digests
from tasks.core.cache.store import Store
from tasks.core.files.temporary import temporary_folder
from tasks.core.submissions.submissions import Submission

HISTORY = "history.json"
"""Of a training; predictions do not read it."""
MAIN = "import sys\n\nfrom predict import main\n\nsys.exit(main())\n"
"""What `python bundle.zip` runs."""


class Bundle(NamedTuple):
    """A written bundle."""

    file: Path
    manifest: Manifest

    @property
    def size(self) -> int:
        """Bytes."""
        return self.file.stat().st_size


def build(
    submission: Submission,
    config: Any,
    ensemble: Ensemble,
    output: Path,
    *,
    with_wheels: bool = False,
    rounding: Mapping[str, Any] | None = None,
) -> Bundle:
    """Write the bundle of a submission.

    Args:
        config: its settings.
        ensemble: its models, or those of them that were rounded to float16.
        output: the archive to write.
        with_wheels: whether to put the distributions themselves into it, which are downloaded.
        rounding: what rounding changed (`Manifest.rounding`); None for models as they were trained.

    Raises:
        InvalidSettings: the models were trained with another backend of Keras than this process has.
        MissingWeights: a pretrained file that predictions read is missing, or changed after the training.
    """
    raise_if_other_backend(ensemble.members)
    raise_if_changed(ensemble.members)
    with temporary_folder() as folder:
        named: dict[str, Path] = {}
        recipes = {
            name: bundled_recipe(each.recipe, named, folder) for name, each in ensemble.members.items()
        }
        modules = _modules(submission, ensemble)
        networks = any(member.recipe.trains_network for member in ensemble.members.values())
        pinned = requirements(modules.values(), networks=networks)
        texts = {"requirements.txt": _requirements_text(pinned), "__main__.py": MAIN}
        files = {
            **named,
            **_trained_files(ensemble),
            **_code_files(modules),
            **_written(folder, texts),
            "predict.py": Path(str(predict_script.__file__)),
        }
        if with_wheels:
            wheels = download(files["requirements.txt"], folder / "wheels")
            files |= {f"wheels/{wheel.name}": wheel for wheel in wheels}
        contents = {
            "requirements": pinned,
            "code": all_digests(modules),
            "files": {name: _file_entry(path) for name, path in sorted(files.items())},
        }
        manifest = _manifest(submission, config, ensemble, recipes, rounding)
        manifest = manifest.model_copy(update=contents)
        write_archive(output, files, manifest)
    return Bundle(output, manifest)


def _modules(submission: Submission, ensemble: Ensemble) -> dict[str, Path]:
    """Files of the modules that the members' predictions reach, by name."""
    recipes = [member.recipe for member in ensemble.members.values()]
    methods = {recipe.method for recipe in recipes if hasattr(recipe, "method")}
    return reached_modules(submission.folder.parent.name, sorted(methods))


def _file_entry(path: Path) -> FileEntry:
    return FileEntry(sha256=sha256_of_file(path), size=path.stat().st_size)


def _trained_files(ensemble: Ensemble) -> dict[str, Path]:
    """Files of the store by their names in the bundle."""
    folders = {"common": ensemble.common.path}
    for name, member in ensemble.members.items():
        folders |= {f"members/{name}/{number}": model.path for number, model in enumerate(member.models)}
    files = {"blend.json": ensemble.blend.path / "blend.json"}
    files |= {
        f"members/{name}/member.json": each.member.path / "member.json"
        for name, each in ensemble.members.items()
    }
    for place, folder in folders.items():
        inside = (path for path in folder.rglob("*") if path.is_file() and path.name != HISTORY)
        files |= {f"{place}/{path.relative_to(folder).as_posix()}": path for path in inside}
    return files


def _code_files(modules: Mapping[str, Path]) -> dict[str, Path]:
    """Files of modules, and of the packages that they lie in, by their names in the bundle."""
    files = {f"code/{name.replace('.', '/')}.py": path for name, path in modules.items()}
    for name, path in modules.items():
        for depth, parent in enumerate(list(path.parents)[: name.count(".")]):
            package = name.split(".")[: name.count(".") - depth]
            if (parent / "__init__.py").is_file():
                files[f"code/{'/'.join(package)}/__init__.py"] = parent / "__init__.py"
    return files


def _written(folder: Path, texts: Mapping[str, str]) -> dict[str, Path]:
    """Files with these texts, by their names in the bundle."""
    files = {}
    for number, (name, text) in enumerate(texts.items()):
        files[name] = folder / f"text-{number}"
        files[name].write_text(text, "utf-8")
    return files


def _requirements_text(pinned: Mapping[str, str]) -> str:
    return "".join(f"{name}=={version}\n" for name, version in pinned.items())


def _member_entry(
    name: str, member: TrainedMember, submission: Submission, recipe: dict[str, Any]
) -> MemberEntry:
    weights = submission.provenance["members"]
    return MemberEntry(
        name=name,
        weight=weights[name]["weight"],
        recipe=recipe,
        models=tuple(f"members/{name}/{number}" for number in range(len(member.models))),
        seconds=_seconds(member.recipe.name, submission),
    )


def _seconds(recipe: str, submission: Submission) -> float | None:
    """What the steps that predicted the test records with a recipe worked, all together; None if unknown."""
    labels, store = (f"predict {recipe} test", f"encode {recipe} test "), Store.current()
    steps = [each for each in submission.provenance["steps"] if each["label"].startswith(labels)]
    records = [store.record(each["key"]) or {} for each in steps]
    return round(sum(each.get("worked") or 0 for each in records), 3) or None


def _manifest(
    submission: Submission,
    config: Any,
    ensemble: Ensemble,
    recipes: Mapping[str, dict[str, Any]],
    rounding: Mapping[str, Any] | None,
) -> Manifest:
    """The manifest without code and files."""
    provenance = submission.provenance
    summary = json.loads((ensemble.blend.path / "blend.json").read_text("utf-8"))
    return Manifest(
        format=FORMAT,
        competition=submission.folder.parent.name,
        submission=submission.name,
        created=provenance["created"],
        file=provenance["file"],
        score=summary["score"],
        seed=config.seed,
        data=config.data.model_dump(mode="json"),
        members=tuple(
            _member_entry(name, each, submission, recipes[name]) for name, each in ensemble.members.items()
        ),
        precision="float32" if rounding is None else "float16",
        rounding=dict(rounding) if rounding is not None else None,
        python=python_version(),
        machine=platform.machine(),
        backend=backend(),
        requirements={},
        code={},
        git=provenance.get("git", {}),
        files={},
    )
