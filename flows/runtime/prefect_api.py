"""Requests to a Prefect server, with the user's credentials and without importing Prefect."""

import base64
import json
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlsplit

from flows.runtime.prefect_settings import configured
from flows.runtime.proxies import LOOPBACK
from tasks.core.errors import UserError

TIMEOUT_SECONDS = 5.0
REFUSED = (401, 403)
"""HTTP states of a server that wants other credentials."""


def request(url: str, body: object = None, *, timeout_seconds: float = 30) -> Any:
    """GET, or POST if there is a body; loopback bypasses proxies, which would connect to their own host."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json", **_credentials()}
    local = urlsplit(url).hostname in LOOPBACK
    opener = urllib.request.build_opener(*[urllib.request.ProxyHandler({})] * local)
    with opener.open(urllib.request.Request(url, data, headers), timeout=timeout_seconds) as response:
        return json.loads(response.read() or b"null")


def _credentials() -> dict[str, str]:
    """The header that Prefect's client sends for the settings of a key or of an authentication string."""
    if key := configured("PREFECT_API_KEY"):
        return {"Authorization": f"Bearer {key}"}
    string = configured("PREFECT_API_AUTH_STRING") or configured("PREFECT_SERVER_API_AUTH_STRING")
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
    try:
        healthy = request(f"{url}/health", timeout_seconds=TIMEOUT_SECONDS)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code in REFUSED:
            raise UserError(f"PREFECT_API_URL: {_refused(url, error.code)}") from None
        healthy = f"HTTP status {error.code}"
    except ValueError:
        healthy = "a page that is no API" if urlsplit(url).scheme in ("http", "https") else "no such address"
    except OSError:
        expected = "expected a Prefect server that answers"
        raise UserError(f"PREFECT_API_URL: {expected}, received none at {url} (start it, {unset})") from None
    if healthy is not True:
        expected = "expected the address of a Prefect API, which ends in /api"
        raise UserError(
            f"PREFECT_API_URL: {expected}, received {url}, which gives {healthy} (mend it, {unset})"
        )


def _refused(url: str, status: int) -> str:
    names = [name for name in ("PREFECT_API_KEY", "PREFECT_API_AUTH_STRING") if configured(name)]
    sent = (
        f"those of {names[0]}"
        if names
        else "none: neither PREFECT_API_KEY nor PREFECT_API_AUTH_STRING is set"
    )
    return f"expected credentials that {url} accepts, received {sent} (HTTP status {status})"
