"""Requests to a Prefect server, with the user's credentials and without importing Prefect."""

import base64
import json
import re
import urllib.error
import urllib.request
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

from flows.runtime.prefect_profile import CLIENT_STRING, SERVER_STRING, configured
from flows.runtime.proxies import is_here
from tasks.core.errors import UserError
from tasks.core.masking import masked

TIMEOUT_SECONDS = 5.0
REFUSED = (401, 403)
"""HTTP states of a server that wants other credentials."""


def request(url: str, body: object = None, *, timeout_seconds: float = 30) -> Any:
    """GET, or POST if there is a body; loopback bypasses proxies, which would connect to their own host.

    Raises:
        OSError: nothing answers, or it answers with an HTTP error.
        ValueError: no such address, or what answers speaks no HTTP or no JSON.
    """
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json", **credentials()}
    opener = urllib.request.build_opener(*[urllib.request.ProxyHandler({})] * is_here(url))
    try:
        with opener.open(urllib.request.Request(url, data, headers), timeout=timeout_seconds) as response:
            return json.loads(response.read() or b"null")
    except HTTPException as error:
        if isinstance(error, OSError):  # the connection was closed
            raise
        raise ValueError(f"expected HTTP of {masked(url)}, received something else: {error}") from None


def credentials() -> dict[str, str]:
    """The header that Prefect's client sends for the settings of an authentication string or of a key."""
    string, key = configured(CLIENT_STRING), configured("PREFECT_API_KEY")
    if key and not string:
        return {"Authorization": f"Bearer {key}"}
    string = string or configured(SERVER_STRING)
    return {"Authorization": f"Basic {base64.b64encode(string.encode()).decode()}"} if string else {}


def answers(url: str) -> bool:
    """Whether the API at this address answers that it is healthy."""
    try:
        return request(f"{url}/health", timeout_seconds=TIMEOUT_SECONDS) is True
    except (OSError, ValueError):
        return False


def is_there(url: str) -> bool:
    """Whether a server answers at all, also one that refuses access."""
    try:
        return bool(request(f"{url}/health", timeout_seconds=TIMEOUT_SECONDS))
    except urllib.error.HTTPError as error:
        error.close()
        return error.code < 500
    except (OSError, ValueError):
        return False


def check_api(url: str) -> None:
    """Check the configured server.

    Raises:
        UserError: nothing answers at the address, something else than Prefect's API, or it refuses access.
    """
    unset = "or unset the variable to use a local one"
    if not _is_address(url):
        expected = "expected an address as in http://127.0.0.1:4200/api"
        raise UserError(f"PREFECT_API_URL: {expected}, received {masked(url)!r} (mend it, {unset})")
    try:
        healthy = request(f"{url}/health", timeout_seconds=TIMEOUT_SECONDS)
        if healthy is True and (status := _refusal(url)):
            raise UserError(f"PREFECT_API_URL: {_refused(url, status)}")
    except urllib.error.HTTPError as error:
        error.close()
        if error.code in REFUSED:
            raise UserError(f"PREFECT_API_URL: {_refused(url, error.code)}") from None
        healthy = f"HTTP status {error.code}"
    except ValueError:
        healthy = "a page that is no API"
    except OSError:
        expected = "expected a Prefect server that answers"
        raise UserError(
            f"PREFECT_API_URL: {expected}, received none at {masked(url)} (start it, {unset})"
        ) from None
    if healthy is not True:
        expected = "expected the address of a Prefect API, which ends in /api"
        raise UserError(
            f"PREFECT_API_URL: {expected}, received {masked(url)}, which gives {healthy} (mend it, {unset})"
        )


def _is_address(url: str) -> bool:
    """Whether it has a scheme, a host and, if any, a port of HTTP, and no white space."""
    try:
        parts = urlsplit(url)
        port = parts.port  # raises ValueError for letters and above 65535
    except ValueError:
        return False
    known = parts.scheme in ("http", "https") and bool(parts.hostname) and port != 0
    return known and not re.search(r"[\s\x00-\x20\x7f]", url)


def _refusal(url: str) -> int | None:
    """The HTTP status with which a healthy API refuses access; its health is told to everybody."""
    try:
        request(f"{url}/hello", timeout_seconds=TIMEOUT_SECONDS)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code if error.code in REFUSED else None
    except (OSError, ValueError):
        return None
    return None


def _refused(url: str, status: int) -> str:
    names = [name for name in (CLIENT_STRING, "PREFECT_API_KEY") if configured(name)]
    sent = (
        f"those of {names[0]}"
        if names
        else "none: neither PREFECT_API_KEY nor PREFECT_API_AUTH_STRING is set"
    )
    return f"expected credentials that {masked(url)} accepts, received {sent} (HTTP status {status})"
