"""Write a bundle as a zip archive: equal contents give equal bytes."""

import os
import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path

from flows.offline.manifest import Manifest
from tasks.core.errors import UserError
from tasks.core.files.temporary import hidden_name, locked, sweep_beside
from tasks.core.locations import display_path

TIME = (1980, 1, 1, 0, 0, 0)
"""Of all entries: the earliest that the format knows."""
COMPRESSED = (".py", ".json", ".jsonl", ".txt")
"""Endings of names that are compressed; weights hardly get smaller."""


def write_archive(output: Path, files: Mapping[str, Path], manifest: Manifest) -> None:
    """Write the files by their names, after the manifest, under a hidden name that is changed at the end.

    Raises:
        UserError: the archive cannot be written.
    """
    sweep_beside(output)
    hidden = hidden_name(output)
    try:
        with zipfile.ZipFile(hidden, "w") as archive, locked(hidden):
            archive.writestr(_entry("manifest.json"), manifest.model_dump_json(indent=1))
            for name, path in sorted(files.items()):
                with open(path, "rb") as source, archive.open(_entry(name), "w", force_zip64=True) as target:
                    shutil.copyfileobj(source, target, 1 << 20)
        os.replace(hidden, output)
    except OSError as error:
        raise UserError(f"{display_path(output)}: cannot be written ({error.strerror or error})") from None
    finally:
        hidden.unlink(missing_ok=True)


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, TIME)
    entry.external_attr = 0o644 << 16
    entry.compress_type = zipfile.ZIP_DEFLATED if name.endswith(COMPRESSED) else zipfile.ZIP_STORED
    return entry
