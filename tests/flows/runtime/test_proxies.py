"""Proxies of the environment: loopback needs none, and one that Prefect cannot use is one message."""

import subprocess
import sys
from pathlib import Path
from urllib.request import getproxies_environment, proxy_bypass_environment

import pytest

from flows.runtime import proxies
from tasks.core.errors import UserError

ROOT = Path(__file__).resolve().parents[3]
HERE = "http://127.0.0.1:4200/api"
ELSEWHERE = "https://prefect.example.org/api"


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"no_proxy": "example.org"},
        {"NO_PROXY": "example.org, localhost"},
        {"no_proxy": "", "NO_PROXY": "example.org"},
        {"http_proxy": "http://127.0.0.1:9", "NO_PROXY": "*.lan"},
        {"HTTP_PROXY": "http://127.0.0.1:9"},
        {"ALL_PROXY": "http://127.0.0.1:9", "NO_PROXY": "::1"},
        {"https_proxy": "http://127.0.0.1:9", "no_proxy": " , "},
    ],
)
def test_this_machine_is_reached_without_a_proxy(
    variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    proxies.bypass_for_loopback()
    found = getproxies_environment()
    assert all(proxy_bypass_environment(host, found) for host in proxies.LOOPBACK)
    listed = {
        host.strip() for value in variables.values() for host in value.split(",") if "http" not in value
    }
    assert listed - {""} <= set(found["no"].split(","))
    assert {name: value for name, value in found.items() if name != "no"} == {
        name.lower().removesuffix("_proxy"): value for name, value in variables.items() if "http" in value
    }


@pytest.mark.parametrize("variables", [{"NO_PROXY": "*"}, {"no_proxy": "*"}, {"NO_PROXY": "a.lan, *"}])
def test_no_proxy_for_any_host_stays_so(variables: dict[str, str]) -> None:
    variables = {**variables, "http_proxy": "http://127.0.0.1:9"}
    proxies.bypass_for_loopback(variables)
    hosts = [*proxies.LOOPBACK, "example.org"]
    assert all(proxy_bypass_environment(host, {"no": variables["no_proxy"]}) for host in hosts)
    assert variables["NO_PROXY"] == variables["no_proxy"]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST", "[::1]", "127.0.0.2", "127.255.1.9"])
def test_each_address_of_this_machine_needs_no_proxy(host: str) -> None:
    url = f"http://{host}:4200/api"
    assert proxies.is_here(url)
    variables = {"ALL_PROXY": "socks4://127.0.0.1:1080"}
    proxies.bypass_for_loopback(variables, url=url)
    assert host.strip("[]").lower() in variables["NO_PROXY"].split(",")
    proxies.drop_unusable(url, variables)
    assert "ALL_PROXY" not in variables


@pytest.mark.parametrize(
    "host", ["example.org", "10.0.0.1", "[2001:db8::1]", "localhost.example.org", "128.0.0.1"]
)
def test_no_other_address_is_of_this_machine(host: str) -> None:
    variables: dict[str, str] = {}
    url = f"http://{host}:4200/api"
    proxies.bypass_for_loopback(variables, url=url)
    assert not proxies.is_here(url)
    assert variables["no_proxy"] == ",".join(proxies.LOOPBACK)


@pytest.mark.parametrize("name", ["ALL_PROXY", "all_proxy", "http_proxy", "HTTPS_PROXY"])
@pytest.mark.parametrize("scheme", ["socks5", "socks5h", "SOCKS4"])
def test_a_socks_proxy_that_cannot_be_used_is_dropped_for_a_server_here_alone(name: str, scheme: str) -> None:
    variables = {name: f"{scheme}://127.0.0.1:1080", "https_proxy ": "kept"}
    for url in (HERE, None):
        remaining = dict(variables)
        proxies.drop_unusable(url, remaining)
        assert remaining == {"https_proxy ": "kept"}
    with pytest.raises(UserError, match=rf"^{name}: expected an HTTP proxy, or the package socksio"):
        proxies.drop_unusable(ELSEWHERE, dict(variables))


def test_an_http_proxy_stays_for_other_addresses() -> None:
    variables = {"http_proxy": "http://proxy:3128", "HTTPS_PROXY": "http://proxy:3128"}
    for url in (HERE, ELSEWHERE, None):
        remaining = dict(variables)
        proxies.drop_unusable(url, remaining)
        assert remaining == variables


@pytest.mark.parametrize(
    ("name", "value"), [("ALL_PROXY", "socks5://127.0.0.1:1080"), ("http_proxy", "http://127.0.0.1:9")]
)
def test_prefects_client_can_be_made(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    code = f"""
from flows.runtime import prefect_settings
prefect_settings.apply({HERE!r})
from prefect.client.orchestration import get_client
client = get_client(sync_client=True)
transport = client._client._transport_for_url(__import__("httpx").URL({HERE!r}))
assert transport is client._client._transport, "a proxy"
"""
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=60)
