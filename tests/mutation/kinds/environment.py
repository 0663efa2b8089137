"""Environment variables: places, the mirror, numbers of slots, limits and backends."""

from collections.abc import Callable
from random import Random

from tests.mutation.inputs import Expected, Input, Maker, Place, podium
from tests.mutation.kinds.contests import raw_folder
from tests.mutation.kinds.places import WAYS as NO_FILES

NUMBERS: dict[str, Expected] = {
    "1": "accepted",
    "2": "accepted",
    "0": "refused",
    "-1": "refused",
    "1e9": "refused",
    "1000000000": "either",
    "two": "refused",
    "٢": "refused",
    "２": "refused",
    "2.0": "refused",
    "1_0": "refused",
    "9" * 5000: "refused",
    "nan": "refused",
}
MIRRORS: dict[str, Expected] = {
    "ftp://127.0.0.1:9/podium": "refused",
    "http://127.0.0.1:9/podium": "refused",
    "https://127.0.0.1:9/index.html": "refused",
    "zip://nothing.zip": "refused",
    "zip://podium::file:///nothing.zip": "refused",
    "tar://nothing.tar": "refused",
    "sftp://127.0.0.1:9/podium": "refused",
    "smb://127.0.0.1/podium": "refused",
    "gopher://127.0.0.1/podium": "refused",
    "data:text/plain,podium": "refused",
    "github://somebody:podium@main/": "refused",
    "webhdfs://127.0.0.1:9/podium": "refused",
    "simplecache::http://127.0.0.1:9/podium": "refused",
    "reference://podium": "refused",
    "dask://podium": "refused",
    "blockcache::file:///nothing": "refused",
    "s3:/bucket": "either",
    "://": "refused",
    "s3://": "refused",
    "memory://podium": "refused",
    "file:///proc/podium": "refused",
    "/proc/podium": "refused",
    "/dev/null/podium": "refused",
    "a" * 5000: "refused",
    "x" * 300 + "://podium": "refused",
}
VARIABLES = ("PODIUM_STORE", "PODIUM_SUBMISSIONS", "PODIUM_SLOT_FOLDER")


def number(place: Place, random: Random) -> Input:
    """A variable that is a number."""
    limits = ("PODIUM_MOST_LINE_BYTES", "PODIUM_MOST_PIXELS")
    variable = random.choice(("PODIUM_SLOTS", "PODIUM_SLOTS", *limits))
    text = random.choice(sorted(NUMBERS))
    expected: Expected = NUMBERS[text]
    competition = "extraction" if variable == limits[0] else "dogs"
    command = "run" if variable == "PODIUM_SLOTS" else "check"
    if variable in limits and expected == "accepted":
        expected = "refused"  # no line and no photograph is so small
    return _on_data(place, command, {variable: text}, expected, competition)


def mirror(place: Place, random: Random) -> Input:
    """The address of the mirror."""
    address = random.choice(sorted(MIRRORS))
    return _on_data(place, "run", {"PODIUM_MIRROR": address}, MIRRORS[address])


def folder(place: Place, random: Random) -> Input:
    """A variable that names a folder."""
    path = place.folder / "place"
    ways: dict[str, tuple[Expected, Callable[[], object], str]] = {
        "a new folder": ("accepted", lambda: None, str(path)),
        "a folder": ("accepted", path.mkdir, str(path)),
        "a file": ("refused", path.touch, str(path)),
        "below a file": ("refused", path.touch, f"{path}/below/it"),
        "below a device": ("refused", lambda: None, "/dev/null/store"),
        "not to be written": ("refused", lambda: None, "/proc/store"),
        "a long name": ("refused", lambda: None, str(path / ("x" * 300))),
        "a long path": ("refused", lambda: None, "/".join([str(path), *["x" * 200] * 30])),
        "a broken link": ("refused", lambda: path.symlink_to("nothing/at/all"), str(path)),
        "no UTF-8": ("refused", lambda: None, f"{path}\udcff"),
        "nobody's home": ("refused", lambda: None, "~nosuch/store"),
    }
    variable = random.choice(VARIABLES)
    if random.random() < 0.3:
        name = random.choice(sorted(NO_FILES.keys() - {"a loop of folders", "folders that double"}))
        NO_FILES[name](path)
        expected, text = "refused", str(path)
    else:
        name = random.choice(sorted(ways))
        expected, make, text = ways[name]  # type: ignore[assignment]
        make()
    commands = {
        "PODIUM_STORE": ("run", "plan"),
        "PODIUM_SUBMISSIONS": ("run",),
        "PODIUM_SLOT_FOLDER": ("run",),
    }
    command = random.choice(commands[variable])
    if command == "plan" and name in ("not to be written", "a broken link"):
        expected = "either"  # nothing is written by a plan
    made = _on_data(place, command, {variable: text}, expected)  # type: ignore[arg-type]
    return made._replace(name=f"{command}, {variable}: {name}")


def data(place: Place, random: Random) -> Input:
    """`PODIUM_DATA`."""
    root = place.template("raw-dogs", raw_folder("dogs"))
    parent = place.folder / "data"
    parent.mkdir()
    (parent / "dogs").symlink_to(root)
    ways: dict[str, tuple[Expected, str]] = {
        "as it is": ("accepted", str(parent)),
        "a variable": ("accepted", "$FOLDER_OF_THIS_TEST/data"),
        "nothing": ("refused", str(parent / "nothing")),
        "a file": ("refused", str(root / "data_train_image.txt")),
        "no UTF-8": ("refused", f"{parent}\udcff"),
        "nobody's home": ("refused", "~nosuch"),
        "an unknown variable": ("refused", "$NO_SUCH_VARIABLE/data"),
        "a long name": ("refused", "x" * 5000),
        "a device": ("refused", "/dev/zero"),
        "an escape sequence": ("refused", "\x1b[2J"),
    }
    name = random.choice(sorted(ways))
    expected, text = ways[name]
    environment = {"PODIUM_DATA": text, "FOLDER_OF_THIS_TEST": str(place.folder)}
    command = random.choice(("check", "plan", "run"))
    return Input(f"{command}: {name}", expected, podium(command, "dogs", environment=environment))


def backend(place: Place, random: Random) -> Input:
    """`KERAS_BACKEND`."""
    name = random.choice(("", "tensorflow", "none", "openvino", "../x", "TensorFlow", "x" * 5000, "\x1b[2J"))
    expected: Expected = "accepted" if name in ("", "tensorflow") else "refused"
    return _on_data(place, random.choice(("plan", "run")), {"KERAS_BACKEND": name}, expected)


def _on_data(
    place: Place, command: str, environment: dict[str, str], expected: Expected, competition: str = "dogs"
) -> Input:
    data = place.template(f"raw-{competition}", raw_folder(competition))
    what = ", ".join(f"{name}={text[:40]}" for name, text in environment.items())
    act = podium(command, competition, "-s", f"data.root={data}", environment=environment)
    return Input(f"{command}, {what}", expected, act)


KINDS: dict[str, tuple[float, Maker]] = {
    "environment: numbers": (2, number),
    "environment: mirror": (2, mirror),
    "environment: folders": (4, folder),
    "environment: data": (2, data),
    "environment: backend": (1, backend),
}
