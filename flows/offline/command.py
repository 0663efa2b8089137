"""Called by a bundle's `predict.py` when the files are verified: from INPUT to the submission at OUTPUT."""

import json
import logging
import os
import shutil
import sys
from collections.abc import Callable
from contextlib import suppress
from math import inf
from pathlib import Path
from typing import Any

from flows.offline import manifest as manifests
from flows.offline.inference import config_of
from flows.offline.manifest import Manifest
from flows.offline.time_limit import Deadline, DeadlineOver, LimitedPrediction
from flows.offline.workplace import Workplace
from tasks.core.errors import InvalidData, Problem, UserError
from tasks.core.execution.child_process import ChildFailed
from tasks.core.files.streams import open_streams
from tasks.core.log_records import clean_records
from tasks.core.printable import printable_lines

Deliver = Callable[[Path, list[str]], None]


def run(
    bundle: Path, source: Path, target: Path, *, folder: Path, deadline: float | None, written: list[str]
) -> int:
    """Predict; returns the exit code.

    0: done; 1: an internal error; 2: an error that the user can correct; 3: there was no time for any answer.

    Args:
        bundle: its folder.
        source: INPUT: the folder of raw test files, or the test file or folder itself.
        target: OUTPUT: the file to write, or a folder to write it to.
        folder: for what is made on the way.
        deadline: when to end (`time.monotonic`); None: no limit.
        written: gets the names of the members whose answers OUTPUT has, as soon as it has them.
    """
    # children are attended by threads that are named after what the child does
    form = "%(asctime)s %(threadName)s %(message)s"
    open_streams()
    clean_records()
    logging.basicConfig(format=form, datefmt="%H:%M:%S", stream=sys.stderr)
    logging.getLogger("podium").setLevel(logging.INFO)
    manifest = manifests.read(bundle)
    if problem := _problem_of(target := _file_at(target, manifest)):
        _say(f"{target}: {problem}")
        return 2
    if target.suffix != (suffix := Path(manifest.file).suffix):
        _say(
            f"{target}: what is written is a {suffix or 'text'} file like {manifest.file}, despite this name"
        )

    def deliver(file: Path, names: list[str]) -> None:
        _copy(file, target)
        written[:] = names
        _say(f"{target}: answers of {', '.join(names)}")

    work = folder / "work"
    work.mkdir()
    os.environ.update(KERAS_BACKEND=manifest.backend, KERAS_HOME=str(work / "keras"))
    root = source.absolute()
    try:
        root = raw_folder(source, manifest, work / "input")
        _predict(bundle, manifest, root, work, deliver, Deadline(deadline or inf))
    except DeadlineOver as late:
        _say(f"the time was over at {late}, before any answer; nothing was written")
        return 3
    except (UserError, ChildFailed) as error:
        _say(_with_path_of_user(str(error), root, source))
        return 2 if isinstance(error, UserError) else 1
    return 0


def _predict(
    bundle: Path, manifest: Manifest, root: Path, folder: Path, deliver: Deliver, deadline: Deadline
) -> None:
    with Workplace(bundle, manifest, folder, deadline) as workplace:
        workplace.load(root)
        if deadline.at == inf:
            predictions = workplace.predictions(
                {each.name: workplace.models_of(each.name) for each in manifest.members}
            )
            deliver(workplace.answers(predictions), list(predictions))
            return
        summary: dict[str, Any] = json.loads((bundle / "blend.json").read_text("utf-8"))
        LimitedPrediction(manifest, workplace, deadline, deliver=deliver, say=_say).run(summary)


def _file_at(target: Path, manifest: Manifest) -> Path:
    """The file to write: OUTPUT, what it links to, or the submission's usual name in the folder OUTPUT."""
    file = target / manifest.file if target.is_dir() else target
    return file.resolve() if file.is_symlink() else file


def _problem_of(target: Path) -> str:
    """Why no file can be written there, or an empty text."""
    if target.exists() and not target.is_file():
        return "expected a file or a folder, received something else of this name"
    if not target.parent.is_dir() or not os.access(target.parent, os.W_OK):
        return f"expected a file in a folder that can be written to, received {target.parent}"
    return ""


def _with_path_of_user(text: str, root: Path, source: Path) -> str:
    """A message with INPUT in place of the folder and the link that `raw_folder` made for it."""
    for link in root.iterdir() if root != source.absolute() else ():
        text = text.replace(str(link), str(source))
    return text.replace(str(root), str(source))


def raw_folder(source: Path, manifest: Manifest, folder: Path) -> Path:
    """The folder with the raw test files, as an absolute path.

    A file or folder that holds none of them under their usual names is taken for the test file or folder
    itself, and gets the usual name by a link in `folder`.

    Raises:
        InvalidData: there is nothing, or a folder without the test file.
    """
    data = config_of(manifest.competition).model_validate({"data": manifest.data}).data
    names = data.files_of("test")
    if source.is_dir() and any((source / name).exists() for name in names):
        return source.absolute()  # children work in another folder
    if not source.exists() or (source.is_dir() and Path(names[0]).suffix):
        received = "a folder without it" if source.exists() else "nothing of this name"
        expected = f"a folder with {names[0]}, or {names[0]} itself"
        raise InvalidData([Problem(source, None, expected, received)])
    folder.mkdir()
    (folder / names[0]).symlink_to(source.absolute())
    return folder


def _copy(file: Path, target: Path) -> None:
    """Copy the submission so that a reader sees all of it or what was there before."""
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        shutil.copyfile(file, temporary)
        temporary.replace(target)
    except OSError as error:
        raise UserError(f"{target}: cannot be written ({error.strerror})") from None
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _say(text: str) -> None:
    print(printable_lines(text), file=sys.stderr, flush=True)
