"""Predict other test files with this bundle: `python predict.py INPUT OUTPUT [--time-limit 30m]`.

INPUT is the folder of the competition's raw files, of which only those of the test are read, or the test file
or folder itself. OUTPUT is the submission to write. The bundle's files are verified first. Needed are Python
and the distributions of requirements.txt; no network, and only OUTPUT and temporary files are written.

With a time limit the members predict in the order of their weight, and the process ends before the limit,
with the answers of those that were ready. Exit codes: 0 done, 1 an internal error, 2 an error that you can
correct, 3 no answer in time, 130 interrupted.
"""

import argparse
import errno
import fcntl
import hashlib
import json
import os
import shutil
import signal
import stat
import sys
import tempfile
import threading
import time
import zipfile
import zlib
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

MARGIN_SECONDS, MARGIN_SHARE = 1.0, 0.02
"""Work ends this long before the limit, plus this share of it; half of that later the process does."""
FORMAT = 1
"""Of the manifest."""
CORRECTABLE = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES)
"""Errors of the file system that are the user's to correct: no space, no permission."""
INTERRUPTED = 130
TEMPORARY = "podium-bundle-"
"""How folders of temporary files are named."""
GRACE_SECONDS = 2.0
"""Age from which such a folder is deleted if no process has locked it."""


class Refused(Exception):
    """The bundle cannot be used."""


def main() -> int:
    """Verify the bundle, then predict; returns the exit code."""
    arguments = _parser().parse_args()
    written: list[str] = []
    over = threading.Event()
    _interrupt_on_signals()
    try:
        _raise_without_temporary_folder()
        _sweep()
        with tempfile.TemporaryDirectory(prefix=TEMPORARY, ignore_cleanup_errors=True) as folder:
            _lock(folder)
            tempfile.tempdir = os.environ["TMPDIR"] = folder  # what a process leaves that is killed goes too
            return _run(arguments, Path(folder), written, over)
    except Refused as error:
        _say(str(error))
        return 2
    except KeyboardInterrupt:
        if over.is_set():
            return _say_that_time_is_over(written)
        _say(f"interrupted; {_what_was(written)}")
        return INTERRUPTED
    except OSError as error:
        if error.errno not in CORRECTABLE:
            raise
        _say(f"{error.filename or tempfile.gettempdir()}: {error.strerror}")
        return 2


def _run(arguments: argparse.Namespace, folder: Path, written: "list[str]", over: threading.Event) -> int:
    """Verify and predict with this empty folder for temporary files; returns the exit code."""
    place, deadline = Path(__file__).resolve().parent, None
    if (limit := arguments.time_limit) is not None:
        margin = MARGIN_SECONDS + MARGIN_SHARE * limit
        deadline = process_start() + limit - margin
        _end_at(deadline + margin / 2, written, over)
    if place.is_file():
        unpack(place, folder / "bundle")
        place = folder / "bundle"
    manifest = verify(place)
    if arguments.check:
        print(
            _printable(f"{manifest['submission']}: {len(manifest['files'])} files are as they were written")
        )
        return 0
    if arguments.input is None or arguments.output is None:
        raise Refused("expected INPUT and OUTPUT, received fewer arguments; see --help")
    check_distributions(manifest)
    if not sys.flags.safe_path:
        del sys.path[0]  # of this script, where files that are not the bundle's may lie
    sys.path.insert(0, str(copied_code(place, manifest, folder)))
    os.environ.pop("PYTHONSAFEPATH", None)  # the child processes import from the folder they start in
    from flows.offline.command import run

    source, target = arguments.input, arguments.output
    return run(place, source, target, folder=folder, deadline=deadline, written=written)


def copied_code(place: Path, manifest: dict, folder: Path) -> Path:
    """A copy of the bundle's code in `folder`: without other files, such as compiled ones, and writable."""
    for name in manifest["files"]:
        if name.startswith("code/"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(place / name, folder / name)
    return folder / "code"


def _raise_without_temporary_folder() -> None:
    """Raise Refused if there is no folder for temporary files; one that is full counts as none."""
    try:
        tempfile.gettempdir()
    except FileNotFoundError as error:
        raise Refused(f"expected space for temporary files, such as in TMPDIR: {error.strerror}") from None


def _lock(folder: str) -> None:
    """Lock the folder until this process ends, however it does."""
    with suppress(OSError):  # a file system that locks no folders
        fcntl.flock(os.open(folder, os.O_RDONLY), fcntl.LOCK_EX | fcntl.LOCK_NB)


def _sweep() -> None:
    """Delete the folders of this user that killed processes have left."""
    for folder in Path(tempfile.gettempdir()).glob(f"{TEMPORARY}*"):
        try:
            status = folder.lstat()
            is_young = time.time() - status.st_mtime < GRACE_SECONDS
            if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid() or is_young:
                continue
            descriptor = os.open(folder, os.O_RDONLY | os.O_NOFOLLOW)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(descriptor)
        except OSError:
            continue  # it is locked, or was deleted meanwhile


def _interrupt_on_signals() -> None:
    """Raise KeyboardInterrupt in the main thread at the first signal to end, and ignore further ones.

    Signals that are ignored already, as after `nohup`, stay so.
    """
    numbers = [signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)]
    heeded = [number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN]

    def interrupt(number: int, frame: object) -> None:
        for each in heeded:
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt

    for number in heeded:
        signal.signal(number, interrupt)


def _what_was(written: "list[str]") -> str:
    return f"the answers are those of {', '.join(written)}" if written else "nothing was written"


def process_start() -> float:
    """When this process started (`time.monotonic`); where the system does not tell, now."""
    try:
        fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
        age = time.clock_gettime(time.CLOCK_BOOTTIME) - int(fields[19]) / os.sysconf("SC_CLK_TCK")
        return time.monotonic() - age
    except (OSError, ValueError, IndexError, AttributeError):
        return time.monotonic()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, usage=None
    )
    parser.add_argument("input", metavar="INPUT", type=Path, nargs="?", help="folder or file to answer")
    parser.add_argument("output", metavar="OUTPUT", type=Path, nargs="?", help="file to write")
    parser.add_argument("--time-limit", type=seconds, metavar="TIME", help="such as 90s, 30m, 2h")
    parser.add_argument("--check", action="store_true", help="verify the bundle's files, and do nothing else")
    return parser


def seconds(text: str) -> float:
    """A time such as `90s`, `30m` or `2h` in seconds; a number alone is one of seconds.

    >>> seconds("1.5m")
    90.0
    """
    unit = {"s": 1, "m": 60, "h": 3600}.get(text[-1:], 0)
    try:
        value = float(text[:-1]) * unit if unit else float(text)
    except ValueError:
        value = 0.0
    if not 2 * MARGIN_SECONDS <= value <= threading.TIMEOUT_MAX:
        expected = f"a time of at least {2 * MARGIN_SECONDS:.0f} s such as 30m"
        raise argparse.ArgumentTypeError(f"expected {expected}, received {text!r}")
    return value


def _end_at(deadline: float, written: "list[str]", over: threading.Event) -> None:
    """Interrupt the main thread at a time (`time.monotonic`), and end the process soon after in any case."""

    def end() -> None:
        time.sleep(max(deadline - time.monotonic(), 0))
        over.set()
        main_thread = threading.main_thread().ident or 0
        signal.pthread_kill(
            main_thread, signal.SIGTERM
        )  # it ends the children and deletes the temporary folder
        time.sleep(MARGIN_SECONDS / 2)
        os._exit(_say_that_time_is_over(written))

    threading.Thread(target=end, daemon=True).start()


def _say_that_time_is_over(written: "list[str]") -> int:
    when = "the time is over" + ("; " if written else ", before any answer; ")
    _say(f"{when}{_what_was(written)}")
    return 0 if written else 3


def _say(text: str) -> None:
    with suppress(OSError):  # nobody reads it any more
        print(_printable(text), file=sys.stderr, flush=True)


def _printable(text: str) -> str:
    """The text with escapes for what a terminal would obey in a name."""
    return "".join(each if each.isprintable() or each == "\n" else ascii(each)[1:-1] for each in text)


def unpack(archive: Path, folder: Path) -> None:
    """Unpack the files that the archive's manifest names; raises Refused if the archive has others."""
    try:
        with zipfile.ZipFile(archive) as bundle:
            names = [name for name in bundle.namelist() if not name.endswith("/")]
            manifest = _manifest(bundle.read("manifest.json") if "manifest.json" in names else b"")
            expected = {"manifest.json", *manifest["files"]}
            if len(names) != len(set(names)) or set(names) != expected:
                raise Refused(f"{archive}: {_difference(expected, set(names))}")
            for name in names:
                bundle.extract(name, folder)
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise Refused(f"{archive}: is damaged ({error})") from None


def verify(folder: Path) -> dict:
    """The manifest of the bundle in this folder, whose files are all as they were written.

    Other files may lie beside them in the folder itself, such as answers, and where systems put their own.

    Raises:
        Refused: a file is missing, changed or unknown, or the manifest is not one that this script reads.
    """
    file = folder / "manifest.json"
    manifest = _manifest(file.read_bytes() if file.is_file() else b"")
    expected = {"manifest.json", *manifest["files"]}
    found = {name for name in expected if (folder / name).is_file()}
    for own in {name.split("/")[0] for name in expected if "/" in name}:
        files = [path.relative_to(folder) for path in (folder / own).rglob("*") if not path.is_dir()]
        found |= {path.as_posix() for path in files if not _is_of_system(path)}
    if found != expected:
        raise Refused(f"{folder}: {_difference(expected, found)}")
    for name, entry in manifest["files"].items():
        if (received := digest(folder / name)) != entry["sha256"]:
            raise Refused(
                f"{folder / name}: expected SHA-256 {entry['sha256'][:16]}…, received {received[:16]}…; "
                "it was changed or damaged, unpack the bundle again"
            )
    return manifest


def _is_of_system(path: Path) -> bool:
    """Whether file managers or Python put it there: hidden files, compiled modules."""
    return (
        path.name.startswith(".") or path.name in ("Thumbs.db", "desktop.ini") or "__pycache__" in path.parts
    )


def _manifest(content: bytes) -> dict:
    try:
        manifest = json.loads(content)
        is_known = manifest["format"] == FORMAT and all(
            "sha256" in each for each in manifest["files"].values()
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Refused(
            "manifest.json: expected the manifest of a bundle, received none or another file"
        ) from None
    if not is_known:
        raise Refused(f"manifest.json: expected format {FORMAT}, received {manifest['format']!r}")
    unsafe = [name for name in manifest["files"] if name.startswith("/") or ".." in name.split("/")]
    if unsafe:
        raise Refused(f"manifest.json: expected names of files in the bundle, received {unsafe[0]!r}")
    return manifest


def _difference(expected: set, found: set) -> str:
    missing, unknown = sorted(expected - found), sorted(found - expected)
    parts = [f"{len(missing)} missing, such as {missing[0]}"] if missing else []
    parts += [f"{len(unknown)} unknown, such as {unknown[0]}"] if unknown else []
    return (
        f"expected the {len(expected)} files of its manifest, received {' and '.join(parts) or 'some twice'}"
    )


def digest(file: Path) -> str:
    """SHA-256 of a file."""
    with open(file, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def check_distributions(manifest: dict) -> None:
    """Refuse if a distribution is missing; say if versions differ, since answers may then differ too."""
    installed = {name: _version(name) for name in manifest["requirements"]}
    missing = [name for name, found in installed.items() if found is None]
    if missing:
        install = "python -m pip install -r requirements.txt"
        if any(name.startswith("wheels/") for name in manifest["files"]):
            install += " --no-index --find-links wheels"
        raise Refused(f"expected {', '.join(missing)}, not installed; install them with: {install}")
    python = ".".join(map(str, sys.version_info[:2]))
    pairs = {"python": (manifest["python"], python)} | {
        name: (wanted, installed[name]) for name, wanted in manifest["requirements"].items()
    }
    different = [
        f"{name} {found} instead of {wanted}" for name, (wanted, found) in pairs.items() if found != wanted
    ]
    if different:
        _say(f"answers may differ from the submission's: {', '.join(different)}")


def _version(name: str) -> "str | None":
    try:
        return version(name)
    except PackageNotFoundError:
        return None


if __name__ == "__main__":
    sys.exit(main())
