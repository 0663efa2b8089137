"""Passwords and keys in addresses of databases, servers and mirrors, which nothing may show or keep."""

import re
from contextlib import suppress
from urllib.parse import unquote, urlsplit

MASK = "***"
LEAST_LENGTH = 4
"""Characters of a password that is replaced wherever it stands; a shorter one would spoil other words."""
_USER_INFO = re.compile(
    r"(?P<before>\b[A-Za-z][\w+.-]*://[^\s:/@'\"]*:)(?!\d*[/?#])(?P<secret>[^\s'\"]*)(?=@)"
)
_PASSWORD = r"(?<![\w-])[\w-]*(?:password|passwd|passphrase|pwd|secret)="
_IN_QUERY = r"(?<=[?&])[\w-]*(?:token|signature|sig|credential|key)="
_PARAMETER = re.compile(rf"(?i)(?P<before>{_PASSWORD}|{_IN_QUERY})(?P<secret>[^\s&;,'\"()]+)")


def masked(text: object, *, address: str = "") -> str:
    """The text with asterisks in place of passwords and keys.

    Args:
        text: a message, an error or an address.
        address: one whose password and keys are replaced wherever else they stand, as drivers quote them.

    >>> masked("postgresql://podium:hunter2@database/optuna?sslpassword=x")
    'postgresql://podium:***@database/optuna?sslpassword=***'
    """
    shown = _PARAMETER.sub(_mask, _USER_INFO.sub(_mask, str(text)))
    for secret in sorted(secrets_of(address), key=len, reverse=True):
        shown = shown.replace(secret, MASK)
    return shown


def secrets_of(address: str) -> set[str]:
    """Passwords and keys of an address, as they are written there and decoded."""
    found = [each["secret"] for pattern in (_USER_INFO, _PARAMETER) for each in pattern.finditer(address)]
    with suppress(ValueError):
        found.append(urlsplit(address).password or "")
    return {form for each in found for form in (each, unquote(each)) if len(form) >= LEAST_LENGTH}


def _mask(found: re.Match[str]) -> str:
    return f"{found['before']}{MASK}"
