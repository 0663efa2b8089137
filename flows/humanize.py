"""Durations, sizes and scores as a person writes and reads them."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from tasks.core.errors import InvalidSettings

UNITS = {
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}


def parse_duration(text: str, *, option: str) -> timedelta:
    """`90m`, `12h`, `30d` or `4w`.

    Raises:
        InvalidSettings: it is none of these; names the option.
    """
    match = re.fullmatch(r"(\d{1,5})([mhdw])", text.strip())
    if match is None:
        raise InvalidSettings(f"{option}: expected a number with m, h, d or w, like 30d, received {text!r}")
    return int(match[1]) * UNITS[match[2]]


def duration(seconds: float) -> str:
    """`4.2 s`, `12 min 3 s`, `2 h 5 min`."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def about(seconds: float) -> str:
    """`20 s`, `12 min`, `2 h 5 min`: for forecasts, whose seconds nobody believes."""
    seconds = max(seconds, 0.0)
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def size(count: int) -> str:
    """Bytes as `0 B`, `3.4 kB`, `1.2 GB`."""
    units = ("B", "kB", "MB", "GB", "TB")
    power = min((len(str(count)) - 1) // 3, len(units) - 1)
    return f"{count / 1000**power:.{int(power > 0)}f} {units[power]}"


def score_text(score: Any) -> str:
    """`accuracy 0.8125 ± 0.0059`, from a table or a tuple with these names, or a bare number."""
    table = score._asdict() if hasattr(score, "_asdict") else score
    if table is None:
        return ""
    if not isinstance(table, Mapping):
        return f"{table:.4f}"
    error = table.get("standard_error")
    return f"{table['name']} {table['value']:.4f}" + (f" ± {error:.4f}" if error is not None else "")


def gain_text(gain: Mapping[str, Any] | None) -> str:
    """`+0.0232 ± 0.0029 over small`: what a blend has over its best member."""
    if gain is None:
        return ""
    return f"{gain['value']:+.4f} ± {gain['standard_error']:.4f} over {gain['over']}"


def nested_text(nested: Mapping[str, Any] | None) -> str:
    """`accuracy 0.8690 ± 0.0051, +0.0097 ± 0.0027 over small, each fold by weights chosen on the others`."""
    if nested is None:
        return ""
    told = f"{score_text(nested['score'])}, {gain_text(nested['gain'])}"
    return f"{told}, each fold by weights chosen on the others"
