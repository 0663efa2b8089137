"""Prefect's settings that the user has made: in the environment, or in the active profile."""

import os
import re
import tomllib
from pathlib import Path
from urllib.parse import urlsplit

from tasks.core import locations
from tasks.core.errors import UserError

CLIENT_STRING = "PREFECT_API_AUTH_STRING"
"""Setting of the authentication string, `user:password`, that a client sends."""
SERVER_STRING = "PREFECT_SERVER_API_AUTH_STRING"
"""Setting of the authentication string that a server asks for."""
BASE_PATH = "PREFECT_SERVER_API_BASE_PATH"
"""Setting of the path of a server's API, by default `/api`."""
_SETTINGS = {
    "prefect.toml": re.compile(rb""),
    "pyproject.toml": re.compile(rb"\btool\s*\.[\s\"']*prefect|\[\s*tool\s*\]"),
    ".env": re.compile(rb"prefect_", re.I),
}
"""What files of the current directory have in them where Prefect reads settings in them."""


def configured_url() -> str | None:
    """PREFECT_API_URL from the environment, else from the active profile in PREFECT_HOME if that is set.

    Raises:
        UserError: the file of profiles cannot be read.
    """
    url = configured("PREFECT_API_URL")
    return url.rstrip("/") if url else None


def page_of(url: str) -> str:
    """The address of a server's pages, from that of its API.

    A server with `PREFECT_SERVER_API_BASE_PATH` shows them at its root, one behind a proxy beside its API.
    """
    base, parts = os.environ.get(BASE_PATH, "").strip("/"), urlsplit(url)
    if base and parts.path.strip("/") == base:
        return f"{parts.scheme}://{parts.netloc}"
    return url.removesuffix("/api")


def configured(name: str) -> str | None:
    """A setting of Prefect from the environment, else from the active profile; None where neither has it.

    Raises:
        UserError: the file of profiles cannot be read.
    """
    if value := os.environ.get(name):
        return value
    profiles = locations.prefect_home() / "profiles.toml"
    if "PREFECT_HOME" not in os.environ or not profiles.exists():
        return None
    of_profile = _active_profile(profiles).get(name)
    return of_profile if isinstance(of_profile, str) else None


def any_setting() -> bool:
    """Whether there may be settings of Prefect besides its home, so that Prefect may refuse one."""
    if any(name.upper().startswith("PREFECT_") and name != "PREFECT_HOME" for name in os.environ):
        return True
    if os.path.lexists(locations.prefect_home() / "profiles.toml"):
        return True
    for name, pattern in _SETTINGS.items():
        try:
            if pattern.search(Path(name).read_bytes()):
                return True
        except FileNotFoundError:
            continue
        except OSError:
            return True
    return False


def _active_profile(file: Path) -> dict[str, object]:
    """Settings of the active profile.

    Raises:
        UserError: the file is no TOML, or its entries are not what Prefect writes.
    """
    if not file.is_file():
        raise UserError(f"{file}: expected a file of Prefect's profiles, received what is no file")
    try:
        content = tomllib.loads(file.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(
            f"{file}: expected profiles of Prefect as TOML, received a file that is not: {error}"
        ) from None
    active = os.environ.get("PREFECT_PROFILE", content.get("active", ""))
    profiles = content.get("profiles", {})
    profile = profiles.get(active, {}) if isinstance(profiles, dict) and isinstance(active, str) else None
    if not isinstance(profile, dict):
        expected = "[profiles.<name>] tables, and the name of one as active"
        raise UserError(f"{file}: expected {expected}, received another entry")
    return profile
