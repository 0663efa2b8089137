"""Where a server's pages are."""

import pytest

from flows.runtime.prefect_profile import BASE_PATH, page_of


@pytest.mark.parametrize(
    ("base", "url", "page"),
    [
        ("", "http://127.0.0.1:4200/api", "http://127.0.0.1:4200"),
        ("/api", "http://127.0.0.1:4200/api", "http://127.0.0.1:4200"),
        ("/x/api", "http://127.0.0.1:4200/x/api", "http://127.0.0.1:4200"),
        ("x/y/", "http://127.0.0.1:4200/x/y", "http://127.0.0.1:4200"),
        ("/x/api", "https://host/prefect/api", "https://host/prefect"),
    ],
)
def test_pages_are_at_the_root_or_beside_the_api(
    monkeypatch: pytest.MonkeyPatch, base: str, url: str, page: str
) -> None:
    monkeypatch.setenv(BASE_PATH, base)
    assert page_of(url) == page
