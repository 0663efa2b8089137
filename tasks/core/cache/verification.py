"""Damage that sizes and times do not show, as of a failing disk or a restored backup: every byte is read.

A damaged artifact is removed, and with it the records of the steps that read it, which may have read what is
damaged; all these are computed again. What was made from their results stays: its key names them by their
contents, so it is found again exactly if they come out the same.
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

from tasks.core.cache.acceptances import FOLDER
from tasks.core.cache.file_kinds import ACCEPTANCE, ARTIFACT, RECORD, acceptance_digest
from tasks.core.cache.lineage import input_artifacts
from tasks.core.cache.store import Store
from tasks.core.errors import UserError
from tasks.core.files.stored_files import Damaged, FileKind
from tasks.core.files.temporary import make_way


class DamagedArtifacts(UserError):
    """Artifacts that a step or a submission reads are damaged."""


class Verification(NamedTuple):
    """What was read, and what was found."""

    artifacts: int
    bytes: int
    damaged: list[str]
    """A line for each file or artifact that is damaged: its name below the store, and how."""
    again: list[str]
    """Labels of the steps that must run again."""


def verify(store: Store, *, dry_run: bool) -> Verification:
    """Read the whole store; what is damaged is removed, unless it is a dry run."""
    artifacts = sorted({path.name.removesuffix(".json") for path in _entries(store.root / "artifacts")})
    names = [name for name in artifacts if ARTIFACT.fullmatch(name)]
    damages = damages_of(store, names)
    files = _damaged_files(store)
    again = _readers(store, damages)
    if not dry_run:
        remove(store, damages)
        for path in files:
            make_way(path)
            path.unlink(missing_ok=True)
    lines = [f"artifacts/{name}: {why}" for name, why in damages.items()]
    lines += [f"{path.parent.name}/{path.name}: {why}" for path, why in files.items()]
    whole = [name for name in names if name not in damages]
    sizes = [
        entry["size"] for name in whole for entry in (store.manifest(name) or {"files": {}})["files"].values()
    ]
    return Verification(len(names), sum(sizes), lines, sorted(again.values()))


def damages_of(store: Store, names: Iterable[str]) -> dict[str, str]:
    """What is wrong with each of these artifacts that is not whole, by name."""
    return {name: damage for name in dict.fromkeys(names) if (damage := store.damage(name))}


def remove(store: Store, damages: Iterable[str]) -> list[str]:
    """Remove these artifacts and the records of the steps that read them; labels of these steps."""
    still = [name for name in damages if _is_still_damaged(store, name)]
    readers = _readers(store, still)
    for key in readers:  # first, so that a kill leaves no result of what is damaged
        store.forget_record(key)
    for name in still:
        with store.lock(f"artifact-{name}"):
            store.remove_named(name)
    return sorted(readers.values())


def _is_still_damaged(store: Store, name: str) -> bool:
    """Whether nobody was just writing it: of a new artifact the manifest comes last."""
    with store.lock(f"artifact-{name}"):
        return bool(store.damage(name))


def refuse_damaged(store: Store, names: Iterable[str], *, what: str) -> None:
    """Read these artifacts, and remove those that are damaged.

    Args:
        what: rests on them, for the message.

    Raises:
        DamagedArtifacts: some were.
    """
    damages = damages_of(store, names)
    if not damages:
        return
    again = remove(store, damages)
    lines = [f"  {store.root / 'artifacts' / name}: {why}" for name, why in damages.items()]
    steps = f", with what {', '.join(again)} made of them" if again else ""
    raise DamagedArtifacts(
        f"{what}: expected whole artifacts, received some that the disk has altered or lost:\n"
        + "\n".join(lines)
        + f"\nThey were removed{steps}. The same command computes them again; `podium clean --verify` reads "
        "the whole store."
    )


def _readers(store: Store, names: Iterable[str]) -> dict[str, str]:
    """Keys and labels of the steps that read one of these artifacts."""
    wanted = set(names)
    if not wanted:
        return {}
    return {
        record["key"]: record["label"]
        for record in store.records()
        if wanted.intersection(input_artifacts(record["inputs"]))
    }


def _damaged_files(store: Store) -> dict[Path, str]:
    """What is wrong with each record and acceptance that is not whole."""
    named: dict[str, tuple[FileKind, Callable[[dict[str, Any]], str], str]] = {
        "steps": (RECORD, lambda record: str(record["key"]), "it is that of another step"),
        FOLDER: (ACCEPTANCE, acceptance_digest, "it is that of another change"),
    }
    found = {}
    for folder, (kind, name_of, misnamed) in named.items():
        for path in _entries(store.root / folder):
            if path.suffix != ".json" or path.name.startswith("."):
                continue
            try:
                if name_of(kind.read(path)) != path.stem:
                    found[path] = misnamed
            except FileNotFoundError:
                continue
            except Damaged as error:
                found[path] = str(error)
    return found


def _entries(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []
