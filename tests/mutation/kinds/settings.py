"""Presets, options of the command line, and schedules."""

import os
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from tests.mutation.inputs import Expected, Input, Maker, Place, podium
from tests.mutation.kinds.contests import COMPETITIONS, raw_folder

REFUSED = {
    "a date": "2026-01-01",
    "a date with a time": "2026-01-01T03:00:00Z",
    "a time": "03:00:00",
    "5,000 digits": "9" * 5000,
    "5,000 hexadecimal digits": "0x" + "f" * 5000,
    "30 digits": "-" + "9" * 30,
    "64 bits": str(2**63),
    "nan": "nan",
    "-inf": "-inf",
    "1e400": "1e400",
    "nested 1,000 deep": "[" * 1000 + "]" * 1000,
    "nested 50 deep": "[" * 50 + "]" * 50,
    "tables 1,000 deep": "{a=" * 1000 + "1" + "}" * 1000,
    "a long key in a table": "{" + "a." * 1000 + "a=1}",
    "a NUL": '"a\\u0000b"',
    "a list of dates": "[2026-01-01]",
    "a date in a table": "{a = 2026-01-01}",
    "an unknown key in a table": "{no_such_key = 1}",
    "a list of lists": "[[[[1]]]]",
}
"""Values that no setting can have."""
PLAUSIBLE = ('"a"', '""', "0", "1", "-1", "3", "0.5", "1e9", "true", "false", "[]", "{}", '["a"]', "10000000")
HARMLESS: dict[str, Callable[[bytes], bytes]] = {
    "as it is": lambda text: text,
    "Windows line ends": lambda text: text.replace(b"\n", b"\r\n"),
    "comments": lambda text: b"# [[recipes]]\n\n" + text + b"\n# 2026-01-01",
    "blank lines": lambda text: text.replace(b"\n", b"\n\n"),
    "no end": lambda text: text.rstrip(),
    "digits of all kinds": lambda text: "# ٣３三\n".encode() + text,
}
SPOILT: dict[str, Callable[[bytes], bytes]] = {
    "no UTF-8": lambda text: text + b"# \xff\n",
    "UTF-16": lambda text: text.decode().encode("utf-16"),
    "a NUL byte": lambda text: text + b"\0",
    "a key twice": lambda text: b"seed = 1\nseed = 2\n" + text,
    "an unknown table": lambda text: text + b"\n[no_such_table]\na = 1\n",
    "a key of 1,000 parts": lambda text: b"a." * 1000 + b"a = 1\n" + text,
    "a table of 1,000 parts": lambda text: text + b"\n[" + b"a." * 1000 + b"a]\n",
    "a key of 100,000 parts": lambda text: b"a." * 100_000 + b"a = 1\n" + text,
    "a key of 100,000 letters": lambda text: b"a" * 100_000 + b" = 1\n" + text,
    "a megabyte": lambda text: text + b"#" * 1_000_001,
    "100,000 recipes": lambda text: text + b"\n[[recipes]]" * 76_000,
    "2,000 recipes": lambda text: text + b"\n[[recipes]]" * 2_000,
    "20,000 wrong keys": lambda text: b"".join(b"x%d=1\n" % each for each in range(20_000)) + text,
}


def preset(place: Place, random: Random) -> Input:
    """A preset's file is changed."""
    competition = random.choice(COMPETITIONS)
    template = random.choice(sorted((Path("conf") / competition).glob("*.toml")))
    file = place.folder / "conf" / competition / "mutated.toml"
    file.parent.mkdir(parents=True)
    content, command = template.read_bytes(), _resolving(place, competition, random)
    way = random.randrange(10)
    if way < 5:
        name, expected, line = _assignment(competition, random)
        file.write_bytes(line.encode() + b"\n" + (content if random.random() < 0.3 else b""))
    elif way < 7:
        name, expected = random.choice(sorted(SPOILT)), "refused"
        file.write_bytes(SPOILT[name](content))
    elif way < 8:
        # other presets name raw files that are not among these
        content = (template.parent / "demo.toml").read_bytes()
        name, expected = random.choice(sorted(HARMLESS)), "accepted"
        command = podium("check", competition, "-p", "mutated", *_whole_data(place, competition))
        file.write_bytes(HARMLESS[name](content))
    elif way < 9:
        name, expected = "random bytes", "either"
        file.write_bytes(_with_noise(content, random))
    else:
        name, expected = _no_file(file, random), "refused"
    return Input(f"{competition}, {name}", expected, command)  # type: ignore[arg-type]


def option(place: Place, random: Random) -> Input:
    """A value or a key of `--set` is changed."""
    competition = random.choice(COMPETITIONS)
    key = random.choice(_keys(competition))
    odd = {
        "no key": "=1",
        "no value": "recipes",
        "an empty part": f"{key}..x=1",
        "digits of Arabic": f"recipes.٠.{random.choice(('name', 'seeds'))}=a",
        "digits of full width": "recipes.０.name=a",
        "5,000 digits as position": f"recipes.{'9' * 5000}.name=a",
        "1,000 parts": "a." * 1000 + "a=1",
        "a NUL": f"{key}=a\0b",
        "half a pair": f"{key}=a\udcff",
        "a NUL in the key": f"{key}\0=1",
        "a long key": "a" * 90_000 + "=1",
        "a long value": f"{key}={'[' * 90_000}",
    }
    if random.random() < 0.4:
        name = random.choice(sorted(odd))
        return Input(f"{name} ({key})", "refused", _resolving(place, competition, random, odd[name]))
    name, expected, line = _assignment(competition, random)
    text = line.replace(" = ", "=", 1)
    if name.endswith(("= a date", "= a date with a time", "= a time")):
        expected = "either"  # a date is plain text here, which may be a name
    return Input(name, expected, _resolving(place, competition, random, text))


CRONS: dict[str, Expected] = {
    "0 3 * * *": "accepted",
    "*/15 8-18 * * mon-fri": "accepted",
    "٠ ٣ * * *": "refused",
    "０ ３ * * *": "refused",
    "0 ٣-٥ * * *": "refused",
    "*/٥ * * * *": "refused",
    "0 3 30 2 *": "refused",
    "0 3 * *": "refused",
    "0 3 * * * *": "refused",
    "60 3 * * *": "refused",
    "@daily": "refused",
    "": "refused",
    "0 3 * * *\\u0000": "refused",
    "0 3-1 * * *": "refused",
    "*/0 * * * *": "refused",
    "9" * 5000 + " 3 * * *": "refused",
    "0 3 " + ",".join(["1"] * 2000) + " * *": "accepted",
}
EVERY: dict[str, Expected] = {
    "6h": "accepted",
    "1d": "accepted",
    "٦h": "refused",
    "６h": "refused",
    "0h": "refused",
    "-1h": "refused",
    "1.5h": "refused",
    "9" * 5000 + "h": "refused",
    "1y": "refused",
    "h": "refused",
}


def schedules(place: Place, random: Random) -> Input:
    """The file of schedules is changed."""
    file = place.folder / "conf" / "schedules.toml"
    for competition in COMPETITIONS:
        (file.parent / competition).mkdir(parents=True)
        (file.parent / competition / "demo.toml").write_text("")
    zone = random.choice(("UTC", "Europe/Berlin", "Asia/Shanghai"))
    head = f'[[schedules]]\ncompetition = "dogs"\npreset = "demo"\ntimezone = "{zone}"\n'
    wrong: dict[str, str] = {
        "doubled": f'{head}cron = "0 3 * * *"\n' * 2,
        "doubled in other words": f'{head}cron = "0 3 * * 0"\n{head}cron = "00 03 * * sun"\n',
        "doubled intervals": f'{head}every = "1d"\n{head}every = "24h"\n',
        "15,000 doubled": f'{head}every = "1d"\n' * 12_000,
        "8,000 wrong ones": "".join(f'{head}cron = "{n} 3 * * *"\n' for n in range(60, 8060)),
        "both": f'{head}cron = "0 3 * * *"\nevery = "1d"\n',
        "neither": head,
        "another zone": head.replace(zone, "Mars/Olympus") + 'every = "1d"\n',
        "a date": f"{head}cron = 2026-01-01\n",
        "another preset": head.replace("demo", "demi") + 'every = "1d"\n',
        "another competition": head.replace("dogs", "cats") + 'every = "1d"\n',
        "a number": "schedules = 3\n",
        "an unknown key": f'{head}every = "1d"\nat = 3\n',
        "a prediction twice": '[[predictions]]\ncompetition = "dogs"\n' * 2,
        "a prediction of nothing": '[[predictions]]\ncompetition = "dogs"\nevery = "1d"\n',
        **{name: change(head.encode()).decode("latin-1") for name, change in SPOILT.items()},
    }
    way, expected = random.randrange(5), "refused"
    if way == 0:
        name, expected = random.choice(list(CRONS.items()))
        file.write_text(f'{head}cron = "{name}"\n')
    elif way == 1:
        name, expected = random.choice(list(EVERY.items()))
        file.write_text(f'{head}every = "{name}"\n')
    elif way == 2:
        text = f'{head}every = "1d"\n{head}cron = "0 3 * * *"\n[notify]\ncommand = "true"\n'
        name, expected = "random bytes", "either"
        file.write_bytes(_with_noise(text.encode(), random))
    elif way == 3:
        name, value = random.choice(list(REFUSED.items()))
        file.write_text(f"{head}{random.choice(('cron', 'every', 'preset', 'timezone'))} = {value}\n")
    else:
        name = random.choice(sorted(wrong))
        file.write_bytes(wrong[name].encode("latin-1" if name in SPOILT else "utf-8"))
    return Input(name[:60], expected, podium("serve", "dogs"))  # type: ignore[arg-type]


def _assignment(competition: str, random: Random) -> tuple[str, Expected, str]:
    """What it is, what to expect, and a line of TOML that gives a setting a value."""
    key = random.choice(_keys(competition))
    if random.random() < 0.25:
        return f"{key} = a plausible value", "either", f"{key} = {random.choice(PLAUSIBLE)}"
    if random.random() < 0.1:
        return f"an unknown key {key}x", "refused", f"{key}x = 1"
    name = random.choice(sorted(REFUSED))
    return f"{key} = {name}", "refused", f"{key} = {REFUSED[name]}"


def _keys(competition: str) -> list[str]:
    """Dotted keys of settings that are no tables, outside of lists."""
    from tasks.core.settings.resolve import config_class

    def leaves(tree: Any, prefix: str) -> list[str]:
        found = []
        for key, value in tree.items():
            found += leaves(value, f"{prefix}{key}.") if isinstance(value, dict) and value else [prefix + key]
        return found

    return leaves(config_class(competition)().model_dump(mode="json"), "")


def _data(place: Place, competition: str) -> Path:
    return place.template(f"raw-{competition}", raw_folder(competition))


def _whole_data(place: Place, competition: str) -> tuple[str, ...]:
    """Options by which a preset reads the raw files of the tests, which have no further ones."""
    more = ("-s", "data.extra=[]") if competition == "extraction" else ()
    return ("-s", f"data.root={_data(place, competition)}", *more)


def _resolving(place: Place, competition: str, random: Random, *options: str) -> Callable[[], None]:
    """A command that reads settings, and then data that is whole."""
    data = f"data.root={_data(place, competition)}"
    chosen = random.choice(("check", "check", "check", "plan"))
    mutated = ("-p", "mutated") if (place.folder / "conf").exists() else ()
    given = [part for each in (data, *options) for part in ("-s", each)]
    return podium(chosen, competition, *mutated, *given)


def _with_noise(content: bytes, random: Random) -> bytes:
    changed = bytearray(content)
    for _ in range(random.randint(1, 4)):
        start = random.randrange(len(changed))
        piece = random.choice((b"", b'"', b"[", b"=", b"\n", b".", bytes([random.randrange(256)])))
        changed[start : start + random.choice((0, 1, 5))] = piece
    return bytes(changed)


def _no_file(file: Path, random: Random) -> str:
    ways: dict[str, Callable[[], object]] = {
        "no file": lambda: None,
        "a folder": file.mkdir,
        "a named pipe": lambda: os.mkfifo(file),
        "a loop of links": lambda: file.symlink_to(file),
        "a link to a device": lambda: file.symlink_to("/dev/zero"),
        "a link to memory": lambda: file.symlink_to("/proc/self/mem"),
        "3 GB of nothing": lambda: (file.touch(), os.truncate(file, 3 << 30)),
    }
    name = random.choice(sorted(ways))
    ways[name]()
    return name


KINDS: dict[str, tuple[float, Maker]] = {
    "settings: preset": (14, preset),
    "settings: --set": (10, option),
    "settings: schedules": (8, schedules),
}
