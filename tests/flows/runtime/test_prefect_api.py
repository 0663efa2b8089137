"""A configured server: its address, credentials and profile, and one message where one is wrong."""

import base64
import json
import socket
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from flows.runtime import local_server, prefect_profile
from flows.runtime.prefect_api import answers, check_api, credentials, is_there
from tasks.core.errors import UserError

VARIABLES = (
    "PREFECT_API_URL", "PREFECT_API_KEY", "PREFECT_API_AUTH_STRING", "PREFECT_SERVER_API_AUTH_STRING",
    "PREFECT_PROFILE", "PREFECT_SERVER_API_BASE_PATH",
)  # fmt: skip


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path))
    return tmp_path


class Answering(BaseHTTPRequestHandler):
    """`/api/health` is true, `/locked/…` and all of `/guarded/…` but its health want the credentials a:b,
    `/broken/…` fails, all else is a page.
    """

    def do_GET(self) -> None:
        given, wanted = self.headers.get("Authorization"), f"Basic {base64.b64encode(b'a:b').decode()}"
        status, body = 200, "<!doctype html><title>Prefect</title>"
        locked = self.path.startswith(("/locked", "/guarded"))
        if self.path in ("/api/health", "/guarded/api/health") or (locked and given == wanted):
            body = json.dumps(True)
        elif locked:
            status, body = 401, json.dumps({"exception_message": "Unauthorized"})
        elif self.path.startswith("/broken"):
            status, body = 503, ""
        elif self.path.startswith("/missing"):
            status, body = 404, json.dumps({"detail": "Not Found"})
        elif self.path.startswith("/other"):
            body = json.dumps({"status": "ok"})
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    http = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    Thread(target=http.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{http.server_port}"
    http.shutdown()
    http.server_close()


def test_an_api_that_is_healthy_is_taken(server: str) -> None:
    check_api(f"{server}/api")
    assert answers(f"{server}/api")


@pytest.mark.parametrize(
    ("path", "expected", "received"),
    [
        (
            "",
            "expected the address of a Prefect API, which ends in /api",
            "which gives a page that is no API",
        ),
        ("/docs", "expected the address of a Prefect API", "a page that is no API"),
        ("/missing/api", "expected the address of a Prefect API", "HTTP status 404"),
        ("/broken/api", "expected the address of a Prefect API", "HTTP status 503"),
        ("/other/api", "expected the address of a Prefect API", "{'status': 'ok'}"),
        ("/locked/api", "expected credentials", "neither PREFECT_API_KEY nor PREFECT_API_AUTH_STRING is set"),
        ("/guarded/api", "expected credentials", "neither PREFECT_API_KEY nor PREFECT_API_AUTH_STRING"),
    ],
)
def test_another_address_is_one_message(server: str, path: str, expected: str, received: str) -> None:
    with pytest.raises(UserError) as caught:
        check_api(f"{server}{path}")
    assert str(caught.value).startswith("PREFECT_API_URL: " + expected)
    assert received in str(caught.value)
    assert f"{server}{path}" in str(caught.value)


def test_nobody_there_is_one_message() -> None:
    url = "http://127.0.0.1:9/api"
    with pytest.raises(UserError, match=r"^PREFECT_API_URL: expected a Prefect server that answers"):
        check_api(url)
    assert not is_there(url)


@pytest.mark.parametrize(
    "url",
    [
        *(
            "127.0.0.1:4200/api",
            "ftp//x",
            "ftp://x/api",
            "http://",
            "http:///api",
            "nonsense",
            "http://[::1/api",
        ),
        *("http://127.0.0.1:x/api", "http://127.0.0.1:99999/api", "http://127.0.0.1:9/a b/api"),
        "http://127.0.0.1:9/api\n",
    ],
)
def test_no_address_is_one_message(url: str) -> None:
    with pytest.raises(UserError, match=r"^PREFECT_API_URL: expected an address as in http://") as caught:
        check_api(url)
    assert "\n" not in str(caught.value)
    assert not is_there(url)
    assert not answers(url)


def test_a_server_that_speaks_no_http_is_one_message() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def greet() -> None:
            with suppress(OSError):  # closed at the end
                while True:
                    with listening.accept()[0] as connection:
                        connection.recv(1000)
                        connection.sendall(b"SSH-2.0-OpenSSH_9\r\n")

        Thread(target=greet, daemon=True).start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/api"
        with pytest.raises(UserError, match=r"^PREFECT_API_URL: expected the address of a Prefect API"):
            check_api(url)
        assert not answers(url)
        assert not is_there(url)


@pytest.mark.parametrize("path", ["/docs", "/locked/api", ":9/api"])
def test_a_password_in_the_address_is_not_shown(server: str, path: str) -> None:
    url = (
        f"{server.replace('//', '//ana:hunter2@')}{path}"
        if path[0] == "/"
        else f"http://a:hunter2@[::1]{path}"
    )
    with pytest.raises(UserError, match=r"\*\*\*@") as caught:
        check_api(url)
    assert "hunter2" not in str(caught.value)


def test_credentials_are_sent(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PREFECT_API_AUTH_STRING", "PREFECT_SERVER_API_AUTH_STRING"):
        with monkeypatch.context() as patch:
            patch.setenv(name, "a:b")
            check_api(f"{server}/locked/api")
            check_api(f"{server}/guarded/api")
    monkeypatch.setenv("PREFECT_API_AUTH_STRING", "a:wrong")
    with pytest.raises(UserError, match="received those of PREFECT_API_AUTH_STRING"):
        check_api(f"{server}/locked/api")
    assert is_there(f"{server}/locked/api")
    assert not answers(f"{server}/locked/api")


@pytest.mark.parametrize("string", ["a:b", "a:b:c", ":", "a:", "ä:ö€", "no colon", "a:b c", "x" * 500])
@pytest.mark.parametrize("name", ["PREFECT_API_AUTH_STRING", "PREFECT_SERVER_API_AUTH_STRING"])
def test_credentials_are_sent_as_prefects_client_sends_them(
    string: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, string)
    (sent,) = credentials().values()
    assert base64.b64decode(sent.removeprefix("Basic ")).decode() == string


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, {}),
        ({"PREFECT_API_AUTH_STRING": ""}, {}),
        ({"PREFECT_API_KEY": "k"}, {"Authorization": "Bearer k"}),
        ({"PREFECT_API_KEY": "k", "PREFECT_SERVER_API_AUTH_STRING": "a:b"}, {"Authorization": "Bearer k"}),
        ({"PREFECT_API_KEY": "k", "PREFECT_API_AUTH_STRING": "a:b"}, {"Authorization": "Basic YTpi"}),
    ],
)
def test_of_a_key_and_a_string_one_is_sent(
    variables: dict[str, str], expected: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert credentials() == expected


def test_credentials_of_the_profile_count(server: str, home: Path) -> None:
    url = f"{server}/locked/api"
    lines = ['active = "a"', "[profiles.a]", f'PREFECT_API_URL = "{url}/"', 'PREFECT_API_AUTH_STRING = "a:b"']
    (home / "profiles.toml").write_text("\n".join(lines))
    assert local_server.ensure(lambda text: None) == url


@pytest.mark.parametrize(
    "content",
    [
        "not TOML",
        "active = [",
        'active = "a"\nprofiles = 3',
        'active = "a"\n[profiles]\na = 3',
        b"\xff\xfe",
        "\0",
        '\ufeffactive = "local"',  # as some editors begin a file
        "active = 3",
        'active = "a"\n[profiles.a]\n[profiles.a]',
        "active = " + "[" * 3000,
    ],
)
def test_a_broken_file_of_profiles_is_one_message_that_names_it(home: Path, content: str | bytes) -> None:
    file = home / "profiles.toml"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(UserError, match=f"^{file}: expected"):
        prefect_profile.configured_url()


def test_a_folder_in_place_of_the_file_of_profiles_is_named(home: Path) -> None:
    (home / "profiles.toml").mkdir()
    with pytest.raises(UserError, match=f"^{home / 'profiles.toml'}: expected a file of Prefect's profiles"):
        prefect_profile.configured_url()


@pytest.mark.parametrize(
    ("base", "url"),
    [
        *((None, "/api"), ("/x/api", "/x/api"), ("api/", "/api"), ("/podium", "/podium"), ("/a/b/", "/a/b")),
        *(("", "/api"), ("/", "")),
    ],
)
def test_the_local_server_is_asked_below_its_base_path(
    base: str | None, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if base is not None:
        monkeypatch.setenv("PREFECT_SERVER_API_BASE_PATH", base)
    assert local_server.api_url(4321) == f"http://127.0.0.1:4321{url}"
