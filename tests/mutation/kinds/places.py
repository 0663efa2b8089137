"""What is no file among the data: `check`, `plan` and `run` refuse it alike and never wait for it."""

import contextlib
import io
import os
import shutil
import socket
from collections.abc import Callable
from contextlib import redirect_stderr
from pathlib import Path
from random import Random

from tests.mutation.inputs import Expected, Input, Maker, Place, podium
from tests.mutation.kinds.contests import COMPETITIONS, raw_folder


def _socket(path: Path) -> None:
    # a name of a socket has at most 108 characters
    with socket.socket(socket.AF_UNIX) as made:
        folder = os.open(path.parent, os.O_RDONLY)
        made.bind(f"/proc/self/fd/{folder}/{path.name}")
        os.close(folder)


def _folders_in_a_loop(path: Path) -> None:
    path.mkdir()
    for name in ("one", "two"):
        (path / name).symlink_to("..", target_is_directory=True)


def _doubling(path: Path) -> None:
    """Thirty folders with two links each to the next: a thousand million ways."""
    for number in range(30):
        folder = path / f"level{number}" if number else path
        folder.mkdir()
        for name in ("one", "two"):
            (folder / name).symlink_to(path / f"level{number + 1}")
    (path / "level30").mkdir()


WAYS: dict[str, Callable[[Path], object]] = {
    "a named pipe": os.mkfifo,
    "a socket": _socket,
    "a link to a device": lambda path: path.symlink_to("/dev/zero"),
    "a link to a terminal": lambda path: path.symlink_to("/dev/tty"),
    "a link to itself": lambda path: path.symlink_to(path.name),
    "a link to memory": lambda path: path.symlink_to("/proc/self/mem"),
    "a link to a pipe": lambda path: (os.mkfifo(path.with_name("pipe")), path.symlink_to("pipe")),
    "a loop of folders": _folders_in_a_loop,
    "folders that double": _doubling,
}
UNREADABLE = "a link to memory"
TARGETS = {
    "dogs": (
        "data_train_image.txt",
        "train",
        "test",
        "train/a,1.jpg",
        "test/x,8.jpg",
        "train/notes",
        "test/more.jpg",
    ),
    "extraction": ("all_50_schemas", "train_data.json", "dev_data.json", "test1_data_postag.json"),
    "nl2sql": (
        "train/train.json",
        "train/train.tables.json",
        "val/val.json",
        "test/test.json",
        "train/train.db",
    ),
}
HARMLESS = ("", "train/.hidden", ".hidden", "unused")
"""Where nothing is read."""


def place(place: Place, random: Random) -> Input:
    """Something that is no file lies where data is read, in its place or beside it."""
    competition = random.choice(COMPETITIONS)
    root = place.copy(f"raw-{competition}", raw_folder(competition))
    name = random.choice(sorted(WAYS))
    target = random.choice(TARGETS[competition])
    if random.random() < 0.1:
        target = random.choice(HARMLESS[1:])
        (root / target).parent.mkdir(exist_ok=True)
        WAYS["a named pipe"](root / target)
        return Input(
            f"{target}: a named pipe", "accepted", podium("check", competition, "-s", f"data.root={root}")
        )
    _remove(root / target)
    WAYS[name](root / target)
    # `check` leaves a file that is no photograph by its name out, and so never meets that it cannot be read
    is_left_out = name == UNREADABLE and target == "train/notes"
    expected: Expected = "either" if is_left_out else "refused"
    return Input(f"{competition}/{target}: {name}", expected, _alike(competition, f"data.root={root}", name))


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _alike(competition: str, option: str, name: str) -> Callable[[], None]:
    """All three commands; raises what the first raises, if the others raise the same."""
    # a file that fails while it is read is met by the first step of a run, behind what is tried here
    commands = ("check",) if name == UNREADABLE else ("check", "plan", "run")

    def act() -> None:
        messages = []
        for command in commands:
            with redirect_stderr(io.StringIO()) as errors, contextlib.suppress(SystemExit):
                podium(command, competition, "-s", option)()
            messages.append(errors.getvalue().partition("podium: ")[2])
        if len(set(messages)) > 1:
            raise AssertionError(f"expected one message, received {messages}")
        podium("check", competition, "-s", option)()

    return act


def settings_path(place: Place, random: Random) -> Input:
    """A setting or a variable with a path leads to what is no file or folder."""
    name = random.choice(sorted(WAYS))
    path = place.folder / "odd"
    WAYS[name](path)
    odd = {
        "data.root": ("dogs", f"data.root={path}"),
        "vectors": ("extraction", f"recipe.encoder.dgcnn.vectors={path}"),
        "word_vectors": ("nl2sql", f"recipe.encoder.dgcnn.word_vectors={path}"),
        "weights": ("dogs", f'recipe.trunk.backbones=[{{name = "MobileNetV2", weights = "{path}"}}]'),
    }
    key = random.choice(sorted(odd))
    competition, option = odd[key]
    data = place.template(f"raw-{competition}", raw_folder(competition))
    command = podium(random.choice(("plan", "run")), competition, "-s", f"data.root={data}", "-s", option)
    # a plan does not ask whether an empty folder has data
    is_empty_root = key == "data.root" and name in ("a loop of folders", "folders that double")
    expected: Expected = "either" if is_empty_root or name == UNREADABLE else "refused"
    return Input(f"{key}: {name}", expected, command)


KINDS: dict[str, tuple[float, Maker]] = {
    "places: among the data": (6, place),
    "places: in settings": (3, settings_path),
}
