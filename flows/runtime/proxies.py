"""Proxies of the environment: none for this machine's own addresses, and none that Prefect cannot use.

Prefect's client (httpx) reads `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy`, in capitals too. For a
SOCKS proxy it needs the package socksio, and raises without it also where the proxy would not be used. Other
programs of a run, which download weights, keep the proxies that they can use.
"""

import ipaddress
import os
from collections.abc import Mapping, MutableMapping
from importlib.util import find_spec
from urllib.parse import urlsplit

from tasks.core.errors import UserError
from tasks.core.masking import masked

LOOPBACK = ("127.0.0.1", "localhost", "::1")
_PROXIES = ("http_proxy", "https_proxy", "all_proxy")
_NONE = "no_proxy"


def is_here(url: str) -> bool:
    """Whether a URL is of this machine's own addresses, which are those of `localhost` and 127.x.x.x."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host in LOOPBACK


def bypass_for_loopback(variables: MutableMapping[str, str] | None = None, *, url: str | None = None) -> None:
    """Let this process and its children reach this machine without a proxy.

    Args:
        variables: changed in place; by default those of this process.
        url: of the server's API, whose host is added if it is one of this machine.
    """
    variables = os.environ if variables is None else variables
    listed = [host.strip() for name in (_NONE, _NONE.upper()) for host in variables.get(name, "").split(",")]
    own = [urlsplit(url).hostname or ""] if url and is_here(url) else []
    hosts = ",".join(dict.fromkeys(filter(None, [*listed, *LOOPBACK, *own])))
    if "*" in listed:  # no proxy for any host: a word of its own, which counts only alone
        hosts = "*"
    variables.update({_NONE: hosts, _NONE.upper(): hosts})


def drop_unusable(url: str | None, variables: MutableMapping[str, str] | None = None) -> None:
    """Unset SOCKS proxies that Prefect's client cannot use, if its server is on this machine.

    Args:
        url: of the server's API; None for a temporary server of this process.
        variables: changed in place; by default those of this process.

    Raises:
        UserError: the server is on another machine, and would be asked through such a proxy.
    """
    variables = os.environ if variables is None else variables
    unusable = [] if find_spec("socksio") else list(_of_socks(variables))
    for name in unusable:
        if url is not None and not is_here(url):
            expected = (
                "an HTTP proxy, or the package socksio, without which Prefect's client cannot use SOCKS"
            )
            raise UserError(f"{name}: expected {expected}, received {masked(variables[name])}")
        del variables[name]


def _of_socks(variables: Mapping[str, str]) -> list[str]:
    return [
        name
        for name, value in variables.items()
        if name.lower() in _PROXIES and value.lower().startswith("socks")
    ]
