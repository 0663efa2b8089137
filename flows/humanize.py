"""Durations, sizes and scores as text for people, and durations read from such text."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from tasks.core.errors import InvalidSettings

UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


def parse_duration(text: str, *, option: str) -> timedelta:
    """A duration written as `90m`, `12h`, `30d` or `4w`.

    >>> parse_duration("90m", option="--timeout").total_seconds()
    5400.0

    Raises:
        InvalidSettings: the text is not of this form; names the option.
    """
    match = re.fullmatch(r"([0-9]{1,5})([mhdw])", text.strip())
    if match is None:
        raise InvalidSettings(f"{option}: expected a number with m, h, d or w, like 30d, received {text!r}")
    return int(match[1]) * UNITS[match[2]]


def duration(seconds: float) -> str:
    """A duration as `4.2 s`, `12 min 3 s` or `2 h 5 min`."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def about(seconds: float) -> str:
    """A rough duration as `20 s`, `12 min` or `2 h 5 min`, for estimates: minutes without their seconds."""
    seconds = max(seconds, 0.0)
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def size(count: int) -> str:
    """A number of bytes as `0 B`, `3.4 kB` or `1.2 GB`."""
    units = ("B", "kB", "MB", "GB", "TB")
    power = min((len(str(count)) - 1) // 3, len(units) - 1)
    return f"{count / 1000**power:.{int(power > 0)}f} {units[power]}"


def score_text(score: Any) -> str:
    """A score as `accuracy 0.8125 ± 0.0059`, from a `Score`, a mapping with its fields, or a number.

    An error of 0 stands for one that was not computed, as of F1 at the best threshold.
    """
    fields = score._asdict() if hasattr(score, "_asdict") else score
    if fields is None:
        return ""
    if not isinstance(fields, Mapping):
        return f"{fields:.4f}"
    error = fields.get("standard_error")
    return f"{fields['name']} {fields['value']:.4f}" + (f" ± {error:.4f}" if error else "")


def gain_text(gain: Mapping[str, Any] | None) -> str:
    """A blend's gain over its best member as `+0.0232 ± 0.0029 over small`."""
    if gain is None:
        return ""
    return f"{gain['value']:+.4f} ± {gain['standard_error']:.4f} over {gain['over']}"


def nested_text(nested: Mapping[str, Any] | None) -> str:
    """Score and gain where each fold is scored by what was chosen on the other folds."""
    if nested is None:
        return ""
    score, gain = score_text(nested["score"]), gain_text(nested["gain"])
    return f"{score}, {gain}, chosen for each fold on the others"
